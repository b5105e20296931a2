"""Between paying and owing: falling behind, coming back once nothing is owed, leaving a pause while something is."""

from domain import due
from domain.db import Tx
from domain.ids import SubscriptionId
from domain.machine import State
from domain.subscriptions.lifecycle import RESUME, SUBSCRIPTION
from domain.subscriptions.store import Pause, move, pause_left, schedule_renewal
from domain.subscriptions.subscription import Subscription, subscription


async def recover_subscription(tx: Tx, of: Subscription) -> None:
    """Makes a subscription that was behind active again; one that ends later still ends on its day, and one that was
    suspended in its pause goes on with that: the time of the pause is not billed."""
    if not SUBSCRIPTION.allows(of.state.name, "recover"):
        return
    await move(tx, of, "recover")
    if of.cancel_at is not None:
        if tx.now < of.cancel_at:
            await move(tx, await subscription(tx, tx.customer, of.id), "schedule_cancel")
    elif (pause := await pause_left(tx, of)) is not None:
        await _pause_again(tx, await subscription(tx, tx.customer, of.id), pause)
    else:
        await schedule_renewal(tx, of, of.period.end)


async def _pause_again(tx: Tx, of: Subscription, pause: Pause) -> None:
    """Whose day to come back has passed in the suspension comes back now."""
    await move(tx, of, "pause", pause=pause)
    if pause.resumes_at is not None:
        await due.schedule(tx, RESUME, of.id.uuid, max(pause.resumes_at, tx.now))


async def fall_behind(tx: Tx, id: SubscriptionId) -> None:
    """Puts it where an unpaid invoice of its own puts it. A pause holds on, also one that was cancelled since: to be
    behind gives access, which a pause may not, and lasts longer than what was paid for."""
    of = await subscription(tx, tx.customer, id)
    is_paused = of.state.name == "pending_cancellation" and await pause_left(tx, of) is not None
    if SUBSCRIPTION.allows(of.state.name, "payment_failed") and not is_paused:
        await move(tx, of, "payment_failed")


async def collected(tx: Tx, of: Subscription) -> frozenset[str]:
    """The states of the cases of its invoices that are not over."""
    rows = await tx.fetch(
        """SELECT DISTINCT state FROM dunning_case
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3
              AND state IN ('retrying', 'grace', 'suspended')""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    return frozenset(row["state"] for row in rows)


async def come_back(tx: Tx, of: Subscription, cases: frozenset[str]) -> State:
    """Ends a pause: active, or behind where cases were opened in it."""
    state = await move(tx, of, "resume")
    steps = [*(["payment_failed"] if cases else ()), *(["retries_exhausted"] if "grace" in cases else ())]
    for event in steps:
        state = await move(tx, await subscription(tx, tx.customer, of.id), event)
    return state
