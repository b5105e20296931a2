"""Batches rest where requests take long, by what API processes tell, and go on where nobody tells anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from api.latency import FEW, Latency, p95
from api.measures import REQUESTS
from runtime.measures import RESTED
from runtime.pace import HELD_MS, KEY, REST_SECONDS, Pace, opened, tell
from tests.jobs_kit import Ground
from tests.ports import free_port

BOUND_MS = 25
TOOK = timedelta(milliseconds=40)


@pytest.fixture
async def gauge(ground: Ground) -> AsyncIterator[Redis]:
    """Where nothing is told yet."""
    async with opened(ground.settings.redis_url.get_secret_value()) as redis:
        await redis.delete(KEY)
        yield redis


async def rests(redis: Redis, bound_ms: float = BOUND_MS) -> list[float]:
    """For how long a worker rests after a batch."""
    found: list[float] = []

    async def rest(seconds: float) -> None:
        found.append(round(seconds, 3))

    await Pace(redis, bound_ms, rest)(TOOK)
    return found


async def test_a_batch_rests_the_longer_the_slower_requests_are(gauge: Redis) -> None:
    before = RESTED._value.get()
    await tell(gauge, 0.02)
    assert await rests(gauge) == []  # within the bound
    await tell(gauge, 0.05)
    assert await rests(gauge) == [0.04]  # twice the bound: half of the time
    await tell(gauge, 60)
    assert await rests(gauge) == [REST_SECONDS]
    assert await rests(gauge, bound_ms=0) == []
    assert round(RESTED._value.get() - before, 3) == 0.04 + REST_SECONDS


async def test_the_slowest_process_counts_and_is_forgotten_in_two_seconds(gauge: Redis) -> None:
    await tell(gauge, 0.1)
    await tell(gauge, 0.03)
    assert await rests(gauge) == [0.12]
    assert 0 < await gauge.pttl(KEY) <= HELD_MS
    await gauge.delete(KEY)  # as time does
    assert await rests(gauge) == []


async def test_without_redis_nobody_rests_and_nobody_fails() -> None:
    async with opened(f"redis://127.0.0.1:{free_port()}/0") as nobody:
        await tell(nobody, 60)
        assert await rests(nobody) == []


async def test_what_is_told_is_how_long_the_requests_of_the_last_second_took(gauge: Redis) -> None:
    door = REQUESTS.labels("graphql", "2xx")
    door.observe(5)  # before the first look
    latency = Latency(gauge)
    for _ in range(FEW - 1):
        door.observe(5)
    await latency.look()
    assert await gauge.get(KEY) is None  # too few
    for seconds in [0.02] * 90 + [0.2] * 10:
        door.observe(seconds)
    await latency.look()
    told = float(await gauge.get(KEY))
    assert 100 < told <= 250  # the step that 200 ms are in
    assert p95({0.01: 95, 0.1: 100, float("inf"): 100}) == 0.01
    assert p95({0.01: 0, 0.1: 0, float("inf"): 3}) == 0.1


class Odd:
    """In Redis's place, it fails as no server does, and sees to it that there is something to tell again."""

    def __init__(self) -> None:
        self.asked, self.again = 0, asyncio.Event()

    def eval(self, *_given: object) -> Any:
        """Is what telling calls."""
        self.asked += 1
        for _ in range(FEW):
            REQUESTS.labels("graphql", "2xx").observe(0.02)
        if self.asked > 1:
            self.again.set()
        raise LookupError("odd")


async def test_what_goes_wrong_once_is_told_a_second_later_all_the_same() -> None:
    odd = Odd()
    latency = Latency(cast(Redis, odd), every_seconds=0)
    for _ in range(FEW):
        REQUESTS.labels("graphql", "2xx").observe(0.02)
    with capture_logs() as logs:
        async with latency.told(), asyncio.timeout(5):
            await odd.again.wait()
    assert {each["event"] for each in logs} == {"latency.untold"}


class Losing(Odd):
    """In Redis's place, it loses the first cancellation, as asyncio's wait_for may before Python 3.12."""

    async def eval(self, *given: object) -> None:
        """Is what telling awaits."""
        with suppress(LookupError):
            super().eval(*given)
        if self.asked == 1:
            with suppress(asyncio.CancelledError):
                self.again.set()
                await asyncio.Event().wait()


async def test_telling_ends_though_a_cancellation_was_lost() -> None:
    losing = Losing()
    latency = Latency(cast(Redis, losing), every_seconds=0)
    for _ in range(FEW):
        REQUESTS.labels("graphql", "2xx").observe(0.02)
    async with asyncio.timeout(5):
        async with latency.told():
            await losing.again.wait()
    assert losing.asked == 1
