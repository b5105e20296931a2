"""The relay: a customer's events, one after the other, each performed as the operation of the area it concerns.

An effect commits before its event is deleted; a second delivery finds the first under the event's own key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from domain import dead_letter, outbox
from domain.correlation import under
from domain.dunning.case import Ended
from domain.dunning.end_case import RecoverCase, recover
from domain.dunning.failed_change import DropFailedChange, drop_failed_change
from domain.dunning.open_case import PaymentFailed, payment_failed
from domain.dunning.retry_payment import MethodAdded, method_added
from domain.dunning.stop_case import StopCases, stop_cases
from domain.ids import CustomerId, InvoiceId, PaymentId, RefundId, SubscriptionId, uuid7
from domain.notices.kind import TOLD
from domain.outbox import Event, Turn
from domain.payments.attempt import attempt
from domain.payments.attempt_refund import attempt_refund
from domain.payments.payment import OFFLINE, payment
from domain.payments.refund import refund
from domain.perform import perform
from domain.points import reached
from domain.reactions.dispute_work import dispute_asked, dispute_lost, payment_freed
from domain.reactions.event_kinds import TOLD_OR_QUIET
from domain.reactions.house import TRIES, House, backoff, cause_of, follows, log_failure
from domain.reactions.notices import tell_of, told_kinds
from domain.reactions.sagas import about_given_up, hear, resumed
from domain.refusals import Refused
from domain.sagas.definition import LISTENED
from domain.subscriptions.invoice_paid import InvoicePaid, invoice_paid
from domain.tracing import span
from domain.webhooks.publish import publish

LEASE = timedelta(seconds=30)  # above one provider call; a drainer that died is replaced within half a minute
MAX_EVENTS = 1000  # one drain's share; the rest is the next sweep's

# What an event about an invoice says of how it was closed.
CLOSING = {
    "invoice.paid": Ended.PAID,
    "invoice.credited": Ended.CREDITED,
    "invoice.voided": Ended.VOIDED,
    "invoice.written_off": Ended.WRITTEN_OFF,
}


async def _invoice_paid(house: House, event: Event) -> None:
    """An invoice that a credit note closed was paid to its subscription, but not to its dunning case."""
    id = InvoiceId.parse(event.body["invoice"])
    if subscription := event.body.get("subscription"):
        command = InvoicePaid(SubscriptionId.parse(subscription), id)
        await perform(house.db, invoice_paid, house.actor, event.customer, command, f"{event.key}:subscription")
    else:
        dropped = DropFailedChange(id)
        await perform(house.db, drop_failed_change, house.actor, event.customer, dropped, f"{event.key}:change")
    await _invoice_closed(house, event)


async def _invoice_on_account(house: House, event: Event) -> None:
    """A subscription does not wait for an invoice that the customer has time to pay: it goes on as if it were paid."""
    if subscription := event.body.get("subscription"):
        command = InvoicePaid(SubscriptionId.parse(subscription), InvoiceId.parse(event.body["invoice"]))
        await perform(house.db, invoice_paid, house.actor, event.customer, command, f"{event.key}:subscription")


async def _invoice_closed(house: House, event: Event) -> None:
    command = RecoverCase(InvoiceId.parse(event.body["invoice"]), CLOSING[event.kind])
    await perform(house.db, recover, house.actor, event.customer, command, f"{event.key}:dunning")


async def _subscription_canceled(house: House, event: Event) -> None:
    command = StopCases(SubscriptionId.parse(event.body["subscription"]))
    await perform(house.db, stop_cases, house.actor, event.customer, command, event.key)


async def _payment_begun(house: House, event: Event) -> None:
    id = PaymentId.parse(event.body["payment"])
    known = await payment(house.db.primary, event.customer, id)
    await attempt(house.db, house.gateway(known.provider_account), house.actor, event.customer, id)


async def _payment_failed(house: House, event: Event) -> None:
    of = event.body.get("payment")
    command = PaymentFailed(InvoiceId.parse(event.body["invoice"]), PaymentId.parse(of) if of else None)
    await perform(house.db, payment_failed, house.actor, event.customer, command, event.key)


async def _method_stored(house: House, event: Event) -> None:
    await perform(house.db, method_added, house.actor, event.customer, MethodAdded(event.number), event.key)


async def _methods_ordered(house: House, event: Event) -> None:
    """What is owed is tried on a new default at once; the same one in front again is not a reason to try."""
    if event.body["default"] != event.body.get("before"):
        await _method_stored(house, event)


async def _refund_requested(house: House, event: Event) -> None:
    id = RefundId.parse(event.body["refund"])
    of = await refund(house.db.primary, event.customer, id)
    paid = await payment(house.db.primary, event.customer, of.payment)
    if paid.kind != OFFLINE:
        await attempt_refund(house.db, house.gateway(paid.provider_account), house.actor, event.customer, id)


CONSUMERS: dict[str, Callable[[House, Event], Awaitable[None]]] = {
    "invoice.paid": _invoice_paid,
    "invoice.credited": _invoice_paid,
    "invoice.on_account": _invoice_on_account,
    "invoice.voided": _invoice_closed,
    "invoice.written_off": _invoice_closed,
    "payment.begun": _payment_begun,
    "payment.asked": _payment_begun,
    "payment.failed": _payment_failed,
    "payment.barred": _payment_failed,
    "payment.missing": _payment_failed,
    "payment.short": _payment_failed,
    "method.stored": _method_stored,
    "methods.ordered": _methods_ordered,
    "refund.requested": _refund_requested,
    "dispute.asked": dispute_asked,
    "dispute.lost": dispute_lost,
    "payment.freed": payment_freed,
    "subscription.canceled": _subscription_canceled,
    "saga.resumed": resumed,
}
KNOWN: Final = frozenset({*CONSUMERS, *LISTENED, *TOLD_OR_QUIET})  # an event of any other kind is left to newer code


def consumed_kinds(house: House) -> list[str]:
    """The kinds of events of which something follows in this house."""
    return list({*CONSUMERS, *LISTENED, *told_kinds(house)})


async def consume(house: House, event: Event) -> None:
    """Performs what follows from the event, each part under a key of its own."""
    await publish(house.db, event)
    if consumer := CONSUMERS.get(event.kind):
        await consumer(house, event)
    await hear(house, event)
    await tell_of(house, event)


@dataclass(frozen=True, slots=True)
class Drained:
    """How many events were done, and whether none was left then; one that waits for its next try is one that is left.
    Where ``empty`` is False somebody else may have done the rest since."""

    done: int
    empty: bool


async def drain(house: House, customer: CustomerId) -> int:
    """Performs the customer's events in order until none is left, one fails or is unknown, or another drains.

    Returns how many were done. Safe to call from anywhere at any time.
    """
    return (await drained(house, customer)).done


async def drained(house: House, customer: CustomerId) -> Drained:
    """The same, and whether nothing is left. Events of which nothing follows go first and by one statement: most
    operations have no others."""
    passed = await outbox.pass_over_first(house.db.marks, customer, _idle_kinds(house.mail is not None))
    if passed.empty:
        house.herald(customer)
        return Drained(passed.count, True)
    return await _drained_under_lease(house, customer, passed.count)


@cache
def _idle_kinds(mails: bool) -> list[str]:
    """The kinds of events of which nothing follows in a house, whoever hears of them."""
    return sorted(KNOWN.difference(CONSUMERS, LISTENED, TOLD if mails else ()))


async def _drained_under_lease(house: House, customer: CustomerId, done: int) -> Drained:
    db, now = house.db, house.db.clock.now()
    holder = uuid7(now, db.entropy(10))
    if not await outbox.take_lease(db.marks, customer, holder, now, now + LEASE):
        return Drained(done, False)
    house.herald(customer)
    turn, most = Turn(True, None, False), done + MAX_EVENTS
    try:
        turn = Turn(True, await outbox.next_event(db.primary, customer, now), False)
        while (event := turn.event) is not None and done < most:
            if event.kind not in KNOWN or not await _consumed(house, event):
                break
            reached("relay.consumed")
            now = db.clock.now()
            turn = await outbox.finish(db.marks, event, holder, now, now + LEASE)
            reached("relay.deleted")
            done += 1
            house.herald(customer)
            if not turn.held:
                break
    finally:
        if turn.held:
            await outbox.give_lease_back(db.marks, customer, holder)
    return Drained(done, turn.empty)


async def _consumed(house: House, event: Event) -> bool:
    """Whether the event is done with: performed, or buried after its last try."""
    with under(event.request_id), span(f"event {event.kind}"):
        return await _consumed_under(follows(house, event.request_id), event)


async def _consumed_under(house: House, event: Event) -> bool:
    try:
        await consume(house, event)
    except Exception as error:
        error_id = log_failure(house, f"event {event.kind}", error)
        if event.attempts + 1 < TRIES or (isinstance(error, Refused) and error.retryable):
            await outbox.put_back(house.db.marks, event, house.db.clock.now() + backoff(min(event.attempts, TRIES)))
            return False
        await dead_letter.bury(house.db, event, cause_of(error), error_id)
        await about_given_up(house, event, cause_of(error))
    return True
