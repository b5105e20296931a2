"""Of two workers that hold one event, as the lease of the first was over, the one that is done first moves it."""

from datetime import UTC, datetime, timedelta

from domain import inbox
from domain.fanout.provider_events import next_waiting
from domain.inbox import LEASE, Arrival, InboxEvent
from domain.reactions.house import House
from tests.world import fresh

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


async def held_twice(house: House) -> tuple[InboxEvent, InboxEvent]:
    """An event as two workers hold it."""
    arrival = Arrival("sandbox/main", fresh("event"), "payment.succeeded", fresh("payment"), 1)
    assert await inbox.store(house.db.marks, arrival, {}, b"{}", NOW)
    first = await inbox.claim(house.db.marks, arrival.key, NOW)
    assert await inbox.claim(house.db.marks, arrival.key, NOW) is None
    second = await inbox.claim(house.db.marks, arrival.key, NOW + LEASE)
    assert first and second
    return first, second


async def test_what_the_first_has_applied_is_neither_dropped_nor_tried_again_by_the_second(house: House) -> None:
    first, second = await held_twice(house)
    assert await inbox.move(house.db.marks, first, "apply", NOW) == "applied"
    await inbox.move(house.db.marks, second, "bury", LATER, cause="too late", failed=True)
    await inbox.put_back(house.db.marks, second, LATER)
    found = await inbox.find(house.db.primary, first.key)
    assert found and (found.state, found.attempts, found.cause) == ("applied", 0, "")
    assert await inbox.claim(house.db.marks, first.key, LATER) is None


async def test_an_event_that_waits_is_nobodys_before_it_is_due(house: House) -> None:
    event, _ = await held_twice(house)
    await inbox.move(house.db.marks, event, "wait", LATER)
    assert await inbox.claim(house.db.marks, event.key, LATER - timedelta(microseconds=1)) is None
    assert await inbox.claim(house.db.marks, event.key, LATER)


async def test_an_event_whose_predecessor_comes_is_due_at_once_and_one_that_failed_is_not(house: House) -> None:
    waiting, _ = await held_twice(house)
    await inbox.move(house.db.marks, waiting, "wait", LATER)
    failed, _ = await held_twice(house)
    await inbox.put_back(house.db.marks, failed, LATER)
    for event in (waiting, failed):
        await inbox.make_due(house.db.marks, event.key, NOW)
    assert await inbox.claim(house.db.marks, waiting.key, NOW)
    assert await inbox.claim(house.db.marks, failed.key, NOW) is None


async def test_the_next_that_waits_is_the_first_after_an_event_of_those_that_wait(house: House) -> None:
    thing, events = fresh("payment"), list[InboxEvent]()
    for sequence, moves in ((6, "wait"), (5, "wait"), (4, ""), (3, "drop"), (2, "wait"), (1, "wait")):
        arrival = Arrival("sandbox/main", fresh("event"), "payment.succeeded", thing, sequence)
        await inbox.store(house.db.marks, arrival, {}, b"{}", NOW)
        event = await inbox.claim(house.db.marks, arrival.key, NOW)
        assert event
        events.append(event)
        if moves:
            await inbox.move(house.db.marks, event, moves, LATER)
    of = {each.sequence: each.key for each in events}
    found = {each.sequence: await next_waiting(house.db.primary, each) for each in events}
    assert found == {1: of[2], 2: of[5], 3: of[5], 4: of[5], 5: of[6], 6: None}
