"""Reads of many requests by one statement: who asks while a read is under way goes together with all others who do.

Where few ask nobody waits for anybody; where many do, each read serves all who would only have waited for a connection.
What somebody is told was read after it had asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from domain.db import ACQUIRE_SECONDS, unavailable

MOST: Final = 100  # keys of one read: as many as nobody notices waiting for, and far more than come at once
SLOW_SECONDS: Final = 0.005  # several times what a read takes: beyond that who comes begins another one beside it
TURNS: Final = 2  # of the event loop before a read of few: who is ready goes first, then who has come meanwhile joins
ENOUGH: Final = 8  # keys that are worth a read as they are
AT_ONCE: Final = 3  # reads under way, however slow they are: connections that are kept for them

K = TypeVar("K")
V = TypeVar("V")


class _Asked(NamedTuple, Generic[K, V]):
    """Who waits for a value: of which key, and until when for a read of it to begin."""

    key: K
    value: "asyncio.Future[V]"
    until: float


class Together(Generic[K, V]):
    """``read`` gives a value for each of its keys, in their order; an error of it is that of all who share the read.

    Where reads hang, whoever comes after them is told so in time, and does not wait behind them without a bound.
    """

    def __init__(
        self, read: Callable[[Sequence[K]], Awaitable[Sequence[V]]], slow_seconds: float = SLOW_SECONDS,
        patience_seconds: float = ACQUIRE_SECONDS,
    ) -> None:  # fmt: skip
        self._read, self._slow_seconds, self._patience_seconds = read, slow_seconds, patience_seconds
        self._waiting: list[_Asked[K, V]] = []
        self._under_way = 0
        self._began = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None

    async def value(self, key: K) -> V:
        """What a read that begins from now on gives for the key; UNAVAILABLE where none begins for too long."""
        loop = asyncio.get_running_loop()
        asked, now = loop.create_future(), loop.time()
        self._waiting.append(_Asked(key, asked, now + self._patience_seconds))
        if not self._under_way or (self._under_way < AT_ONCE and now - self._began > self._slow_seconds):
            self._under_way += 1
            self._began = now
            task = loop.create_task(self._read_on())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._look is None:
            self._look = loop.call_at(self._waiting[0].until, self._refuse)
        value: V = await asked
        return value

    def _refuse(self) -> None:
        """Tells those who have waited too long; the others are looked at when it may be their time."""
        loop, self._look = asyncio.get_running_loop(), None
        now = loop.time()
        late = [each for each in self._waiting if each.until <= now]
        self._waiting = self._waiting[len(late) :]
        for each in late:
            if not each.value.done():
                each.value.set_exception(unavailable())
        if self._waiting:
            self._look = loop.call_at(self._waiting[0].until, self._refuse)

    async def _read_on(self) -> None:
        """Reads for whoever waits until nobody does."""
        try:
            while self._waiting:
                await self._gather()
                if not self._waiting:  # others have read for them meanwhile, or they were told that it takes too long
                    return
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                self._began = asyncio.get_running_loop().time()
                await self._tell(batch)
        finally:  # in the same turn in which nobody was waiting: whoever asks next begins anew
            self._under_way -= 1

    async def _gather(self) -> None:
        """Lets a busy process come to those who would just miss the read; an idle one goes round at once."""
        for _ in range(TURNS):
            if len(self._waiting) < ENOUGH:
                self._began = asyncio.get_running_loop().time()  # a turn of a busy process is no slow read
                await asyncio.sleep(0)

    async def _tell(self, batch: Sequence[_Asked[K, V]]) -> None:
        try:
            found = await self._read([each.key for each in batch])
        except Exception as error:
            for each in batch:
                if not each.value.done():  # its request may have gone away
                    each.value.set_exception(error)
        else:
            for each, value in zip(batch, found, strict=True):
                if not each.value.done():
                    each.value.set_result(value)
        finally:  # where the read was cancelled, as in a process that stops, nobody waits for ever
            for each in batch:
                each.value.cancel()
