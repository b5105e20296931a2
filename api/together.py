"""Reads of many requests by one statement: who asks while a read is under way goes together with all others who do.

Where few ask nobody waits for anybody; where many do, each read serves all who would only have waited for a connection.
What somebody is told was read after it had asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

MOST: Final = 100  # keys of one read: as many as nobody notices waiting for, and far more than come at once
SLOW_SECONDS: Final = 0.005  # several times what a read takes: beyond that who comes begins another one beside it
AT_ONCE: Final = 3  # reads under way, however slow they are: connections that are kept for them

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """``read`` gives a value for each of its keys, in their order; an error of it is that of all who share the read."""

    def __init__(
        self, read: Callable[[Sequence[K]], Awaitable[Sequence[V]]], slow_seconds: float = SLOW_SECONDS
    ) -> None:
        self._read, self._slow_seconds = read, slow_seconds
        self._waiting: list[tuple[K, asyncio.Future[V]]] = []
        self._under_way = 0
        self._began = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def value(self, key: K) -> V:
        """What a read that begins from now on gives for the key."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[V] = loop.create_future()
        self._waiting.append((key, asked))
        if not self._under_way or (self._under_way < AT_ONCE and loop.time() - self._began > self._slow_seconds):
            self._under_way += 1
            self._began = loop.time()
            task = loop.create_task(self._read_on())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asked

    async def _read_on(self) -> None:
        """Reads for whoever waits until nobody does."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                self._began = asyncio.get_running_loop().time()
                await self._tell(batch)
        finally:  # in the same turn in which nobody was waiting: whoever asks next begins anew
            self._under_way -= 1

    async def _tell(self, batch: Sequence[tuple[K, "asyncio.Future[V]"]]) -> None:
        try:
            found = await self._read([key for key, _ in batch])
        except Exception as error:
            for _, asked in batch:
                if not asked.done():  # its request may have gone away
                    asked.set_exception(error)
        else:
            for (_, asked), value in zip(batch, found, strict=True):
                if not asked.done():
                    asked.set_result(value)
        finally:  # where the read was cancelled, as in a process that stops, nobody waits for ever
            for _, asked in batch:
                asked.cancel()
