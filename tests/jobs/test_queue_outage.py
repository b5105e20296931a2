"""kill -9 of the queue's server under a working worker: it goes on from the database, and finds the queue again."""

import asyncio
from pathlib import Path

import pytest

from jobs import queue
from runtime.wake import Waker
from tests.jobs_kit import Ground, WorkerProcess, comes_true, ready, start_worker
from tests.own_valkey import OwnValkey
from tests.world import Someone


async def active(ground: Ground, ada: Someone) -> None:
    """Waits until the customer's purchase is through."""

    async def is_active() -> bool:
        return await ground.state_of(ada) == "active"

    await comes_true(is_active, "the end of a purchase")


@pytest.mark.row("F9")
async def test_a_worker_outlives_its_queue_and_loses_nothing(
    ground: Ground, valkey: OwnValkey, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    await valkey.start()
    worker = await ready(await start_worker(ground, tmp_path / "log", REDIS_URL=valkey.url))
    workers.append(worker)
    before, _ = await ground.bought()
    await active(ground, before)
    valkey.kill()
    during, _ = await ground.bought()
    await active(ground, during)
    await valkey.start()

    async def is_back() -> bool:
        redis = await queue.connect(valkey.url)
        try:
            return bool(await redis.keys("quittance:jobs:health:*"))
        finally:
            await queue.close(redis)

    await comes_true(is_back, "the worker's return to the queue")
    after, _ = await ground.bought()
    await Waker(valkey.url).customer(after.id)
    await active(ground, after)
    assert worker.process.returncode is None, worker.log.read_text()
    assert [await ground.captures(ada) for ada in (before, during, after)] == [[1000]] * 3


async def test_a_worker_that_finds_no_queue_at_its_start_says_so_and_ends(
    ground: Ground, valkey: OwnValkey, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    workers.append(await start_worker(ground, tmp_path / "log", REDIS_URL=valkey.url))
    assert await workers[0].end() == 1
    assert "Redis does not answer at REDIS_URL" in workers[0].log.read_text()


async def test_a_frozen_queue_costs_a_caller_a_moment_and_not_its_answer(ground: Ground, valkey: OwnValkey) -> None:
    await valkey.start()
    redis = await queue.connect(valkey.url)
    await redis.client_pause(60_000)
    try:
        async with asyncio.timeout(30):
            assert not await Waker(valkey.url).event("sandbox/main:event_1")
    finally:
        await queue.close(redis)
