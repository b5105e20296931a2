"""Buckets that all processes share, in Redis or Valkey; without the server each process counts for itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.bucket import CAPACITY, RESTORE_PER_SECOND, MemoryBucket, Throttle
from api.json_body import encode
from api.together import Together
from domain.refusals import Refused

_log: Final = structlog.get_logger("api.redis_bucket")
PREFIX: Final = "bucket:"
PATIENCE_SECONDS: Final = 0.25  # as long as one round trip may take; behind some that hang, a process counts for itself
_NUMBERS: Final = msgspec.json.Decoder(list[int])

# Time is the server's, so that processes with other clocks agree; a full bucket needs no key and expires. What is owed
# was granted already and is taken in any case, so that a level may be below zero for a while. Numbers come and go as
# one JSON text: the client reads and writes each argument by itself, which takes longer than the rest for many callers.
_SCRIPT: Final = """
local capacity, restore = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local wants, owes = cjson.decode(ARGV[3]), cjson.decode(ARGV[4])
local answers = {}
for place, key in ipairs(KEYS) do
  local points, owed = wants[place], owes[place]
  local kept = redis.call('HMGET', key, 'level', 'at')
  local level = tonumber(kept[1]) or capacity
  local passed = math.max(0, now - (tonumber(kept[2]) or now))
  level = math.min(capacity, math.min(capacity, level + passed * restore) - owed)
  local granted = 0
  if points <= level then
    level = level - points
    granted = 1
  end
  redis.call('HSET', key, 'level', tostring(level), 'at', tostring(now))
  redis.call('PEXPIRE', key, math.ceil((capacity - level) / restore * 1000) + 1000)
  answers[2 * place - 1], answers[2 * place] = granted, math.floor(level)
end
return cjson.encode(answers)
"""


class Ask(NamedTuple):
    """Points that a caller wants, all or none, and those that it owes, which are taken before them in any case."""

    caller: str
    points: int
    owed: int


class RedisBucket:
    """Buckets of all processes; while the server is away each process grants from a bucket of its own."""

    def __init__(self, redis: Redis, capacity: int = CAPACITY, restore_per_second: int = RESTORE_PER_SECOND) -> None:
        self._run = redis.register_script(_SCRIPT)
        self.capacity = capacity
        self.restore = restore_per_second
        self._own = MemoryBucket(capacity, restore_per_second)
        self._away = False
        self._taking: Together[Ask, Throttle] = Together(self._take, patience_seconds=PATIENCE_SECONDS)

    async def take(self, caller: str, points: int, owed: int = 0) -> Throttle:
        """Takes all the points or none, in a round trip that all share who ask at once."""
        ask = Ask(caller, points, owed)
        try:
            return await self._taking.value(ask)
        except Refused:  # round trips before it hang, so it never began
            return await self._alone(ask)

    async def give_back(self, caller: str, points: int) -> Throttle:
        """Returns points that were taken and not used."""
        return (await self.settle({caller: -points}))[caller]

    async def settle(self, owed: Mapping[str, int]) -> dict[str, Throttle]:
        """Takes what was granted before, in any case, or gives back what is below zero, for many callers in one round
        trip."""
        answers = await self._asked([Ask(caller, 0, points) for caller, points in owed.items()])
        if answers is None:
            return {caller: await self._own.give_back(caller, -points) for caller, points in owed.items()}
        return dict(zip(owed, answers, strict=True))

    async def _take(self, asks: Sequence[Ask]) -> list[Throttle]:
        answers = await self._asked(asks)
        return [await self._alone(ask) for ask in asks] if answers is None else answers

    async def _alone(self, ask: Ask) -> Throttle:
        await self._own.give_back(ask.caller, -ask.owed)
        return await self._own.take(ask.caller, ask.points)

    async def _asked(self, asks: Sequence[Ask]) -> list[Throttle] | None:
        """What the server says to each, one after the other; None where it is away."""
        keys = [PREFIX + ask.caller for ask in asks]
        wants, owes = encode([ask.points for ask in asks]), encode([ask.owed for ask in asks])
        try:
            told: Any = await self._run(keys, [self.capacity, self.restore, wants, owes])
        except (RedisError, OSError, TimeoutError) as error:
            self._note(away=True, cause=type(error).__name__)
            return None
        self._note(away=False)
        answer = _NUMBERS.decode(told)
        return [
            Throttle(bool(granted), int(level), self.capacity, self.restore)
            for granted, level in zip(answer[::2], answer[1::2], strict=True)
        ]

    def _note(self, away: bool, cause: str = "") -> None:
        """One line when the server goes and one when it is back, not one for each request."""
        if away != self._away:
            self._away = away
            _log.warning("bucket.alone" if away else "bucket.shared", cause=cause)
