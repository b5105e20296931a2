"""Cancelling, at the end of what was paid for or at once, the unused time treated by policy; and taking it back."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from domain import due
from domain.actor import STAFF, Grant
from domain.db import Tx
from domain.ids import SubscriptionId
from domain.invoices.line import live_charge
from domain.machine import State
from domain.money import Money
from domain.operation import operation
from domain.payments.give_back_unused import How, give_back_unused
from domain.payments.take_invoice_back import take_invoice_back
from domain.payments.under_way import is_being_paid
from domain.period import pin
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.sagas.begin import Begun, begin_saga
from domain.sagas.definition import SagaKind
from domain.subscriptions.binding import require_version
from domain.subscriptions.expire import first_invoice
from domain.subscriptions.lifecycle import END, ENDED, REMIND, RENEW, RESUME, SUBSCRIPTION
from domain.subscriptions.lines import unused_of
from domain.subscriptions.policy import Unused, subscription_policy
from domain.subscriptions.retention_answer import CancelReason, offer_to, store_answer
from domain.subscriptions.store import Pause, forget_planned, move, pause_left, schedule_renewal, store_end
from domain.subscriptions.subscription import Subscription, SubscriptionStands, subscription
from domain.subscriptions.trial import schedule_reminder
from domain.subscriptions.unbilled import drop_unbilled, drop_unpaid_change
from domain.wire import added

CANCELLERS = frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN})


class CancelAt(Enum):
    """When a subscription ends."""

    PERIOD_END = "period_end"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class CancelSubscription:
    """End a subscription; ``version`` is the one of it that the caller has seen.

    ``unused`` is what staff decide about unused time where it ends at once; None: what the tenant's policy says.
    ``reason`` is the customer's own, where it gave one.
    """

    subscription: SubscriptionId
    at: CancelAt
    version: int | None = None
    unused: Unused | None = None
    reason: CancelReason | None = added(None)


@dataclass(frozen=True, slots=True)
class Canceling:
    """Where the subscription stands, when it ends or ended, and what was given back by a credit note."""

    subscription: SubscriptionId
    state: str
    ends_at: datetime
    given_back: Money | None = None


@operation("subscriptions.cancel", allowed=CANCELLERS, moves_money=True, function=PortalFunction.CANCEL)
async def cancel_subscription(tx: Tx, command: CancelSubscription) -> Canceling:
    """STATE_CONFLICT for one that has ended or ends already, for another version than the caller has seen, and for the
    end of a period that is not paid; PAYMENT_IN_PROGRESS while the first payment may still succeed."""
    of = await subscription(tx, tx.customer, command.subscription)
    require_version(of, command.version)
    if command.unused is not None and not tx.actor.grants & STAFF:
        raise Refused(RefusalCode.FORBIDDEN, "What becomes of unused time is for the staff to choose.", ("unused",))
    if of.state.name in ENDED:
        message = "The subscription has ended already."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    await _remember(tx, of, command.reason)
    if command.at is CancelAt.NOW or (of.state.name == "paused" and of.period.end <= tx.now):
        return await end_now(tx, of, command.unused or (await subscription_policy(tx, of.tenant)).cancel_now)
    return await _at_period_end(tx, of)


async def _remember(tx: Tx, of: Subscription, reason: CancelReason | None) -> None:
    """Why it is cancelled, and what was offered in vain; nothing where there is neither, or the house does it, which
    asked nobody."""
    if Grant.SYSTEM in tx.actor.grants:
        return
    offered = await offer_to(tx, of)
    if reason is not None or offered is not None:
        await store_answer(tx, of, reason, offered[1] if offered else (), None)


async def _at_period_end(tx: Tx, of: Subscription) -> Canceling:
    """The paid period is never cut short: it ends where it would have been renewed."""
    if of.cancel_at is not None:
        message = "The subscription is cancelled already."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    if not SUBSCRIPTION.allows(of.state.name, "schedule_cancel"):
        message = f"A subscription that is {of.state.name} has no paid period to end with: cancel it now."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    ends_at = of.period.end
    await store_end(tx, of, ends_at)
    state = await move(tx, of, "schedule_cancel")
    await forget_planned(tx, of)
    for kind in (RENEW, REMIND):  # a day to come back holds on: the pause may be gone on with
        await due.finish(tx, kind, of.id.uuid)
    return Canceling(of.id, state.name, ends_at)


async def end_now(tx: Tx, of: Subscription, unused: Unused) -> Canceling:
    """Ends the subscription at this instant; PAYMENT_IN_PROGRESS while its first payment may still succeed."""
    if of.state.name == "incomplete":
        await _void_first(tx, of)
    await drop_unpaid_change(tx, of)
    await drop_unbilled(tx, of)
    at = pin(tx.now)
    given_back = await _give_back(tx, of, at, unused)
    state = await move(tx, of, "cancel", ended_at=at)
    return Canceling(of.id, state.name, at, given_back)


async def _give_back(tx: Tx, of: Subscription, at: datetime, unused: Unused) -> Money | None:
    """What is unused of the running period's charge: first what is owed of it is lowered, the rest given back."""
    live = await live_charge(tx, tx.customer, of.id, at)
    if unused is Unused.NONE or live is None or live.line.starts_at < of.period.start:
        return None
    worked_out = unused_of(live, of.time_zone, at)
    if worked_out is None or worked_out[0].minor == 0:
        return None
    note = await give_back_unused(tx, live, at, How(unused.value), "Unused time of a cancellation", worked_out)
    if note is not None and note.split.refunded.minor:
        begun = Begun(SagaKind.REFUND_AND_CANCEL, of.id, note.split.refunded, note.invoice, note.credit_note)
        await begin_saga(tx, begun)
    return note.total if note else None


async def _void_first(tx: Tx, of: Subscription) -> None:
    first = await first_invoice(tx, of)
    if first.state.name == "paid" or await is_being_paid(tx, first):
        message = "The first payment may still succeed; its outcome will be known first."
        raise Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, ("subscriptionId",))
    if first.state.name == "open":
        await take_invoice_back(tx, first)


@dataclass(frozen=True, slots=True)
class ReactivateSubscription:
    """Take back a cancellation whose day has not come."""

    subscription: SubscriptionId


@operation("subscriptions.reactivate", allowed=CANCELLERS, begins=True)
async def reactivate_subscription(tx: Tx, command: ReactivateSubscription) -> SubscriptionStands:
    """Goes on as if it had not been cancelled, in its pause where it was in one; STATE_CONFLICT for one that is not
    cancelled or has ended."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.cancel_at is None or of.ended_at is not None or tx.now >= of.cancel_at:
        message = "Only a cancellation whose day has not come can be taken back."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    state = of.state
    if of.state.name == "pending_cancellation" and (pause := await pause_left(tx, of)) is not None:
        state = await _pause_again(tx, of, pause)
    elif of.state.name == "pending_cancellation":
        on_trial = of.trial_end is not None and of.trial_end == of.period.end
        state = await move(tx, of, "reactivate_trial" if on_trial else "reactivate")
        await schedule_renewal(tx, of, of.period.end)
        if on_trial:
            await schedule_reminder(tx, of.id, of.period.end)
    await store_end(tx, of, None)
    tx.emit("subscription.reactivated", subscription=of.id)
    return SubscriptionStands(of.id, state.name)


async def _pause_again(tx: Tx, of: Subscription, before: Pause) -> State:
    """Whose day to come back has passed meanwhile comes back when it says so: nobody is billed for want of a word."""
    resumes = await due.find(tx, tx.customer, RESUME, of.id.uuid)
    await move(tx, of, "reactivate")
    again = replace(before, resumes_at=resumes.due_at if resumes else None)
    return await move(tx, await subscription(tx, tx.customer, of.id), "pause", pause=again)


@dataclass(frozen=True, slots=True)
class EndSubscription:
    """A cancelled subscription whose day has come."""

    subscription: SubscriptionId


@operation("subscriptions.end", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def end_subscription(tx: Tx, command: EndSubscription) -> SubscriptionStands:
    """Ends it on its day, whatever became of its payments meanwhile; before it, or taken back, nothing happens."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.cancel_at is None or of.state.name in ENDED:
        await due.finish(tx, END, of.id.uuid)
        return SubscriptionStands(of.id, of.state.name)
    if tx.now < of.cancel_at:
        await due.schedule(tx, END, of.id.uuid, of.cancel_at)
        return SubscriptionStands(of.id, of.state.name)
    await drop_unpaid_change(tx, of)
    state = await move(tx, of, "cancel", ended_at=of.cancel_at)
    return SubscriptionStands(of.id, state.name)
