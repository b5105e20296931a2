"""A bucket of points per caller: requests take their cost from it, time fills it again."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain
from typing import Any, Final, NamedTuple, Protocol

from api.errors import Code, Fault
from api.weigh import MUTATION_COST, OBJECT_COST

CAPACITY: Final = 1_000  # one request of the highest cost at once
RESTORE_PER_SECOND: Final = 100  # what Shopify gives its standard plan
CALLERS_MAX: Final = 10_000  # about 2 MB; a forgotten caller starts with a full bucket

_CONTAINERS: Final = frozenset({dict, list})  # what objects of an answer are in


class Throttle(NamedTuple):
    """What a bucket answers: whether the points were taken, and how full it is now; below zero where more was granted
    than there was, which fills first."""

    granted: bool
    available: int
    maximum: int = CAPACITY
    restore_per_second: int = RESTORE_PER_SECOND

    @property
    def left(self) -> int:
        """Points that there are for a caller to see."""
        return max(0, self.available)

    def status(self) -> dict[str, int]:
        """``throttleStatus`` in Shopify's words."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": self.left,
            "restoreRate": self.restore_per_second,
        }

    def retry_after_seconds(self, points: int) -> int:
        """Whole seconds until ``points`` will be there."""
        return max(1, math.ceil((points - self.available) / self.restore_per_second))


class Bucket(Protocol):
    """Counts points per caller; may forget, never blocks for longer than its store's time-out."""

    async def take(self, caller: str, points: int) -> Throttle:
        """Takes all the points or none."""

    async def give_back(self, caller: str, points: int) -> Throttle:
        """Returns points that were taken and not used."""


class MemoryBucket:
    """Buckets of one process; ``now`` gives seconds that never go back."""

    def __init__(
        self,
        capacity: int = CAPACITY,
        restore_per_second: int = RESTORE_PER_SECOND,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._restore = restore_per_second
        self._now = now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def take(self, caller: str, points: int) -> Throttle:
        level = self._level(caller)
        granted = points <= level
        return self._keep(caller, level - points if granted else level, granted)

    async def give_back(self, caller: str, points: int) -> Throttle:
        return self._keep(caller, min(self._capacity, self._level(caller) + points), True)

    def _level(self, caller: str) -> float:
        level, at = self._levels.get(caller, (self._capacity, self._now()))
        return min(self._capacity, level + (self._now() - at) * self._restore)

    def _keep(self, caller: str, level: float, granted: bool) -> Throttle:
        self._levels[caller] = (level, self._now())
        self._levels.move_to_end(caller)
        if len(self._levels) > CALLERS_MAX:
            self._levels.popitem(last=False)
        return Throttle(granted, int(level), self._capacity, self._restore)


def throttled(throttle: Throttle, points: int) -> Fault:
    """The Fault of a request that the bucket does not hold enough points for."""
    seconds = throttle.retry_after_seconds(points)
    message = f"Too many requests: this one costs {points} points and {throttle.left} are left."
    return Fault(Code.THROTTLED, message, retryAfterSeconds=seconds)


def actual_cost(data: object, requested: int, mutations: int, work: int = 0, objects: int | None = None) -> int:
    """Points that an answer was worth: its objects, which are counted unless it is known how many there are, its
    mutations and other work, at least 1, never more than was requested."""
    count = objects_in(data) if objects is None else objects
    points = MUTATION_COST * mutations + work + OBJECT_COST * (count - 1)  # the root object is free
    return max(1, min(requested, points))


def objects_in(data: object) -> int:
    """How many there are in an answer, counted level by level: of a long list one by one would take twice as long."""
    count, level = 0, [data]
    while level:
        objects = [item for item in level if type(item) is dict]
        lists = [item for item in level if type(item) is list]
        count += len(objects)
        below = chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(lists))
        level = [item for item in below if type(item) in _CONTAINERS]
    return count


def cost_extension(requested: int, actual: int | None, throttle: Throttle) -> dict[str, Any]:
    """``extensions.cost`` in Shopify's shape; ``actual`` is None when nothing ran."""
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": throttle.status()}
