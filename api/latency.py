"""How long GraphQL requests of this process take at the moment, told every second to workers that would be in the way.

It is read off the histogram that monitoring sees, so a request pays nothing for it.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog
from redis.asyncio import Redis

from api.measures import REQUEST_P95, REQUESTS
from api.repeating import repeated
from runtime.pace import tell

TOLD_SECONDS: Final = 1.0  # a run of renewals lasts minutes
FEW: Final = 20  # requests in a second of which the slowest says nothing of the others
PART: Final = 0.95  # what is slow for one in twenty is felt; one in a hundred would be a single request
DOOR: Final = "graphql"
Steps = Mapping[float, float]
"""How many requests took at most so many seconds, by the bounds of the histogram."""
_log: Final = structlog.get_logger("api.latency")


class Latency:
    """What has come since the last look."""

    def __init__(self, redis: Redis, every_seconds: float = TOLD_SECONDS) -> None:
        self._redis, self._every_seconds = redis, every_seconds
        self._before = _steps()

    async def look(self) -> None:
        """Tells the 95th percentile of the requests since the last look, unless they were few."""
        now = _steps()
        since = {bound: count - self._before.get(bound, 0) for bound, count in now.items()}
        self._before = now
        enough = max(since.values(), default=0) >= FEW
        REQUEST_P95.set(p95(since) if enough else 0)
        if enough:
            await tell(self._redis, p95(since))

    def told(self) -> AbstractAsyncContextManager[None]:
        """Looks every second while it is entered, also after a look that failed."""
        return repeated(self._every_seconds, self._look_safely)

    async def _look_safely(self) -> None:
        try:
            await self.look()
        except Exception as error:  # whatever it was, workers are to hear of the next second
            _log.error("latency.untold", exc_info=error)


def p95(steps: Steps) -> float:
    """The 95th percentile in seconds, evenly spread within the step it falls into; the last bound where it is above."""
    wanted, before, below = PART * max(steps.values()), 0.0, 0.0
    for bound, count in sorted(steps.items()):
        if count >= wanted:
            share = (wanted - before) / (count - before)
            return below if bound == float("inf") else below + share * (bound - below)
        before, below = count, bound
    return below


def _steps() -> dict[float, float]:
    found: dict[float, float] = {}
    for measure in REQUESTS.collect():
        for sample in measure.samples:
            if sample.name.endswith("_bucket") and sample.labels["door"] == DOOR:
                bound = float(sample.labels["le"])
                found[bound] = found.get(bound, 0) + sample.value
    return found
