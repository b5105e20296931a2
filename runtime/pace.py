"""How batches keep out of the way of requests: API processes tell by Redis how long those take, and workers rest.

It is a hint and no more. What is told is held for two seconds, the longest of all processes; where nobody tells
anything, because nobody asks or Redis is away, batches go on at full speed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from runtime.measures import RESTED

KEY: Final = "quittance:request_ms"
HELD_MS: Final = 2_000  # above the second between two tellings, so that one that is calm does not hide a busy one
REST_SECONDS: Final = 0.5  # the longest after a batch: also where requests take for ever, twenty fit into a job's time
REDIS_SECONDS: Final = 0.25  # it answers within a millisecond, or it is away
LOG: Final = logging.getLogger("quittance.pace")
_TELL: Final = """
if tonumber(ARGV[1]) >= tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
"""


async def tell(redis: Redis, seconds: float) -> None:
    """Says how long requests of this process take; a shorter time of another process does not hide it."""
    try:
        answer: Any = redis.eval(_TELL, 1, KEY, str(round(seconds * 1000, 1)), str(HELD_MS))
        await answer
    except (RedisError, OSError) as error:
        LOG.info("no worker was told how long requests take", extra={"cause": type(error).__name__})


class Pace:
    """Called after each batch with the time it took, it rests the longer the further requests are above the bound.

    At twice the bound it rests as long as the batch took, so that half of the time is the requests'.
    """

    def __init__(
        self, redis: Redis, bound_ms: float, rest: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._redis, self._bound_ms, self._rest = redis, bound_ms, rest

    async def __call__(self, took: timedelta) -> None:
        """Returns at once where requests are within the bound, or the bound is 0."""
        over = await self._requests_ms() / self._bound_ms - 1 if self._bound_ms else 0.0
        if over > 0:
            seconds = min(took.total_seconds() * over, REST_SECONDS)
            RESTED.inc(seconds)
            await self._rest(seconds)

    async def _requests_ms(self) -> float:
        try:
            return float(await self._redis.get(KEY) or 0)
        except (RedisError, OSError):  # what else fails without Redis is logged already
            return 0.0


def opened(redis_url: str) -> Redis:
    """A connection for a process that rests by it."""
    client: Redis = Redis.from_url(redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    return client
