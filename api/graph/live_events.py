"""Where the events of a live stream come from: what is new about the caller's own customer, from a place on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Final, TypeVar

import strawberry

from api.graph.context import Context, Info
from api.graph.loaders import Loaders
from api.graph.lost_answers import PerformedOperation, performed_under
from api.graph.outcome import OperationStatus
from api.live.hub import Follower
from api.live.place import WHOLE, Place, Stream
from api.scalars import IdempotencyKey
from domain.ids import InvoiceId, SubscriptionId
from domain.refusals import RefusalCode, Refused
from domain.timeline.news import News, Standing, news, postings, standing

PAGE: Final = 100  # read at once; the next ones only when these were taken
REPLAY_MAX: Final = 1_000  # events that are replayed one by one; who missed more polls once, which is less work
_NOTHING: Final = 0  # how far an operation is that is not committed; what follows is counted from here
_STEPS: Final = {OperationStatus.PROCESSING: 1, OperationStatus.DONE: 2}  # the order in which they come
T = TypeVar("T")


@strawberry.enum(description="Why an event was sent. More values may come.")
class LiveReason(Enum):
    """The reasons."""

    OPENED = strawberry.enum_value("opened", description="The stream begins: this is how it stands now.")
    CHANGED = strawberry.enum_value("changed", description="Something was done that concerns it.")
    RESYNC = strawberry.enum_value(
        "resync", description="Events are left out that are too many or too old to be told: read again what is shown."
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One event before its object is read: why, where the stream stands after it, and what it is about, if one."""

    reason: LiveReason
    place: Place
    at: datetime
    about: InvoiceId | SubscriptionId | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of stream: how far its customer has come, and what there is after a place."""

    stream: Stream
    end: Callable[[Standing], int]
    after: Callable[[Context, Place], Awaitable[tuple[Sequence[Told], int, bool]]]
    """At most a page of events, the number of the last row that was read, and whether nothing was left out."""
    only: InvoiceId | SubscriptionId | None = None


def invoices_of(only: InvoiceId | None) -> Source:
    """Each operation that concerns an invoice, or that one."""
    return Source(Stream.INVOICES, lambda it: it.operations, _operations(lambda row: row.invoices, only), only)


def subscriptions_of(only: SubscriptionId | None) -> Source:
    """Each operation that concerns a subscription, or that one."""
    return Source(
        Stream.SUBSCRIPTIONS, lambda it: it.operations, _operations(lambda row: row.subscriptions, only), only
    )


def balance_changes() -> Source:
    """Each posting to the customer's ledger."""
    return Source(Stream.BALANCE, lambda it: it.postings, _postings)


async def told(
    context: Context, source: Source, last: str | None, read: Callable[[Told], Awaitable[T | None]]
) -> AsyncIterator[tuple[Told, T | None]]:
    """Every event after the id ``last``, in order and once, with what ``read`` finds for it; else OPENED comes first.

    Ends when the process stops. A database that is away is waited for. An object that is not there (any more) is
    passed over; one that was asked for and is not there is NOT_FOUND.
    """
    place = Place.parse(last, source.stream) if last else None
    async with context.rooms.live.follow(context.customer) as follower:
        if source.only is not None:
            await read(Told(LiveReason.OPENED, Place(0, 0), context.db.clock.now()))
        while not context.rooms.live.ended:
            end = source.end(await patiently(context, follower, lambda: standing(context.db.primary, context.customer)))
            events, place = await _events(context, follower, source, place, end)
            for event in events:
                begin_event(context, event.place.id(source.stream))
                try:
                    yield event, await patiently(context, follower, partial(read, event))
                except Refused as refused:
                    if refused.code is not RefusalCode.NOT_FOUND:
                        raise
            if place >= Place(end):
                await follower.woken()


async def _events(
    context: Context, follower: Follower, source: Source, place: Place | None, end: int
) -> tuple[list[Told], Place]:
    """What comes after the place, at most a page of it, and where the stream stands then."""
    now, last = context.db.clock.now(), Place(end)
    if place is None:
        return [Told(LiveReason.OPENED, last, now)], last
    if place.number > end or end - place.number > REPLAY_MAX:
        return [Told(LiveReason.RESYNC, last, now)], last
    if place >= last:
        return [], place
    found, read, whole = await patiently(context, follower, partial(source.after, context, place))
    upto = Place(read)
    return [*found, *([] if whole else [Told(LiveReason.RESYNC, upto, now)])], upto


async def patiently(context: Context, follower: Follower, read: Callable[[], Awaitable[T]]) -> T:
    """What the read answers, as soon as the database can be read; UNAVAILABLE where the process is to stop."""
    while True:
        try:
            return await read()
        except Refused as refused:
            if refused.code is not RefusalCode.UNAVAILABLE or context.rooms.live.ended:
                raise
        await follower.rested()


def begin_event(context: Context, id: str) -> None:
    """What is read for this event is read now, and its answer carries that id."""
    context.loaders = Loaders(context.db)
    context.event_id = id


def _operations(
    concerned: Callable[[News], Sequence[InvoiceId | SubscriptionId]], only: InvoiceId | SubscriptionId | None
) -> Callable[[Context, Place], Awaitable[tuple[Sequence[Told], int, bool]]]:
    async def after(context: Context, place: Place) -> tuple[Sequence[Told], int, bool]:
        # The operation in which the stream stands is read again: there may be more objects in it.
        rows = await news(context.db.primary, context.customer, place.number - (place.index < WHOLE), PAGE)
        events = [
            Told(LiveReason.CHANGED, Place(row.number, index), row.at, id)
            for row in rows
            for index, id in enumerate(concerned(row), 1)
            if Place(row.number, index) > place and only in (None, id)
        ]
        return events, rows[-1].number, all(row.whole for row in rows)

    return after


async def _postings(context: Context, place: Place) -> tuple[Sequence[Told], int, bool]:
    rows = await postings(context.db.primary, context.customer, place.number, PAGE)
    events = [Told(LiveReason.CHANGED, Place(row.number), row.at) for row in rows]
    return events, rows[-1].number, True


async def operation_steps(
    info: Info, key: IdempotencyKey, last: str | None
) -> AsyncIterator[tuple[LiveReason, Place, PerformedOperation | None]]:
    """What becomes of the operation of a key after the id ``last``; it ends with DONE, or when the process stops."""
    context = info.context
    place = Place.parse(last, Stream.OPERATION) if last else None
    async with context.rooms.live.follow(context.customer) as follower:
        while not context.rooms.live.ended:
            context.loaders = Loaders(context.db)
            found = await patiently(context, follower, lambda: performed_under(info, context.customer, key))
            step = Place(_STEPS[found.status] if found else _NOTHING)
            if place is None or step > place:
                context.event_id = step.id(Stream.OPERATION)
                yield LiveReason.OPENED if place is None else LiveReason.CHANGED, step, found
                place = step
            if place.number >= _STEPS[OperationStatus.DONE]:
                return
            await follower.woken()
