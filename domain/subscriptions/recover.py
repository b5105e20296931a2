"""Between paying and owing: coming back once nothing is owed any more, and coming out of a pause while something is."""

from domain import due
from domain.db import Tx
from domain.subscriptions.lifecycle import RESUME, SUBSCRIPTION
from domain.subscriptions.store import Pause, move, pause_before, schedule_renewal
from domain.subscriptions.subscription import Subscription, subscription


async def recover_subscription(tx: Tx, of: Subscription) -> None:
    """Makes a subscription that was behind active again; one that ends later still ends on its day, and one that was
    suspended in its pause goes on with that: the time of the pause is not billed."""
    if not SUBSCRIPTION.allows(of.state.name, "recover"):
        return
    pause = await pause_before(tx, of) if of.state.name == "suspended" else None
    await move(tx, of, "recover")
    if pause is not None:
        await _pause_again(tx, await subscription(tx, tx.customer, of.id), pause)
    elif of.cancel_at is None:
        await schedule_renewal(tx, of, of.period.end)
    elif tx.now < of.cancel_at:
        await move(tx, await subscription(tx, tx.customer, of.id), "schedule_cancel")


async def _pause_again(tx: Tx, of: Subscription, pause: Pause) -> None:
    """Whose day to come back has passed in the suspension comes back now."""
    await move(tx, of, "pause", pause=pause)
    if pause.resumes_at is not None:
        await due.schedule(tx, RESUME, of.id.uuid, max(pause.resumes_at, tx.now))


async def fall_behind(tx: Tx, of: Subscription) -> Subscription:
    """Puts one that comes out of its pause where the cases of its invoices are that were opened meanwhile."""
    rows = await tx.fetch(
        """SELECT DISTINCT state FROM dunning_case
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND state IN ('retrying', 'grace')""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    if rows:
        await move(tx, of, "payment_failed")
        of = await subscription(tx, tx.customer, of.id)
    if "grace" in {row["state"] for row in rows}:
        await move(tx, of, "retries_exhausted")
        of = await subscription(tx, tx.customer, of.id)
    return of
