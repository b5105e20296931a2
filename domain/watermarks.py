"""How far the primary had written at which instant: what a replica has replayed is as old as the newest it reached.

The replica itself cannot tell: one whose connection stands still believes that nothing was written meanwhile.
"""

import asyncio
from collections import deque
from datetime import datetime

from domain.clock import Clock
from domain.db import Primary
from domain.refusals import Refused

EVERY_SECONDS = 1  # history may look this much older than it is; looking more often would load the primary for nothing
PATIENCE_SECONDS = 0.2  # history does not wait longer for a primary that does not answer
KEPT = 60  # a minute of them; history older than half of that is refused anyway


class Watermarks:
    """Of one process; taken while somebody asks, once a second at most."""

    def __init__(self, primary: Primary, clock: Clock) -> None:
        self._primary, self._clock = primary, clock
        self._marks: deque[tuple[datetime, int]] = deque(maxlen=KEPT)
        self._look: asyncio.Task[None] | None = None
        self._next_seconds = 0.0

    async def refresh(self) -> None:
        """Takes a mark if the last one is old; a primary that is away or slow leaves those there are."""
        now_seconds = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and now_seconds >= self._next_seconds):
            self._look, self._next_seconds = asyncio.ensure_future(self._take()), now_seconds + EVERY_SECONDS
        if not self._look.done():
            await asyncio.wait({self._look}, timeout=PATIENCE_SECONDS)

    async def _take(self) -> None:
        at = self._clock.now()
        try:
            lsn = await self._primary.fetchval("SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn")
        except Refused:
            return
        self._marks.append((at, int(lsn)))

    def reached(self, lsn: int) -> datetime | None:
        """The latest instant whose writes all lie at or before the position, or None where none is known."""
        return max((at for at, mark in self._marks if mark <= lsn), default=None)
