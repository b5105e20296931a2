"""kill -9 of the product's processes at random moments, and how long each takes to be of use again."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import httpx2
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dev.story.client import Client, Failed, until
from tests.crash.storm import HISTORY, Weather
from tests.scraping import scrape
from tests.story.product import Product

VICTIMS: Final = ("api", "worker", "primary", "replica", "valkey")
PAIRS: Final = 0.25  # how often two die at once
PATIENCE_SECONDS = 120.0  # that nothing has to do with how soon it should be: a busy machine takes its time


@dataclass
class Reaper:
    """Kills in rounds of all victims, each round in an order of its own."""

    running: Product
    http: httpx2.AsyncClient
    weather: Weather
    reader: Client
    chance: random.Random
    afterwards: Callable[[], Awaitable[None]]  # done once what was killed is of use again
    pauses: tuple[float, float] = (0.5, 3.0)  # seconds, drawn between a recovery and the next kill
    killed: Counter[str] = field(default_factory=Counter)
    recovered: dict[str, list[float]] = field(default_factory=dict)

    async def reap(self, enough: Callable[[], bool], least: int) -> None:
        """Kills until it is enough, and each victim at least so often."""
        while not enough() or min(self.killed[each] for each in VICTIMS) < least:
            left = self.chance.sample(VICTIMS, len(VICTIMS))
            while left:
                number = 2 if len(left) > 1 and self.chance.random() < PAIRS else 1
                together, left = left[:number], left[number:]
                await asyncio.gather(*(self._kill(victim) for victim in together))
                await self.afterwards()
                await _for_a_while(self.chance.uniform(*self.pauses))

    async def _kill(self, victim: str) -> None:
        """Kills it, and waits until its successor was of use; the time counts from the successor's start."""
        before = self.running.launcher.record()[victim]["pid"]
        self.running.launcher.kill(victim)
        self.killed[victim] += 1

        async def started() -> bool | None:
            return True if self.running.launcher.record()[victim]["pid"] != before else None

        await until(started, f"a new {victim}", PATIENCE_SECONDS)
        start = time.monotonic()
        useful: dict[str, Callable[[float], Awaitable[bool]]] = {
            "worker": self._works, "valkey": self._is_listened_to, "replica": self._is_read
        }  # fmt: skip
        look = useful.get(victim, self._answers)

        async def is_useful() -> bool | None:
            return True if await look(start) else None

        await until(is_useful, f"the use of a new {victim}", PATIENCE_SECONDS)
        self.recovered.setdefault(victim, []).append(time.monotonic() - start)

    async def _answers(self, start: float) -> bool:
        return self.weather.first_after(start)

    async def _is_read(self, start: float) -> bool:
        try:
            body, again = await self.reader._once(HISTORY, {})
        except Failed:
            return False
        return not again and body["viewer"]["customer"]["invoices"]["source"] == "REPLICA"

    async def _works(self, start: float) -> bool:
        try:
            page = await scrape(self.http, self.running.worker)
        except httpx2.HTTPError:
            return False
        return "quittance_job_seconds_count{job=" in page.text and 'outcome="done"' in page.text

    async def _is_listened_to(self, start: float) -> bool:
        """Whether a worker reads its hints there."""
        try:
            async with Redis.from_url(self.running.launcher.servers().redis_url) as redis:
                readers = await redis.client_list()
        except (RedisError, OSError):
            return False
        return any(each["cmd"] == "blpop" for each in readers) and self.weather.first_after(start)


async def _for_a_while(seconds: float) -> None:
    """Lets the storm rage undisturbed; nothing is expected to have happened then."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
