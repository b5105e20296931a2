"""The hub of a process: it wakes each stream when something is new about the customer that it follows.

A hint wakes at once. A look at the database, one for each shard key and not for each stream, finds what no hint told
of: a lost hint delays, it never loses.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from api.live.hints import Hints
from domain.database import Database
from domain.db import kept
from domain.ids import CustomerId
from domain.timeline.news import Standing, standings

TICK_SECONDS: Final = 0.5  # how late it is noticed that the process is to stop: a small part of its seven seconds
LOOK_TICKS: Final = 2  # a second: what an update is late at most where Redis is away
HINTED_TICKS: Final = 6  # three seconds: with hints, this is only for what is written without a word to anybody
REST_SECONDS: Final = 1.0  # between two tries to read from a database that is away

_log: Final = structlog.get_logger("api.live")


class Follower:
    """One stream, asleep until something may be new for it."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may be new."""
        self._woken.set()

    async def woken(self) -> None:
        """Returns once it was woken since the last return; what was woken during a look counts for the next one."""
        await self._woken.wait()
        self._woken.clear()

    async def rested(self) -> None:
        """Returns after a while, or as soon as it is woken: what could not be read then is tried again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                await self._woken.wait()
        self._woken.clear()


class Hub:
    """All streams of a process by the customer that they follow; ``stopping`` says that the process is to end."""

    def __init__(self, db: Database, redis_url: str, stopping: Callable[[], bool]) -> None:
        self._db = db
        self._stopping = stopping
        self._followers: dict[CustomerId, set[Follower]] = defaultdict(set)
        self._seen: dict[CustomerId, Standing] = {}
        self._hints = Hints(redis_url, lambda: list(self._followers), self._wake, self._everybody)
        self.on_word: Callable[[], None] = lambda: None
        """What is done when something was said to all processes."""
        self.ended = False
        """Whether streams are to end, for their clients to go on at another process."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hears and looks until it is closed; then every stream ends."""
        works = [asyncio.ensure_future(work) for work in (self._hints.run(), self._look())]
        try:
            yield
        finally:
            self.end()
            for work in works:
                work.cancel()
            await asyncio.wait(works, timeout=TICK_SECONDS)

    @asynccontextmanager
    async def follow(self, customer: CustomerId) -> AsyncIterator[Follower]:
        """A follower that is woken whenever something is new about the customer."""
        follower = Follower()
        self._followers[customer].add(follower)
        try:
            if len(self._followers[customer]) == 1:
                await self._hints.join(customer)
            yield follower
        finally:
            self._followers[customer].discard(follower)
            if not self._followers[customer]:
                del self._followers[customer]
                self._seen.pop(customer, None)
                await self._hints.leave(customer)

    @property
    def hears(self) -> bool:
        """Whether what is said to all processes comes in at once."""
        return self._hints.heard

    async def tell_everybody(self) -> None:
        """Has every process, and this one before it returns, do what it does on a word to all."""
        self._everybody()
        await self._hints.tell_everybody()

    def _everybody(self) -> None:
        self.on_word()

    def end(self) -> None:
        """Ends every stream in order."""
        self.ended = True
        for customer in list(self._followers):
            self._wake(customer)

    def _wake(self, customer: CustomerId) -> None:
        for follower in self._followers.get(customer, ()):
            follower.wake()

    async def _look(self) -> None:
        ticks, looking = 0, kept(self._look_safely())
        try:
            while not self.ended:
                await asyncio.sleep(TICK_SECONDS)
                ticks += 1
                if self._stopping():  # noticed also while a silent database holds a look up
                    self.end()
                elif ticks >= (HINTED_TICKS if self._hints.heard else LOOK_TICKS) and looking.done():
                    ticks, looking = 0, kept(self._look_safely())
        finally:
            looking.cancel()

    async def _look_safely(self) -> None:
        try:
            await self._look_once()
        except Exception as error:  # whatever it was, the next look must come
            _log.warning("live.unseen", cause=type(error).__name__)

    async def _look_once(self) -> None:
        shards: dict[int, list[CustomerId]] = defaultdict(list)
        for customer in self._followers:
            shards[customer.shard].append(customer)
        for shard, customers in shards.items():
            for customer, standing in (await standings(self._db.primary, shard, customers)).items():
                if customer in self._followers and self._seen.get(customer) != standing:
                    self._seen[customer] = standing
                    self._wake(customer)
