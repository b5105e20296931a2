"""Telling the processes that serve live streams, by Redis, that something is new about a customer.

It is a hint and no more: the facts stand in the database, and whoever serves streams also looks there by itself.
"""

import asyncio
import logging
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.ids import CustomerId

CHANNELS: Final = "quittance:live:"  # one channel a customer: Redis drops at once what nobody listens for
WAITING_MAX: Final = 10_000  # customers not told of yet; more of them are found a few seconds later without a hint
REDIS_SECONDS: Final = 0.25  # it answers within a millisecond, or it is away
CLOSE_SECONDS: Final = 0.25  # the same: whoever ends does not wait for a server that is away
_LOG: Final = logging.getLogger("quittance.herald")


class Herald:
    """Called with a customer, it returns at once; hints about one customer that come close together become one."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._waiting: dict[CustomerId, None] = {}
        self._telling: asyncio.Task[None] | None = None
        self._redis: Redis | None = None

    def __call__(self, customer: CustomerId) -> None:
        if len(self._waiting) < WAITING_MAX:
            self._waiting[customer] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        if self._redis is None:
            self._redis = Redis.from_url(self._url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        while self._waiting:
            customers, self._waiting = self._waiting, {}
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for customer in customers:
                        pipe.publish(f"{CHANNELS}{customer}", b"")
                    await pipe.execute()
            except (RedisError, OSError) as error:
                _LOG.info("no live stream was told", extra={"cause": type(error).__name__})

    async def close(self) -> None:
        """Gives up what was not told yet, and the connection."""
        if self._telling is not None and not self._telling.done():
            await asyncio.wait((self._telling,), timeout=CLOSE_SECONDS)
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._redis is not None:
            await self._redis.aclose()
