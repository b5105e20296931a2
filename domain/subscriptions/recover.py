"""Coming back once nothing is owed any more: renewals go on, or a cancellation that was asked for before holds."""

from domain.db import Tx
from domain.subscriptions.lifecycle import SUBSCRIPTION
from domain.subscriptions.store import move, schedule_renewal
from domain.subscriptions.subscription import Subscription, subscription


async def recover_subscription(tx: Tx, of: Subscription) -> None:
    """Makes a subscription that was behind active again; one that ends later still ends on its day."""
    if not SUBSCRIPTION.allows(of.state.name, "recover"):
        return
    await move(tx, of, "recover")
    if of.cancel_at is None:
        await schedule_renewal(tx, of, of.period.end)
    elif tx.now < of.cancel_at:
        await move(tx, await subscription(tx, tx.customer, of.id), "schedule_cancel")
