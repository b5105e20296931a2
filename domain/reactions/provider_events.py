"""Stored provider events, each brought to the payment, refund or dispute it is about, in its object's order.

The key of the operation, not the inbox, is what makes it once; the inbox row is marked after the operation's commit.
"""

from collections.abc import Awaitable
from contextlib import ExitStack
from datetime import timedelta
from typing import Protocol

from domain import inbox
from domain.correlation import under
from domain.customers.customer import is_erased
from domain.fanout.provider_events import next_waiting, others_done
from domain.ids import CustomerId
from domain.inbox import PENDING, InboxEvent
from domain.payments.gateway import EventKind, MalformedEvent, ProviderEvent
from domain.points import reached
from domain.reactions.events import drain
from domain.reactions.exceptions import Contradiction, contradicted
from domain.reactions.house import LOG, TRIES, House, backoff, cause_of, follows, log_failure
from domain.reactions.provider_charges import NEWS as CHARGE_NEWS
from domain.reactions.provider_charges import behind_charge, take_charge
from domain.reactions.provider_disputes import NEWS as DISPUTE_NEWS
from domain.reactions.provider_disputes import take_dispute
from domain.reactions.provider_refunds import NEWS as REFUND_NEWS
from domain.reactions.provider_refunds import behind_refund, take_refund
from domain.reactions.provider_verdict import Misfit, Verdict
from domain.refusals import Refused
from domain.tracing import span

GAP_PATIENCE = timedelta(seconds=30)  # deliveries overtake each other by seconds; then the provider knows it all
LOOK_AGAIN = timedelta(seconds=2)  # the one before wakes this one; this is the net under a wake-up that was lost

_DONE = ("applied", "stale")  # what is dead may be taken in again, for which its body is read
MEANINGLESS = "a kind of event that means nothing to us"


class _Handler(Protocol):
    def __call__(self, house: House, event: InboxEvent, news: ProviderEvent, *, sure: bool) -> Awaitable[Verdict]: ...


async def _take_payout(house: House, event: InboxEvent, news: ProviderEvent, *, sure: bool) -> Verdict:
    """A payout moves money between the provider and the bank, nobody's payment: it is kept for who reconciles them."""
    return Verdict("apply", "kept; it moves no payment")


HANDLERS: dict[EventKind, _Handler] = {
    **dict.fromkeys(CHARGE_NEWS, take_charge),
    **dict.fromkeys(REFUND_NEWS, take_refund),
    EventKind.PAYOUT_PAID: _take_payout,
    **dict.fromkeys(DISPUTE_NEWS, take_dispute),
}


async def apply(house: House, key: str) -> str | None:
    """Takes a stored event as far as it goes now, and then those of its object that waited for it.

    Returns the event's state; None where it is done with, not due, or somebody else has it. Safe to call at any time.
    """
    first: str | None = None
    following: str | None = key
    while following is not None:
        event = await inbox.claim(house.db.marks, following, house.db.clock.now())
        if event is None:
            break
        state = await _taken(house, event)
        first, following = first or state, None
        if state not in PENDING and event.object_ref:
            following = await next_waiting(house.db.primary, event)
        if following is not None:
            await inbox.make_due(house.db.marks, following, house.db.clock.now())
    return first


async def _taken(house: House, event: InboxEvent) -> str:
    """One event, looked at once; returns the state it has afterwards."""
    with ExitStack() as following:
        try:
            verdict = await _verdict(house, event, following)
        except Exception as error:
            return await _failed(house, event, error)
        LOG.info("provider event", extra={"event_key": event.key, "kind": event.kind, "verdict": verdict.move})
        reached("inbox.applied")
        error_id = _log_burial(house, event, verdict) if verdict.move == "bury" else None
    due_at = house.db.clock.now() + verdict.after
    state = await inbox.move(house.db.marks, event, verdict.move, due_at, cause=verdict.cause, error_id=error_id)
    if verdict.customer is not None:
        if state in _DONE and await is_erased(house.db.primary, verdict.customer):
            await inbox.forget_body(house.db.marks, event.key)
        await drain(house, verdict.customer)
    return state


async def _verdict(house: House, event: InboxEvent, following: ExitStack) -> Verdict:
    """A case that cannot be opened is a failed try of the event, like any other."""
    try:
        return await _judged(house, event, following)
    except Contradiction as misfit:
        await contradicted(house, event.key, misfit)
        return Verdict("bury", str(misfit), misfit.customer)
    except (Misfit, MalformedEvent) as misfit:
        return Verdict("bury", str(misfit))


async def _judged(house: House, event: InboxEvent, following: ExitStack) -> Verdict:
    gateway = house.gateway(event.account)
    if event.kind == EventKind.UNRECOGNIZED:
        return Verdict("drop", MEANINGLESS)  # kept without its body
    headers, raw = await inbox.raw_of(house.db.primary, event)
    news = gateway.read_event(raw, headers)
    if news.kind is EventKind.UNRECOGNIZED:
        return Verdict("drop", MEANINGLESS)
    request = await behind_refund(house, news) if news.kind in REFUND_NEWS else behind_charge(news)
    following.enter_context(under(request))
    following.enter_context(span(f"provider event {news.kind.value}"))
    handler = HANDLERS.get(news.kind)
    if handler is None:
        raise Misfit(f"nothing handles {news.kind.value} yet")
    around = await others_done(house.db.primary, event)
    if event.sequence < around.passed:
        return Verdict("drop", "a later event of the object is done with", _named_by(news))
    waited = house.db.clock.now() - event.recorded_at
    gap = event.sequence > around.passed + 1
    if gap and waited < GAP_PATIENCE:
        return Verdict("wait", "an event before it is missing", after=min(LOOK_AGAIN, GAP_PATIENCE - waited))
    numbered = event.sequence > 0
    return await handler(follows(house, request), event, news, sure=numbered and not gap and not around.equal)


def _named_by(news: ProviderEvent) -> CustomerId | None:
    """The customer that the event names; None where it names nobody."""
    try:
        return CustomerId.parse(news.metadata.get("customer", ""))
    except Refused:
        return None


async def _failed(house: House, event: InboxEvent, error: Exception) -> str:
    error_id = log_failure(house, f"provider event {event.kind}", error)
    now, cause = house.db.clock.now(), cause_of(error)
    if event.attempts + 1 < TRIES or (isinstance(error, Refused) and error.retryable):
        await inbox.put_back(house.db.marks, event, now + backoff(min(event.attempts, TRIES)), cause, error_id)
        return event.state
    return await inbox.move(house.db.marks, event, "bury", now, cause=cause, error_id=error_id, failed=True)


def _log_burial(house: House, event: InboxEvent, verdict: Verdict) -> str:
    """Logs what staff has to look at; returns the id that the dead event carries."""
    error_id = house.db.entropy(8).hex()
    facts = {"error_id": error_id, "event_key": event.key, "kind": event.kind, "cause": verdict.cause}
    LOG.error("a provider event is dead", extra=facts)
    return error_id
