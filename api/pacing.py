"""No caller's unpaid texts take more than a tenth of a process: while one is checked no other request goes on.

So a caller whose text was refused, or who had no points for it, has its next unknown one looked at nine times as long
later as that took, and meanwhile the process is there for everybody else. Who mistypes now and then never notices.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

REST: Final = 9.0  # times what a refusal took: a tenth of the time is a caller's at most
REST_MOST_SECONDS: Final = 1.0  # after a text that took longer than any that is within the limits
CALLERS: Final = 1_000  # who was refused lately; beyond that the longest ago are forgotten


class Pacing:
    """When each caller may have its next text looked at; ``now`` gives seconds that never go back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._rests: OrderedDict[str, float] = OrderedDict()

    async def turn(self, caller: str) -> float:
        """Waits until it is the caller's turn, however many of its requests wait; gives the time of its beginning."""
        while (left := self._rests.get(caller, 0.0) - self._now()) > 0:  # noqa: ASYNC110  # time ends it, no event
            await asyncio.sleep(left)
        return self._now()

    def since(self, began: float) -> float:
        """Seconds since then."""
        return self._now() - began

    def refused(self, caller: str, took_seconds: float) -> None:
        """Its text was looked at for so long just now, and nothing was paid for that."""
        self._rests[caller] = self._now() + min(REST_MOST_SECONDS, REST * took_seconds)
        self._rests.move_to_end(caller)
        if len(self._rests) > CALLERS:
            self._rests.popitem(last=False)
