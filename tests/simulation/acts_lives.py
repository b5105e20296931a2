"""What a subscription lives through between its start and its end: seats, pauses, cancellations and second thoughts."""

from datetime import timedelta

from domain.actor import Grant
from domain.ids import SubscriptionId
from domain.refusals import RefusalCode as No
from domain.subscriptions.cancel import (
    CancelAt,
    CancelSubscription,
    ReactivateSubscription,
    cancel_subscription,
    reactivate_subscription,
)
from domain.subscriptions.cancel_scheduled import CancelScheduledChange, cancel_scheduled_change
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.pause import PauseSubscription, ResumeSubscription, pause_subscription, resume_subscription
from domain.subscriptions.policy import Unused
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.facts import Row
from tests.simulation.town import Patron, Town

PAUSES = (timedelta(hours=3), timedelta(days=9), timedelta(days=45))  # within a period, and beyond the end of most


def _one_in(town: Town, *states: str) -> tuple[Row, Patron, SubscriptionId] | None:
    """Mostly a subscription in one of the states, sometimes any."""
    rows = town.facts.rows["subscription"]
    fitting = [row for row in rows if row["state"] in states]
    chosen = fitting if fitting and town.chance.random() < 0.9 else rows
    if not chosen or (not fitting and town.chance.random() < 0.8):
        return None
    row = town.chance.choice(chosen)
    patron = town.patron_of(row["customer_id"])
    return row, patron, SubscriptionId(patron.id.shard, row["id"])


def seats(town: Town) -> Act | None:
    """A customer wants more seats or fewer, as many as it has, or none."""
    found = _one_in(town, "active", "trialing")
    if found is None:
        return None
    row, patron, id = found
    wanted = max(0, row["quantity"] + town.chance.choice((1, 2, 5, 5, -1, -1, -3, 0)))
    seen = row["version"] if town.chance.random() < 0.3 else None
    town.note(f"{row['quantity']} -> {wanted} for {patron}")
    may = (
        No.STATE_CONFLICT,
        No.CHANGE_PENDING,
        No.PAYMENT_METHOD_REQUIRED,
        No.PAYMENT_IN_PROGRESS,
        *((No.INVALID_INPUT,) if not wanted or town.catalog.offer(row["price_id"]).flat else ()),
    )

    async def act() -> None:
        command = ChangeQuantity(id, wanted, version=seen)
        await town.call("seats", change_quantity, patron.actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def cancel(town: Town) -> Act | None:
    """A customer leaves, mostly at the end of what was paid for, or at once."""
    found = _one_in(town, "active", "trialing", "paused", "past_due", "incomplete", "pending_cancellation")
    if found is None:
        return None
    row, patron, id = found
    at = town.chance.choice((CancelAt.PERIOD_END, CancelAt.PERIOD_END, CancelAt.NOW, CancelAt.NOW))
    unused = town.chance.choice((None, None, *Unused)) if at is CancelAt.NOW else None
    actor = town.staff(Grant.LEAD) if unused else patron.actor
    town.note(f"{row['state']} of {patron} at {at.value}, unused time {unused}")

    async def act() -> None:
        command, may = CancelSubscription(id, at, unused=unused), (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS)
        await town.call("cancel", cancel_subscription, actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def reactivate(town: Town) -> Act | None:
    """A customer that has cancelled stays after all."""
    found = _one_in(town, "pending_cancellation")
    if found is None:
        return None
    _, patron, id = found

    async def act() -> None:
        command = ReactivateSubscription(id)
        await town.call(
            "reactivate", reactivate_subscription, patron.actor, patron.id, command, may=[No.STATE_CONFLICT]
        )
        await prompt(town, patron)

    return act()


def pause(town: Town) -> Act | None:
    """A customer pauses for some time, or until it says so."""
    found = _one_in(town, "active")
    if found is None:
        return None
    _, patron, id = found
    by = town.chance.choice((None, *PAUSES))
    town.note(f"{patron} for {by}")

    async def act() -> None:
        command = PauseSubscription(id, town.now_of(patron) + by if by else None)
        may = (No.STATE_CONFLICT, No.CHANGE_PENDING)
        await town.call("pause", pause_subscription, patron.actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def resume(town: Town) -> Act | None:
    """A customer ends its pause."""
    found = _one_in(town, "paused")
    if found is None:
        return None
    _, patron, id = found

    async def act() -> None:
        command, may = ResumeSubscription(id), (No.STATE_CONFLICT, No.PAYMENT_METHOD_REQUIRED, No.NO_PRICE)
        await town.call("resume", resume_subscription, patron.actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def unschedule(town: Town) -> Act | None:
    """A customer takes back what it planned for the next period."""
    planned = [row for row in town.facts.rows["subscription"] if row["next_price_id"] or row["next_quantity"]]
    if not planned:
        return None
    row = town.chance.choice(planned)
    patron = town.patron_of(row["customer_id"])

    async def act() -> None:
        command = CancelScheduledChange(SubscriptionId(patron.id.shard, row["id"]))
        may = [No.STATE_CONFLICT]
        await town.call("unschedule", cancel_scheduled_change, patron.actor, patron.id, command, may=may)
        await prompt(town, patron)

    return act()
