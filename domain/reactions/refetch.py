"""Asks a provider for its events again: after a restore of an earlier point, what came since is kept as if it came."""

from dataclasses import dataclass
from datetime import datetime

from domain import inbox
from domain.ids import CustomerId, PaymentId
from domain.payments.gateway import EventKind, Gateway, MalformedEvent, ProviderEvent
from domain.payments.past_events import PastEvent, PastEvents, TellsAgain, arrival_of, to_keep
from domain.payments.payment import payment
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Refetched:
    """How many events there were, how many of them had not been kept, the charges of which nothing is known, and the
    ids of events that cannot be read, each with why."""

    seen: int
    kept: int
    unknown: tuple[ProviderEvent, ...]
    unreadable: tuple[tuple[str, str], ...]


async def refetch(house: House, account: str, since: datetime) -> Refetched:
    """Keeps every event since then that can be read and was not kept; workers take them as any other.

    UNAVAILABLE where the provider does not answer (what was kept stays, and it can be asked again), INVALID_INPUT for
    one that keeps no list.
    """
    gateway = house.gateways.get(account)
    if not isinstance(gateway, TellsAgain):
        raise Refused(RefusalCode.INVALID_INPUT, f"{account} is no account whose events can be asked for here.")
    seen = kept = 0
    unknown: list[ProviderEvent] = []
    unreadable: list[tuple[str, str]] = []
    after: str | None = None
    while True:
        answer = await gateway.past_events(since, after)
        if not isinstance(answer, PastEvents):
            raise Refused(RefusalCode.UNAVAILABLE, "The payment provider does not answer at the moment.")
        named = [place for place, past in enumerate(answer.events, start=1) if past.id]
        told = answer.events[: named[-1]] if named else answer.events  # what comes behind it comes again with the next
        for past in told:
            seen += 1
            try:
                event, is_new = await keep(house, gateway, account, past)
            except MalformedEvent as error:
                unreadable.append((past.id, str(error)))
                continue
            kept += is_new
            if event.kind is EventKind.CHARGE_CAPTURED and not await _is_known(house, event):
                unknown.append(event)
        if not named:  # there are no more, or none after which more could be asked for
            return Refetched(seen, kept, tuple(unknown), tuple(unreadable))
        after = told[-1].id


async def keep(house: House, gateway: Gateway, account: str, past: PastEvent) -> tuple[ProviderEvent, bool]:
    """What the event says, and whether it was not kept before; MalformedEvent for one that cannot be read."""
    event = gateway.read_event(past.raw, past.headers)
    arrival, now = arrival_of(account, event), house.db.clock.now()
    return event, await inbox.store(house.db.marks, arrival, *to_keep(event, past.headers, past.raw), now)


async def _is_known(house: House, event: ProviderEvent) -> bool:
    """Whether there is a payment under the charge's reference, of the customer that it names."""
    try:
        customer = CustomerId.parse(event.metadata.get("customer", ""))
        await payment(house.db.primary, customer, PaymentId.parse(event.reference or ""))
    except (Refused, MalformedEvent):
        return False
    return True
