"""How workers end, and how two of them work side by side; where they die is in tests/crash."""

import json
import os
import signal
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from tests.jobs_kit import Ground, WorkerProcess, comes_true, ready, start_worker
from tests.server_gate import web_gate_before


async def test_a_worker_that_is_told_to_end_finishes_what_it_has_begun(
    ground: Ground, redis: ArqRedis, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    ada, begun = await ground.bought()
    async with web_gate_before(os.environ["PROVIDER_URL"]) as (gate, url):
        gate.hold_answers()
        workers.append(await ready(await start_worker(ground, tmp_path / "log", PROVIDER_URL=url)))

        async def is_charged() -> bool:
            return await ground.captures(ada) == [1000]

        async def is_ending() -> bool:
            own = str(redis.connection_pool.connection_kwargs["db"])
            return not any((each["db"], each["cmd"]) == (own, "blpop") for each in await redis.client_list())

        await comes_true(is_charged, "the call to the provider")
        workers[0].signal(signal.SIGTERM)
        await comes_true(is_ending, "the end of the reading of hints")
        assert (await ground.payment_of(ada, begun)).state.name == "processing"
        gate.let_go()  # the answer comes as late as it takes, which is not of the time that is left for what was begun
        assert await workers[0].end() == 0
    # As the charge was answered, or as a look at it was that fell due meanwhile and says more.
    assert (await ground.payment_of(ada, begun)).state.name in ("captured", "succeeded")
    assert await redis.keys("quittance:jobs:health:*") == []


@pytest.mark.row("M2")
@pytest.mark.usefixtures("redis")
async def test_two_workers_do_everything_once(ground: Ground, workers: list[WorkerProcess], tmp_path: Path) -> None:
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


@pytest.mark.usefixtures("redis")
async def test_a_worker_without_its_database_ends_with_one_clear_line(
    ground: Ground, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    workers.append(await start_worker(ground, tmp_path / "log", DATABASE_URL="postgresql://a:b@127.0.0.1:9/c"))
    assert await workers[0].end() == 1
    lines = [json.loads(line) for line in workers[0].log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["PostgreSQL does not answer at DATABASE_URL"]
