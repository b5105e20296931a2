"""Buckets that all processes share, in Redis or Valkey; without the server each process counts for itself."""

from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.bucket import CAPACITY, RESTORE_PER_SECOND, MemoryBucket, Throttle

_log: Final = structlog.get_logger("api.redis_bucket")
_PREFIX: Final = "bucket:"

# Time is the server's, so that processes with other clocks agree; a full bucket needs no key and expires.
_SCRIPT: Final = """
local capacity, restore, points = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = tonumber(kept[1]) or capacity
local passed = math.max(0, now - (tonumber(kept[2]) or now))
level = math.min(capacity, level + passed * restore)
local granted = 0
if points <= level then
  level = math.min(capacity, level - points)
  granted = 1
end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - level) / restore * 1000) + 1000)
return {granted, math.floor(level)}
"""


class RedisBucket:
    """Buckets of all processes; while the server is away each process grants from a bucket of its own."""

    def __init__(self, redis: Redis, capacity: int = CAPACITY, restore_per_second: int = RESTORE_PER_SECOND) -> None:
        self._run = redis.register_script(_SCRIPT)
        self._capacity = capacity
        self._restore = restore_per_second
        self._own = MemoryBucket(capacity, restore_per_second)
        self._away = False

    async def take(self, caller: str, points: int) -> Throttle:
        """Takes all the points or none, in one round trip."""
        return await self._asked(caller, points) or await self._own.take(caller, points)

    async def give_back(self, caller: str, points: int) -> Throttle:
        """Returns points that were taken and not used."""
        return await self._asked(caller, -points) or await self._own.give_back(caller, points)

    async def _asked(self, caller: str, points: int) -> Throttle | None:
        try:
            answer: Any = await self._run([_PREFIX + caller], [self._capacity, self._restore, points])
        except (RedisError, OSError, TimeoutError) as error:
            self._note(away=True, cause=type(error).__name__)
            return None
        self._note(away=False)
        return Throttle(bool(answer[0]), int(answer[1]), self._capacity, self._restore)

    def _note(self, away: bool, cause: str = "") -> None:
        """One line when the server goes and one when it is back, not one for each request."""
        if away != self._away:
            self._away = away
            _log.warning("bucket.alone" if away else "bucket.shared", cause=cause)
