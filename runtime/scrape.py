"""One scrape: what waits is looked for in the database and in Redis, and everything measured is printed."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import generate_latest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.database import Database
from domain.fanout.provider_events import listened_until
from domain.fanout.waiting import backlog
from domain.refusals import Refused
from runtime.measures import (
    DUE,
    DUE_AGE,
    EVENTS,
    EVENTS_AGE,
    INBOX,
    INBOX_AGE,
    LAG,
    LETTERS,
    LOOK_AGE,
    LOOKED,
    POOL,
    QUEUE,
    QUEUE_AGE,
    REGISTRY,
)
from runtime.wake import QUEUE as JOBS

REDIS_SECONDS: Final = 0.25  # it answers within a millisecond, or it is away
NO_ANSWER: Final = -1  # no count and no age is negative


class Scrape:
    """What monitoring reads; the servers are asked at most once in ``seconds``, however many scrape."""

    def __init__(self, db: Database, redis_url: str, seconds: float, accounts: Collection[str]) -> None:
        self._db, self._redis_url, self._seconds, self._accounts = db, redis_url, seconds, accounts
        self._looking = asyncio.Lock()
        self._looked_at: float | None = None

    async def text(self) -> bytes:
        """Everything measured, in Prometheus' text form; a server that is away leaves the last counts as they were."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if self._looked_at is None or now - self._looked_at >= self._seconds:
                await asyncio.gather(self._look_at_rows(), self._look_at_lag(), self._look_at_queue())
                self._looked_at = now
        POOL.labels("open").set(self._db.pool.get_size())
        POOL.labels("idle").set(self._db.pool.get_idle_size())
        return generate_latest(REGISTRY)

    async def _look_at_lag(self) -> None:
        lag = await self._db.lag()
        LAG.set(NO_ANSWER if lag is None else lag.total_seconds())

    async def _look_at_rows(self) -> None:
        now = self._db.clock.now()
        try:
            waiting = await backlog(self._db.primary, now)
            until = await listened_until(self._db.primary)
        except Refused:
            LOOKED.set(0)
            return
        LOOKED.set(1)
        DUE.set(waiting.due)
        EVENTS.set(waiting.events)
        INBOX.set(waiting.inbox)
        LETTERS.set(waiting.letters)
        for gauge, since in ((DUE_AGE, waiting.due_since), (EVENTS_AGE, waiting.events_since)):
            gauge.set(_age(now, since))
        INBOX_AGE.set(_age(now, waiting.inbox_since))
        for account in self._accounts:  # of one that was closed a row is left, and nobody looks any more
            LOOK_AGE.labels(account).set(_age(now, until[account]) if account in until else NO_ANSWER)

    async def _look_at_queue(self) -> None:
        try:
            # A connection for each look: nothing is held, nothing has to be closed, nothing outlives a restart.
            async with (
                asyncio.timeout(REDIS_SECONDS * 2),  # to connect, and to answer
                Redis.from_url(
                    self._redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
                ) as redis,
            ):
                jobs = await redis.zcard(JOBS)
                first = await redis.zrange(JOBS, 0, 0, withscores=True)
        except (RedisError, OSError):
            QUEUE.set(NO_ANSWER)
            QUEUE_AGE.set(NO_ANSWER)
            return
        QUEUE.set(jobs)
        # The score is when the job may begin, in milliseconds.
        since = [self._db.clock.now().timestamp() - score / 1000 for _, score in first]
        QUEUE_AGE.set(max(0.0, *since) if since else 0)


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(timedelta(0), now - since).total_seconds()
