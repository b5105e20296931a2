"""Of two workers that hold one event, as the lease of the first was over, the one that is done first moves it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from domain import inbox
from domain.fanout.provider_events import next_waiting
from domain.inbox import LEASE, Arrival, InboxEvent
from domain.reactions.house import House
from tests.world import fresh

DAY = timedelta(days=1)
Events = list[InboxEvent]


@pytest.fixture
async def held(house: House) -> AsyncIterator[Events]:
    """Collects what is claimed; at the end nothing of it waits for somebody."""
    events: Events = []
    yield events
    for event in events:
        await inbox.move(house.db.marks, event, "apply", house.db.clock.now())


async def claimed(house: House, events: Events, arrival: Arrival, now: datetime) -> InboxEvent:
    """The event that has just arrived, in the hands of a worker."""
    assert await inbox.store(house.db.marks, arrival, {}, b"{}", now)
    event = await inbox.claim(house.db.marks, arrival.key, now)
    assert event
    events.append(event)
    return event


async def held_twice(house: House, events: Events, now: datetime) -> tuple[InboxEvent, InboxEvent]:
    """An event as two workers hold it."""
    arrival = Arrival("sandbox/main", fresh("event"), "payment.succeeded", fresh("payment"), 1)
    first = await claimed(house, events, arrival, now)
    assert await inbox.claim(house.db.marks, arrival.key, now) is None
    second = await inbox.claim(house.db.marks, arrival.key, now + LEASE)
    assert second
    return first, second


async def test_what_the_first_has_applied_is_neither_dropped_nor_tried_again_by_the_second(
    house: House, held: Events
) -> None:
    now = house.db.clock.now()
    later = now + DAY
    first, second = await held_twice(house, held, now)
    assert await inbox.move(house.db.marks, first, "apply", now) == "applied"
    await inbox.move(house.db.marks, second, "bury", later, cause="too late", failed=True)
    await inbox.put_back(house.db.marks, second, later, "too early", "e1")
    found = await inbox.find(house.db.primary, first.key)
    assert found and (found.state, found.attempts, found.cause) == ("applied", 0, "")
    assert await inbox.claim(house.db.marks, first.key, later) is None


async def test_an_event_that_waits_is_nobodys_before_it_is_due(house: House, held: Events) -> None:
    now = house.db.clock.now()
    later = now + DAY
    event, _ = await held_twice(house, held, now)
    await inbox.move(house.db.marks, event, "wait", later)
    assert await inbox.claim(house.db.marks, event.key, later - timedelta(microseconds=1)) is None
    assert await inbox.claim(house.db.marks, event.key, later)


async def test_an_event_whose_predecessor_comes_is_due_at_once_and_one_that_failed_is_not(
    house: House, held: Events
) -> None:
    now = house.db.clock.now()
    later = now + DAY
    waiting, _ = await held_twice(house, held, now)
    await inbox.move(house.db.marks, waiting, "wait", later)
    failed, _ = await held_twice(house, held, now)
    await inbox.put_back(house.db.marks, failed, later, "too early", "e1")
    for event in (waiting, failed):
        await inbox.make_due(house.db.marks, event.key, now)
    assert await inbox.claim(house.db.marks, waiting.key, now)
    assert await inbox.claim(house.db.marks, failed.key, now) is None


async def test_the_next_that_waits_is_the_first_after_an_event_of_those_that_wait(house: House, held: Events) -> None:
    now = house.db.clock.now()
    later = now + DAY
    thing = fresh("payment")
    for sequence, moves in ((6, "wait"), (5, "wait"), (4, ""), (3, "drop"), (2, "wait"), (1, "wait")):
        arrival = Arrival("sandbox/main", fresh("event"), "payment.succeeded", thing, sequence)
        event = await claimed(house, held, arrival, now)
        if moves:
            await inbox.move(house.db.marks, event, moves, later)
    of = {each.sequence: each.key for each in held}
    found = {each.sequence: await next_waiting(house.db.primary, each) for each in held}
    assert found == {1: of[2], 2: of[5], 3: of[5], 4: of[5], 5: of[6], 6: None}
