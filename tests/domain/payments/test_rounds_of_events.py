"""How the look for lost events goes round: where it is stopped, who comes between, and how far behind it is."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import cast

import pytest

from domain import db, points
from domain.payments.gateway import Gateway, Unavailable, Unknown
from domain.payments.gateways import standard_webhooks
from domain.payments.gateways.bulkhead import Bulkhead
from domain.payments.gateways.sandbox import SandboxGateway
from domain.payments.past_events import PastAnswer, PastEvent, PastEvents
from domain.payments.unsure import TOO_LONG
from domain.reactions.house import House
from domain.reactions.lost_events import events_to_look_for, look_on
from domain.reactions.refetch import keep
from jobs.calls import look_for_lost_events
from runtime.measures import LATE_EVENTS
from runtime.scrape import Scrape
from runtime.settings import Settings
from tests.event_looks import HOUR, hear_all, look
from tests.interruptions import Killed
from tests.jobs_kit import comes_true
from tests.mishaps import later
from tests.scraping import Page
from tests.webhook_desk import encoded, made_up
from tests.world import World, fresh


def told() -> PastEvent:
    """An event of which nothing is known here."""
    event = made_up()
    return PastEvent(event["id"], encoded(event), {standard_webhooks.ID_HEADER: event["id"]})


class Telling(SandboxGateway):
    """A provider whose list of what nobody took is given, the newest first, as Stripe's is; and what it is asked."""

    def __init__(self, events: Sequence[PastEvent], size: int = 2) -> None:
        super().__init__("main", "http://127.0.0.1:1", "secret")
        self.events, self._size = list(events), size
        self.asked: list[str | None] = []
        self.instead: list[PastAnswer] = []  # what it answers to the next who ask
        self.meanwhile: Callable[[], Awaitable[object]] | None = None  # what others do until its next answer

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        self.asked.append(after)
        if self.instead:
            return self.instead.pop(0)
        ids = [each.id for each in self.events]
        place = ids.index(after) + 1 if after else 0
        page = PastEvents(tuple(self.events[place : place + self._size]))
        if (others := self.meanwhile) is not None:
            self.meanwhile = None
            await others()
        return page


class Round:
    """An account of that provider's, and the house some time from now."""

    def __init__(self, world: World, events: int, size: int = 2) -> None:
        self._house, self.account = world.house, f"sandbox/{fresh('round')}"
        self.provider = Telling([told() for _ in range(events)], size)

    def at(self, hours: float = 1, provider: Gateway | None = None) -> House:
        return later(replace(self._house, gateways={self.account: provider or self.provider}), hours * HOUR)

    async def found(self, hours: float = 1) -> int:
        return await hear_all(self.at(hours), self.account)

    async def behind(self, settings: Settings, hours: float) -> float:
        """For how many hours monitoring sees it behind."""
        scrape = Scrape(self.at(hours).db, settings.redis_url.get_secret_value(), 0, [self.account])
        age = Page((await scrape.text()).decode()).value(f'event_look_age_seconds{{account="{self.account}"}}')
        return age if age < 0 else round(age / 3600, 1)


@pytest.fixture
async def rounds(world: World) -> AsyncIterator[Callable[..., Round]]:
    made: list[Round] = []

    def make(events: int, size: int = 2) -> Round:
        made.append(Round(world, events, size))
        return made[-1]

    yield make
    for each in made:
        await each.provider.close()


@pytest.mark.parametrize("silent", [Unavailable("it is away"), Unknown("timeout", heard=False), TOO_LONG])
async def test_a_provider_that_falls_silent_is_asked_for_the_page_where_it_did(
    rounds: Callable[..., Round], silent: PastAnswer
) -> None:
    of = rounds(3)
    await look(of.at(), of.account)
    of.provider.instead = [silent]
    assert await look(of.at(), of.account) == (0, False)
    assert await of.found() == 1
    places = [None, of.provider.events[1].id, of.provider.events[1].id, of.provider.events[2].id]
    assert of.provider.asked == places


async def test_a_place_that_the_provider_does_not_know_any_more_is_given_up(rounds: Callable[..., Round]) -> None:
    of = rounds(3)
    await look(of.at(), of.account)
    of.provider.instead = [Unknown("resource_missing")]
    assert await look(of.at(), of.account) == (0, False)
    assert await of.found() == 1
    assert of.provider.asked[2] is None
    assert await events_to_look_for(of.at()) == []


async def test_an_event_without_an_id_hides_none_behind_it(rounds: Callable[..., Round]) -> None:
    of, nameless = rounds(2), PastEvent("", b"{}", {})
    first, last = of.provider.events
    of.provider.events = [first, nameless, last, nameless]
    assert await of.found() == 2
    assert of.provider.asked == [None, first.id, last.id]
    assert await events_to_look_for(of.at()) == []


async def test_what_was_found_is_named_and_what_is_kept_costs_one_read(
    rounds: Callable[..., Round], caplog: pytest.LogCaptureFixture
) -> None:
    of, asked = rounds(12, 12), list[str]()
    with caplog.at_level(logging.WARNING, "quittance"):
        assert await of.found() == 12
    some = ", ".join(each.id for each in of.provider.events[:10])
    assert [each.getMessage() for each in caplog.records if of.account in each.getMessage()] == [
        f"12 events of {of.account} had not arrived and are kept now: {some}, ..."
    ]
    db.observers.append(listen := lambda sql, args, tx: asked.append(sql))
    try:
        assert await of.found(3) == 0
    finally:
        db.observers.remove(listen)
    assert len([sql for sql in asked if "event_key = ANY" in sql]) == 2  # the page, and the end of the list
    assert [sql for sql in asked if "INTO inbox_event" in sql] == []


async def test_a_webhook_that_comes_while_the_page_is_read_was_not_lost(rounds: Callable[..., Round]) -> None:
    of = rounds(2)
    late, came = of.provider.events
    of.provider.meanwhile = lambda: keep(of.at(), of.provider, of.account, came)
    assert await look(of.at(), of.account) == (1, True)
    assert (await keep(of.at(), of.provider, of.account, late))[1] is False, "its webhook comes after all"


@pytest.mark.parametrize("pages", [0, 2])
@pytest.mark.parametrize("begun", [False, True])
async def test_who_was_slow_takes_nothing_from_the_next_round(
    rounds: Callable[..., Round], pages: int, begun: bool
) -> None:
    of = rounds(3)
    quick = Telling(of.provider.events)

    async def others() -> None:
        assert await hear_all(of.at(1, quick), of.account) == (0 if pages else 3)
        quick.instead = [Unavailable("it is away")]
        if begun:
            await look(of.at(3, quick), of.account)

    for _ in range(pages):
        await look(of.at(), of.account)
    of.provider.meanwhile = others
    await look(of.at(), of.account)
    of.provider.events.insert(0, told())
    assert await events_to_look_for(of.at(3)) == [of.account]
    assert await of.found(3) == 1
    await quick.close()


@contextmanager
def at_each_stored(do: Callable[[int], object]) -> Iterator[None]:
    """Does this at each event that is kept, with how many there are."""
    stored = 0

    def passed(point: str) -> None:
        nonlocal stored
        if point == "inbox.stored":
            stored += 1
            do(stored)

    points.on_reached.append(passed)
    try:
        yield
    finally:
        points.on_reached.remove(passed)


async def test_a_job_that_its_time_stops_amid_a_page_has_counted_and_named_what_it_kept(
    rounds: Callable[..., Round], caplog: pytest.LogCaptureFixture
) -> None:
    of = rounds(6, 3)

    async def all_told() -> bool:
        named = " ".join(each.getMessage() for each in caplog.records)
        counted = LATE_EVENTS.labels(of.account)._value.get()
        return counted == 6 and all(each.id in named for each in of.provider.events)

    with caplog.at_level(logging.WARNING, "quittance"):
        job = asyncio.create_task(look_for_lost_events(of.at(), of.account))
        with at_each_stored(lambda stored: stored == 5 and job.cancel()):
            with pytest.raises(asyncio.CancelledError):
                await job
            await comes_true(all_told, "the whole page was counted and named")
    await look_for_lost_events(of.at(), of.account)
    assert of.provider.asked[2:] == [of.provider.events[2].id, of.provider.events[5].id], "it was not marked"
    assert await of.found(3) == 0


async def test_a_page_of_which_one_cannot_be_kept_has_counted_and_named_those_before_it(
    rounds: Callable[..., Round], caplog: pytest.LogCaptureFixture
) -> None:
    of, counted = rounds(3, 3), list[None]()

    def fail(stored: int) -> None:
        if stored == 2:
            raise Killed("the database is away")

    with at_each_stored(fail), caplog.at_level(logging.WARNING, "quittance"), pytest.raises(Killed):
        await look_on(of.at(), of.account, lambda: counted.append(None))
    assert len(counted) == 2
    assert any(of.provider.events[1].id in each.getMessage() for each in caplog.records)
    assert await of.found() == 1


async def test_a_job_takes_page_after_page_until_the_list_is_over_and_no_round_before_its_time(
    rounds: Callable[..., Round],
) -> None:
    of = rounds(5)
    for hours in (1, 1, 1.9):
        await look_for_lost_events(of.at(hours), of.account)
    assert len(of.provider.asked) == 4
    await look_for_lost_events(of.at(2.1), of.account)
    assert len(of.provider.asked) == 8


async def test_an_event_that_is_longer_than_any_answer_is_told_of_and_hides_nothing_before_it(
    rounds: Callable[..., Round], caplog: pytest.LogCaptureFixture
) -> None:
    of = rounds(2)
    await look(of.at(), of.account)
    of.provider.instead = [TOO_LONG]
    assert await look(of.at(), of.account) == (0, False)
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert [each for each in errors if of.account in each] == [
        f"an event of {of.account} is longer than any answer that is read:"
        f" none behind {of.provider.events[1].id} are heard of"
    ]


@pytest.mark.row("M3")
async def test_monitoring_sees_how_far_a_look_is_behind_until_it_has_caught_up(
    rounds: Callable[..., Round], process_settings: Settings
) -> None:
    of = rounds(3)
    assert await of.behind(process_settings, 1) == -1
    await look(of.at(), of.account)
    assert await of.behind(process_settings, 6) == 5.2
    await of.found(6)
    assert await of.behind(process_settings, 6) == 5.2, "it has come to where it was to come then"
    await of.found(6)
    assert await of.behind(process_settings, 6) == 0.2


async def test_a_provider_that_keeps_no_list_is_not_looked_through(rounds: Callable[..., Round]) -> None:
    of = rounds(0)
    bare = cast(Gateway, object())
    assert await events_to_look_for(of.at(1, bare)) == []
    fenced = of.at(1, Bulkhead(bare, 1))
    assert await look(fenced, of.account) == (0, False)
    assert await events_to_look_for(fenced) == [], "nor behind a fence: its round is over at once"
