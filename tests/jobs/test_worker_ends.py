"""A worker that is told to end does so before it is killed, whatever it waits for; another finishes its work."""

import asyncio
import signal
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from dev.stack.program import Program
from domain.subscriptions.start import SubscriptionStarted
from jobs.ending import GRACE_SECONDS, LAST_SECONDS, stop_reading
from jobs.hints import listen
from tests.jobs_kit import PATIENCE_SECONDS, Ground, WorkerProcess, after_the_lease, comes_true, ready, start_worker
from tests.lives import wrong_rows
from tests.own_valkey import OwnValkey
from tests.server_gate import gate_before
from tests.world import Someone

BUYERS = 10  # more than there are calls to the provider at once
REPLY_MS = 5000  # so that calls are surely met under way, on a busy machine too
STEPS = 40  # of the loop, in which the first command is surely sent and waited for


Purchases = list[tuple[Someone, SubscriptionStarted]]


async def purchases(ground: Ground) -> Purchases:
    return [await ground.bought(operations=["charge"], reply_delay_ms=REPLY_MS) for _ in range(BUYERS)]


async def calls_are_under_way(ground: Ground) -> None:
    """Waits until money may have been taken that is not in the books yet."""

    async def sent() -> bool:
        return await ground.calls_under_way() > 2

    await comes_true(sent, "calls to the provider")


async def all_is_done_once(ground: Ground, redis: ArqRedis, begun: Purchases) -> None:
    """After the lease another worker finds everything due that is not done."""
    await after_the_lease(ground, redis)
    buyers = [buyer for buyer, _ in begun]
    assert [await ground.state_of(each) for each in buyers] == ["active"] * len(buyers)
    assert [await ground.captures(each) for each in buyers] == [[1000]] * len(buyers)
    for each in buyers:
        assert await wrong_rows(ground.world, each) == []


@pytest.mark.usefixtures("ground")
async def test_the_reading_of_the_queue_ends_at_whatever_step_it_is_told_to(redis: ArqRedis) -> None:
    for steps in range(STEPS):
        reading = asyncio.ensure_future(listen(redis))
        for _ in range(steps):
            await asyncio.sleep(0)
        await stop_reading([reading])
        assert reading.cancelled()


@pytest.mark.row("F10")
async def test_a_worker_ends_in_order_though_its_queue_is_silent(
    empty_ground: Ground, redis: ArqRedis, valkey: OwnValkey, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    await valkey.start()
    begun = await purchases(empty_ground)
    workers.append(await ready(await start_worker(empty_ground, tmp_path / "log", REDIS_URL=valkey.url)))
    await calls_are_under_way(empty_ground)
    valkey.freeze()
    workers[0].signal(signal.SIGTERM)
    assert await workers[0].end() == 0
    await all_is_done_once(empty_ground, redis, begun)


@pytest.mark.row("F10")
async def test_a_worker_ends_in_order_though_its_database_is_silent(
    empty_ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    begun = await purchases(empty_ground)
    async with gate_before(empty_ground.environment["DATABASE_URL"]) as (gate, url):
        workers.append(await ready(await start_worker(empty_ground, tmp_path / "log", DATABASE_URL=url)))
        await calls_are_under_way(empty_ground)
        gate.hold()
        workers[0].signal(signal.SIGTERM)
        assert await workers[0].end() == 0
    await all_is_done_once(empty_ground, redis, begun)


def test_the_last_moment_of_a_worker_comes_before_its_supervisor_kills_it() -> None:
    assert GRACE_SECONDS < LAST_SECONDS < Program.grace_seconds


async def test_a_worker_ends_when_it_is_told_to_before_its_queue_has_ever_answered(
    ground: Ground, valkey: OwnValkey, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    called = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(never_answer, valkey.socket):
        workers.append(await start_worker(ground, tmp_path / "log", REDIS_URL=valkey.url))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await called.wait()
        workers[0].signal(signal.SIGTERM)
        assert await workers[0].end() == 0
