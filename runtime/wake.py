"""Waking a worker by a hint in Redis. A hint that is lost costs a second, since workers also look by themselves."""

import asyncio
import logging

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.ids import CustomerId

QUEUE = "quittance:jobs"  # the sorted set of jobs in Redis, by when each may begin
HINTS = "quittance:wake"  # the list in Redis; a hint is what there is work for and its id
HINTS_MAX = 10_000  # a few seconds of a busy day: without workers the list must not grow for ever
BUDGET_SECONDS = 0.1  # a caller never waits longer for a queue that it does not need
LOG = logging.getLogger("quittance.wake")


class Waker:
    """Says what there is to do; a Redis that is away or slow is logged and otherwise without effect.

    What is said while one connection is busy goes together over the next: nothing is held, nothing has to be closed,
    nothing outlives a restart, and a rush of hints does not open a connection for each.
    """

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._waiting: list[tuple[bytes, asyncio.Future[bool]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def event(self, key: str) -> bool:
        """A provider's event came in; whether somebody will hear of it at once."""
        return await self._hint("event", key)

    async def customer(self, customer: CustomerId) -> bool:
        """A customer has events or work that is due now; whether somebody will hear of it at once."""
        return await self._hint("customer", str(customer))

    async def _hint(self, kind: str, id: str) -> bool:
        heard: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((msgspec.json.encode([kind, id]), heard))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await heard

    async def _send(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting, []
                pushed = False
                try:
                    pushed = await self._push([hint for hint, _ in now])
                finally:
                    _tell(now, pushed=pushed)
        finally:
            left, self._waiting = self._waiting, []
            _tell(left, pushed=False)

    async def _push(self, hints: list[bytes]) -> bool:
        try:
            async with (
                # Outside of the time-out, which would leave the connection open if it fell into the closing of it.
                Redis.from_url(self._url, socket_connect_timeout=BUDGET_SECONDS) as redis,
                asyncio.timeout(BUDGET_SECONDS),
                redis.pipeline(transaction=False) as pipe,
            ):
                pipe.rpush(HINTS, *hints)
                pipe.ltrim(HINTS, -HINTS_MAX, -1)
                await pipe.execute()
        except (RedisError, OSError) as error:  # a time-out is an OSError
            LOG.info("no worker was woken", extra={"hints": len(hints), "cause": type(error).__name__})
            return False
        return True


def _tell(said: list[tuple[bytes, "asyncio.Future[bool]"]], *, pushed: bool) -> None:
    for _, heard in said:
        if not heard.done():  # who asked may have gone
            heard.set_result(pushed)
