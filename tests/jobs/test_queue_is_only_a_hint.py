"""PostgreSQL knows, Redis wakes: a queue that is lost, doubled or wiped, and a process that dies, change nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import arq
import asyncpg
import httpx2
import pytest
from arq.connections import ArqRedis

from domain import points
from domain.database import Database
from domain.dead_letter import open_letters
from domain.perform import perform
from domain.reactions.house import TRIES, House
from domain.reactions.replay import replay_letter
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from jobs import queue
from jobs.calls import WORK, call_drain
from jobs.sweep import sweep
from jobs.worker import make_worker
from tests.world import Someone, World, fresh


class LaterClock:
    """Wall time plus a distance that the test sets: leases run out without anybody waiting."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def later(house: House, ahead: timedelta) -> House:
    """Another process on the same servers, as much later."""
    db = house.db
    return replace(house, db=Database(*db._pools, LaterClock(ahead), db.entropy, db.vault))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[ArqRedis]:
    """This worker's queue, empty."""
    opened = await queue.connect(redis_url)
    await opened.flushdb()
    yield opened
    await queue.close(opened)


async def bought(world: World) -> Someone:
    """A customer that started a subscription; nothing that follows from it was done yet."""
    ada = await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    return ada


async def state_of(world: World, ada: Someone) -> str:
    return (await subscriptions(world.house.db.primary, ada.id))[0].state.name


async def taken_by_the_provider(ada: Someone) -> int:
    """How often the provider took money from a customer, by its own books."""
    headers = {"Authorization": f"Bearer {os.environ['PROVIDER_SECRET']}"}
    async with httpx2.AsyncClient(trust_env=False, verify=False, headers=headers) as http:
        url = f"{os.environ['PROVIDER_URL']}/admin/books"
        books = (await http.get(url, params={"customer": str(ada.id)})).json()
    return sum(1 for payment in books["payments"] if payment["captured_minor"])


async def run_jobs(house: House, redis: ArqRedis) -> None:
    """A worker that does what is in the queue and ends."""
    await make_worker(house, redis, burst=True).async_run()


def test_the_queue_and_its_client_are_the_pair_that_fits() -> None:
    """arq 0.28 wants redis < 6; asked for separately, an installer silently falls back to arq 0.25."""
    assert arq.VERSION.startswith("0.28")


@pytest.mark.row("F9")
async def test_a_wiped_queue_loses_no_work(world: World, redis: ArqRedis) -> None:
    ada = await bought(world)
    await queue.put(redis, call_drain(ada.id))
    await redis.flushdb()
    await sweep(world.house, redis)
    await run_jobs(world.house, redis)
    assert await state_of(world, ada) == "active"


@pytest.mark.row("F9")
async def test_a_job_that_is_delivered_many_times_at_once_has_one_effect(world: World) -> None:
    ada = await bought(world)
    await asyncio.gather(*(WORK["drain_events"](world.house, str(ada.id)) for _ in range(8)))
    await do_now(world.house, ada.id)
    assert await state_of(world, ada) == "active"
    assert await taken_by_the_provider(ada) == 1


class Death(BaseException):
    """The process is gone: nothing after this runs in it."""


@asynccontextmanager
async def death_at(point: str) -> AsyncIterator[None]:
    """Ends whoever reaches the point first."""

    def die(reached: str) -> None:
        if reached == point:
            raise Death(point)

    points.on_reached.append(die)
    try:
        yield
    finally:
        points.on_reached.remove(die)


@pytest.mark.row("L3")
@pytest.mark.row("C14")
@pytest.mark.parametrize(
    "point", ["attempt.claimed", "attempt.answered", "relay.consumed", "relay.deleted", "perform.committed"]
)
async def test_what_a_dead_process_left_is_finished_once_by_another(world: World, point: str) -> None:
    ada = await bought(world)
    async with death_at(point):
        with pytest.raises(Death):
            await do_now(world.house, ada.id)
    await do_now(later(world.house, timedelta(minutes=2)), ada.id)
    assert await state_of(world, ada) == "active"
    assert await taken_by_the_provider(ada) == 1


@pytest.mark.row("L5")
async def test_poison_is_buried_with_its_cause_and_what_comes_after_it_goes_on(world: World, owner_url: str) -> None:
    ada = await bought(world)
    own = await world.house.db.primary.fetchval(
        "SELECT min(number) FROM outbox_event WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    await poison(owner_url, ada, own)
    for hours in range(TRIES):
        await do_now(later(world.house, timedelta(hours=hours)), ada.id)
    found = await open_letters(world.house.db.primary, ada.id.shard, 100)
    letters = [letter for letter in found if letter.customer == ada.id]
    assert [(letter.source, letter.kind, letter.attempts) for letter in letters] == [
        ("outbox", "payment.failed", TRIES)
    ]
    assert letters[0].cause.startswith("Refused: NOT_FOUND")
    assert letters[0].error_id
    assert await state_of(world, ada) == "active"
    with pytest.raises(Exception, match="NOT_FOUND"):
        await replay_letter(world.house, letters[0])


async def poison(owner_url: str, ada: Someone, number: int) -> None:
    """Makes the customer's first event one that no consumer can perform."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(
        """UPDATE outbox_event SET kind = 'payment.failed', body = '{"invoice": "invoice_nonsense"}'
            WHERE shard_key = $1 AND customer_id = $2 AND number = $3""",
        ada.id.shard,
        ada.id.uuid,
        number,
    )
    await owner.close()
