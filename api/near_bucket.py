"""The shared buckets as one process knows them: who has plenty left is granted at once, and the others are told soon.

A caller near its limit is judged by the shared bucket alone. One with more than half of its points left is judged by
what the shared bucket said last, so that its request waits for nobody; at most twenty milliseconds later all that was
granted so is told in one round trip. What several processes grant meanwhile beyond a bucket is owed: its level goes
below zero, and the caller waits for as long as that takes to fill.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Final

from api.bucket import CALLERS_MAX, Throttle
from api.redis_bucket import RedisBucket

TELL_SECONDS: Final = 0.02  # so much later others know; a thousand requests a second share fifty round trips
BELIEVED_SECONDS: Final = 5.0  # half of what fills an empty bucket: nobody was judged wrongly for long
PLENTY: Final = 0.5  # of a bucket; a request may cost all of it, and then it is asked about


class NearBucket:
    """Grants from a bucket that all processes share; ``now`` gives seconds that never go back."""

    def __init__(self, shared: RedisBucket, now: Callable[[], float] = time.monotonic) -> None:
        self._shared, self._now = shared, now
        self._known: OrderedDict[str, tuple[float, float, float]] = OrderedDict()  # level, when it was so, told until
        self._owed: dict[str, int] = {}
        self._telling: asyncio.Task[None] | None = None

    async def take(self, caller: str, points: int) -> Throttle:
        """Takes all the points or none."""
        throttle = self._granted(caller, points, self._shared.capacity * PLENTY)
        if throttle is not None:
            return throttle
        owed = self._owed.pop(caller, 0)
        try:
            throttle = await self._shared.take(caller, points, owed)
        except Exception:  # who leaves is told with all others who asked, and owes nothing any more
            self._owe(caller, owed)  # whether it was heard is unknown: better told twice than never
            raise
        self._learn(caller, throttle)
        return throttle

    async def give_back(self, caller: str, points: int) -> Throttle:
        """Returns points that were taken and not used."""
        known = self._granted(caller, -points)
        if known is not None:
            return known
        throttle = await self._shared.give_back(caller, points)
        self._learn(caller, throttle)
        return throttle

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Tells what is owed when it is left, and nothing after that: the server's connections are closed then."""
        try:
            yield
        finally:
            if self._telling is not None:
                self._telling.cancel()
                await asyncio.wait({self._telling})
            await self.tell()

    async def tell(self) -> None:
        """Tells the shared bucket what was granted since it was told last, and learns what it says."""
        owed, self._owed = self._owed, {}
        if not owed:
            return
        try:
            answers = await self._shared.settle(owed)
        except BaseException:
            for caller, points in owed.items():  # whoever is told late still owes it
                self._owed[caller] = self._owed.get(caller, 0) + points
            raise
        for caller, throttle in answers.items():
            self._learn(caller, throttle)

    def _granted(self, caller: str, points: int, least: float = -inf) -> Throttle | None:
        """Takes the points of what the caller has left as far as this process knows; None where it does not know any
        more, or where fewer than ``least`` would be left."""
        known = self._known.get(caller)
        now, capacity, restore = self._now(), self._shared.capacity, self._shared.restore
        if known is None or now >= known[2]:
            return None
        level, at, until = known
        left = min(capacity, min(capacity, level + (now - at) * restore) - points)
        if left < least:
            return None
        self._known[caller] = (left, now, until)
        self._owe(caller, points)
        return Throttle(True, int(left), capacity, restore)

    def _owe(self, caller: str, points: int) -> None:
        self._owed[caller] = self._owed.get(caller, 0) + points
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell_soon())

    def _learn(self, caller: str, throttle: Throttle) -> None:
        """What the shared bucket says, less what was granted while it was asked."""
        now = self._now()
        self._known[caller] = (throttle.available - self._owed.get(caller, 0), now, now + BELIEVED_SECONDS)
        self._known.move_to_end(caller)
        if len(self._known) > CALLERS_MAX:
            self._known.popitem(last=False)

    async def _tell_soon(self) -> None:
        while self._owed:
            await asyncio.sleep(TELL_SECONDS)
            await self.tell()
