"""kill -9 of a worker at each point between two effects: another finishes the work, and money is taken once."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.perform import perform
from domain.reactions.work import do_now
from tests.jobs_kit import Ground, WorkerProcess, after_the_lease, comes_true, ready, start_worker
from tests.lives import wrong_rows
from tests.world import fresh


@pytest.mark.row("F10")
@pytest.mark.row("C14")
@pytest.mark.parametrize("point", ["attempt.claimed", "attempt.answered", "relay.consumed", "relay.deleted"])
async def test_a_purchase_survives_the_death_of_its_worker(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path, point: str
) -> None:
    await after_the_lease(ground, redis)  # nothing that others left must die in its place
    ada, _ = await ground.bought()
    workers.append(await start_worker(ground, tmp_path / "log", CRASH_AT=point))
    assert await workers[0].end() == -signal.SIGKILL
    await after_the_lease(ground, redis)
    assert await ground.state_of(ada) == "active"
    assert await ground.captures(ada) == [1000]
    assert await wrong_rows(ground.world, ada) == []


@pytest.mark.row("F10")
async def test_a_renewal_survives_the_death_of_its_worker(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    await after_the_lease(ground, redis)  # nothing that others left must die in its place
    ada, _ = await ground.bought()
    await do_now(ground.house, ada.id)
    command = AdvanceClock(datetime(2027, 2, 2, tzinfo=UTC))
    await perform(ground.house.db, advance_clock, ada.actor, ada.id, command, fresh("key"))
    workers.append(await start_worker(ground, tmp_path / "log", CRASH_AT="due.claimed"))
    assert await workers[0].end() == -signal.SIGKILL
    await after_the_lease(ground, redis)
    assert await ground.captures(ada) == [1000, 1000]
    assert await wrong_rows(ground.world, ada) == []


@pytest.mark.row("C11")
async def test_a_webhook_survives_the_death_of_its_worker(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    await after_the_lease(ground, redis)  # nothing that others left must die in its place
    ada, begun = await ground.bought()
    await do_now(ground.house, ada.id)
    known = await ground.payment_of(ada, begun)
    (event,) = await ground.desk.events_of(known.provider_ref)
    await ground.desk.deliver(event)
    workers.append(await start_worker(ground, tmp_path / "log", CRASH_AT="inbox.applied"))
    assert await workers[0].end() == -signal.SIGKILL
    assert await ground.desk.state(event) == "received"
    await after_the_lease(ground, redis)
    assert await ground.desk.state(event) == "applied"
    assert (await ground.payment_of(ada, begun)).state.name == "succeeded"


async def test_a_worker_that_is_told_to_end_finishes_what_it_has_begun(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    ada, begun = await ground.bought(operations=["charge"], reply_delay_ms=1500)
    workers.append(await ready(await start_worker(ground, tmp_path / "log")))

    async def is_under_way() -> bool:
        return (await ground.payment_of(ada, begun)).sent_at is not None

    await comes_true(is_under_way, "the call to the provider")
    workers[0].signal(signal.SIGTERM)
    assert await workers[0].end() == 0
    assert (await ground.payment_of(ada, begun)).state.name == "captured"
    assert await redis.keys("quittance:jobs:health:*") == []


@pytest.mark.row("M2")
async def test_two_workers_do_everything_once(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    assert redis
    buyers = [ada for ada, _ in [await ground.bought() for _ in range(12)]]
    for name in ("one", "two"):
        workers.append(await start_worker(ground, tmp_path / name))

    async def all_have_paid() -> bool:
        return all([await ground.state_of(ada) == "active" for ada in buyers])

    await comes_true(all_have_paid, "the work of all customers")
    for worker in workers:
        worker.signal(signal.SIGINT)
        assert await worker.end() == 0
    assert [await ground.captures(ada) for ada in buyers] == [[1000]] * len(buyers)


async def test_a_worker_without_its_database_ends_with_one_clear_line(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    assert redis
    workers.append(await start_worker(ground, tmp_path / "log", DATABASE_URL="postgresql://a:b@127.0.0.1:9/c"))
    assert await workers[0].end() == 1
    lines = [json.loads(line) for line in workers[0].log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["PostgreSQL does not answer at DATABASE_URL"]
