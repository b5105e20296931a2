"""Reads by key, a batch at a time: what is asked for before the event loop comes round is read at once, each key once.

A page asks for the lines of fifty invoices in one call and waits for one future, where a DataLoader has one for each.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Batch(Generic[K, V]):
    """Keys that are read together; ``read`` is what was found for each, or the error that all of them share."""

    __slots__ = ("keys", "read", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.keys: list[K] = []
        self.read: asyncio.Future[Sequence[V]] = loop.create_future()
        self.task: asyncio.Task[None] | None = None

    async def found(self) -> Sequence[V]:
        # Several wait for it, and none of them may cancel it for the others.
        return self.read.result() if self.read.done() else await asyncio.shield(self.read)


_Place = tuple[_Batch[K, V], int]  # which value of which batch


class Wanted(Generic[K, V]):
    """What was asked for and may be under way."""

    __slots__ = ("_places",)

    def __init__(self, places: Sequence[_Place[K, V]]) -> None:
        self._places = places

    async def values(self) -> list[V]:
        """In the order of the keys; raises what reading any of them raised."""
        found = {batch: await batch.found() for batch in dict.fromkeys(batch for batch, _ in self._places)}
        return [found[batch][place] for batch, place in self._places]


class Loader(Generic[K, V]):
    """Keeps what it read until it is cleared; ``read`` gives a value for each of its keys, in their order."""

    def __init__(self, read: Callable[[list[K]], Awaitable[Sequence[V]]]) -> None:
        self._read = read
        self._kept: dict[K, _Place[K, V]] = {}
        self._open: _Batch[K, V] | None = None

    async def load(self, key: K) -> V:
        """The value of the key."""
        batch, place = self._place(key)
        return (await batch.found())[place]

    async def load_many(self, keys: Sequence[K]) -> list[V]:
        """The value of each key, in their order."""
        return await self.want(keys).values()

    def want(self, keys: Sequence[K]) -> Wanted[K, V]:
        """Begins to read what is not there yet."""
        return Wanted([self._place(key) for key in keys])

    def clear_all(self) -> None:
        """Forgets everything, so that what is asked for next is read after this."""
        self._kept.clear()
        self._open = None

    def _place(self, key: K) -> _Place[K, V]:
        open_ = self._open or self._opened()
        new = (open_, len(open_.keys))
        place = self._kept.setdefault(key, new)  # looked up once: hashing a key is most of what this takes
        if place is new:
            open_.keys.append(key)
            if new[1] == 0:
                asyncio.get_running_loop().call_soon(self._close, open_)
        return place

    def _opened(self) -> _Batch[K, V]:
        self._open = _Batch(asyncio.get_running_loop())
        return self._open

    def _close(self, batch: _Batch[K, V]) -> None:
        """Nothing joins the batch any more."""
        if self._open is batch:
            self._open = None
        batch.task = asyncio.ensure_future(self._fill(batch))

    async def _fill(self, batch: _Batch[K, V]) -> None:
        try:
            found = await self._read(batch.keys)
            if len(found) != len(batch.keys):
                raise ValueError("a loader reads a value for each key")
            batch.read.set_result(found)
        except asyncio.CancelledError:
            batch.read.cancel()  # else those who wait for it would wait for ever
            raise
        except Exception as error:
            batch.read.set_exception(error)


def by_owner(keys: Sequence[tuple[K, V]]) -> dict[K, list[V]]:
    """Keys of two parts by the first one."""
    first = keys[0][0] if keys else None
    of_first = [each for owner, each in keys if owner is first]
    if first is not None and len(of_first) == len(keys):  # nearly always, and then no owner has to be hashed
        return {first: of_first}
    groups: dict[K, list[V]] = defaultdict(list)
    for owner, each in keys:
        groups[owner].append(each)
    return groups
