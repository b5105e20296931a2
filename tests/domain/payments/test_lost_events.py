"""Webhooks that never came, of payments that nobody doubts: a regular look finds them, once, whatever stops it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx2
import pytest
from arq.connections import ArqRedis

from domain.payments.gateway import Unavailable
from domain.payments.gateways.breaker import Breaker
from domain.payments.gateways.sandbox import SandboxGateway
from domain.payments.past_events import PastAnswer, PastEvent, PastEvents
from domain.payments.payment import payment
from domain.reactions.house import House
from domain.reactions.lost_events import events_to_look_for
from domain.reactions.provider_events import apply
from domain.reactions.work import do_now
from jobs.worker import make_worker
from runtime.measures import LATE_EVENTS
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.event_looks import HOUR, hear_all, look
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, start, subscription_of, wrong_rows
from tests.mishaps import later
from tests.ports import free_port
from tests.provider_process import ProviderProcess, own_provider
from tests.world import ACCOUNT, World, fresh


class Own(SandboxGateway):
    """The gateway of one test, which hears of nothing that is older than the test."""

    def __init__(self, provider: ProviderProcess) -> None:
        super().__init__("main", provider.url, provider.secret)
        self._began = datetime.now(UTC)

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        return await super().list_undelivered(max(since, self._began), until, after)


@dataclass(frozen=True)
class Silent:
    """A house whose provider has no address to send webhooks to, and that provider."""

    world: World
    provider: ProviderProcess
    gateway: SandboxGateway
    http: httpx2.AsyncClient

    def at(self, account: str = ACCOUNT, gateway: SandboxGateway | None = None, after: timedelta = HOUR) -> House:
        """A process of that house some time from now."""
        return later(replace(self.world.house, gateways={account: gateway or self.gateway}), after)

    async def charged(self, **about: str) -> None:
        """A charge, and with it an event that nobody is told of."""
        method = (await self.http.post("/v1/payment_methods", json={"token": "tok_visa"})).json()["id"]
        order = {
            "amount_minor": 700,
            "currency": "EUR",
            "method": method,
            "reference": fresh("lost"),
            "metadata": about,
        }
        answer = await self.http.post("/v1/payments", json=order, headers={"Idempotency-Key": fresh("key")})
        assert answer.is_success, answer.text

    async def events_of(self, provider_ref: str) -> list[str]:
        """The keys of what happened to a charge."""
        events = (await self.http.get("/v1/events", params={"object": provider_ref})).json()["events"]
        return [f"{ACCOUNT}:{event['id']}" for event in events]


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderProcess]:
    """A provider that tells nobody anything, for these tests alone."""
    with own_provider() as running:
        yield running


@pytest.fixture
async def silent(world: World, provider: ProviderProcess) -> AsyncIterator[Silent]:
    """The house whose customers have their methods there."""
    async with provider.client() as http:
        gateway = Own(provider)
        house = replace(world.house, gateways={ACCOUNT: gateway})
        yield Silent(replace(world, house=house), provider, gateway, http)
        await gateway.close()


@pytest.mark.row("C14")
async def test_a_return_by_the_bank_whose_webhook_never_came_is_found_and_owed_again(silent: Silent) -> None:
    world, house = silent.world, silent.at()
    ada = await buyer(world, "tok_bank_returnable")
    begun = await start(world, ada)
    assert begun.payment is not None
    waits = await payment(house.db.primary, ada.id, begun.payment)
    assert waits.provider_ref is not None
    await silent.http.post(f"/admin/settle/{waits.provider_ref}", json={"outcome": "succeeded"})
    assert await hear_all(house) == 2  # it was under way, and it succeeded
    for key in await silent.events_of(waits.provider_ref):
        await apply(house, key)
    assert (await payment(house.db.primary, ada.id, begun.payment)).state.name == "settling"
    await silent.http.post(f"/admin/settle/{waits.provider_ref}", json={"outcome": "account_closed"})
    assert (await hear_all(house), await hear_all(house)) == (1, 0)
    assert await apply(house, (await silent.events_of(waits.provider_ref))[-1]) == "applied"
    await do_now(world.house, ada.id)
    returned = await payment(house.db.primary, ada.id, begun.payment)
    assert (returned.state.name, returned.returned) == ("failed", eur(1000))
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert (await subscription_of(world, ada)).state.name == "grace"  # it is a hard refusal
    assert await wrong_rows(world, ada) == []


class Together(Own):
    """A provider that answers two who ask for its list at the same moment."""

    both = asyncio.Barrier(2)

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        answer = await super().list_undelivered(since, until, after)
        await self.both.wait()
        return answer


async def test_of_two_workers_that_look_at_once_one_keeps_an_event(silent: Silent) -> None:
    gateways = [Together(silent.provider) for _ in range(2)]
    for _ in range(3):
        await silent.charged()
    heard = await asyncio.gather(*(look(silent.at(gateway=each)) for each in gateways))
    assert sum(found for found, _ in heard) == 3
    assert await hear_all(silent.at()) == 0
    for gateway in gateways:
        await gateway.close()


async def test_a_provider_that_is_away_is_asked_the_same_by_the_next_look(silent: Silent) -> None:
    account = f"sandbox/{fresh('away')}"
    await silent.charged()
    away = SandboxGateway("main", f"http://127.0.0.1:{free_port()}", "secret")
    assert await look(silent.at(account, away), account) == (0, False)
    assert await events_to_look_for(silent.at(account, after=timedelta(minutes=1))) == [account], "it is not through"
    assert await hear_all(silent.at(account, after=timedelta(days=5)), account) == 1
    assert await events_to_look_for(silent.at(account)) == []
    await away.close()


async def test_an_open_circuit_asks_nobody(silent: Silent) -> None:
    account = f"sandbox/{fresh('open')}"
    away = SandboxGateway("main", f"http://127.0.0.1:{free_port()}", "secret")
    fenced = Breaker(away, lambda: timedelta())
    house = later(replace(silent.world.house, gateways={account: fenced}), HOUR)
    for _ in range(10):
        await look(house, account)
    assert fenced.rests() is not None
    fence = Breaker(silent.gateway, lambda: timedelta())
    fence.circuit = fenced.circuit
    await silent.charged()
    resting = replace(house, gateways={account: fence})
    assert await look(resting, account) == (0, False)
    assert await events_to_look_for(resting) == [account]
    await away.close()


class Brief(Own):
    """A provider that tells two events at once."""

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        answer = await super().list_undelivered(since, until, after)
        return PastEvents(answer.events[:2]) if isinstance(answer, PastEvents) else answer


async def test_a_look_whose_worker_died_is_gone_on_with_where_it_was(silent: Silent) -> None:
    account, brief = f"sandbox/{fresh('died')}", Brief(silent.provider)
    for _ in range(5):
        await silent.charged()
    house = silent.at(account, brief)
    async with killed_at("inbox.stored", passes=2):
        assert await look(house, account) == (2, True)
        with pytest.raises(Killed):
            await look(house, account)  # the third is kept, and nobody wrote that down
    assert await events_to_look_for(house) == [account]
    assert await hear_all(house, account) == 2
    assert await hear_all(silent.at(account, after=2 * HOUR), account) == 0
    await brief.close()


async def test_a_page_that_is_longer_than_any_answer_that_is_read_comes_in_shorter_ones(silent: Silent) -> None:
    account, words = f"sandbox/{fresh('long')}", {f"key_{number}": "x" * 500 for number in range(20)}
    for _ in range(30):
        await silent.charged(**words)
    assert await look(silent.at(account), account) == (12, True)
    assert await hear_all(silent.at(account), account) == 18


async def test_what_is_young_is_on_its_way_and_found_by_the_next_round(silent: Silent) -> None:
    account = f"sandbox/{fresh('young')}"
    await silent.charged()
    now = silent.at(account, after=timedelta())
    assert await hear_all(now, account) == 0
    assert await events_to_look_for(now) == []
    assert await hear_all(silent.at(account), account) == 1


async def test_after_a_rest_of_weeks_the_round_begins_where_the_last_one_ended(silent: Silent) -> None:
    account, asked = f"sandbox/{fresh('rest')}", list[timedelta]()

    class Asked(SandboxGateway):
        async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
            asked.append(until - since)
            return PastEvents(())

    gateway = Asked("main", "http://127.0.0.1:1", "secret")
    start_at = silent.at(account, gateway)
    for after in (HOUR, timedelta(days=20, hours=1), timedelta(days=90)):
        await look(replace(start_at, db=silent.at(account, gateway, after).db), account)
    days = [round(each / timedelta(days=1)) for each in asked]
    assert days == [30, 20 + 3, 30]  # the first goes as far back as events are kept, and none goes further
    await gateway.close()


async def test_a_round_that_was_stopped_keeps_its_beginning_and_its_end(silent: Silent) -> None:
    account, asked = f"sandbox/{fresh('kept')}", list[tuple[datetime, datetime]]()

    class Away(SandboxGateway):
        async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
            asked.append((since, until))
            return Unavailable("it is away")

    gateway = Away("main", "http://127.0.0.1:1", "secret")
    for after in (HOUR, timedelta(days=9)):
        await look(silent.at(account, gateway, after), account)
    assert asked[0] == asked[1]
    await gateway.close()


class Odd(SandboxGateway):
    """A provider that has told one thing that nobody can read."""

    async def list_undelivered(self, since: datetime, until: datetime, after: str | None) -> PastAnswer:
        return PastEvents(() if after else (PastEvent("evt_odd", b"{}", {}),))


async def test_a_worker_looks_by_itself_once_an_hour_and_counts_what_it_found(silent: Silent, redis: ArqRedis) -> None:
    account = f"sandbox/{fresh('counted')}"

    async def after(time: timedelta) -> float:
        house = silent.at(account, after=time)
        (timetable,) = [each for each in make_worker(house, redis).cron_jobs or () if each.name == "events"]
        assert {minute // 10 for minute in cast(set[int], timetable.minute)} == set(range(6)), "a stopped one goes on"
        for _ in range(2):  # as of two workers
            await timetable.coroutine({})
        await make_worker(house, redis, burst=True).async_run()
        found: float = LATE_EVENTS.labels(account)._value.get()
        return found

    await silent.charged()
    assert await after(HOUR) == 1
    await silent.charged()
    assert await after(HOUR + timedelta(minutes=55)) == 1, "its next round has not come"
    assert await after(3 * HOUR) == 2


async def test_what_cannot_be_read_is_named_and_holds_nothing_up(
    silent: Silent, caplog: pytest.LogCaptureFixture
) -> None:
    odd, gateway = f"sandbox/{fresh('odd')}", Odd("main", "http://127.0.0.1:1", "secret")
    with caplog.at_level(logging.WARNING, "quittance"):
        await hear_all(silent.at(odd, gateway), odd)
    assert [each.getMessage() for each in caplog.records if odd in each.getMessage()] == [
        f"1 events of {odd} cannot be read: evt_odd (the body is not an event as agreed)"
    ]
    assert await events_to_look_for(silent.at(odd, gateway)) == []
    await gateway.close()
