"""What many requests ask at once is read at once, and nobody is told what was read before it asked."""

import asyncio
from collections.abc import Sequence
from math import inf

import pytest

from api.together import AT_ONCE, Together
from domain.refusals import RefusalCode, Refused


class Shelf:
    """Reads that end when they are let; notes what each was asked for."""

    def __init__(self) -> None:
        self.reads: list[list[int]] = []
        self.value = "old"
        self.open = asyncio.Event()
        self.fails = False

    async def read(self, keys: Sequence[int]) -> list[str]:
        self.reads.append(list(keys))
        found = [f"{self.value} {key}" for key in keys]
        await self.open.wait()
        if self.fails:
            raise OSError("away")
        return found


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_while_a_read_is_under_way_goes_with_all_others_and_sees_what_is_true_then() -> None:
    shelf = Shelf()
    together = Together(shelf.read, slow_seconds=inf)
    first = asyncio.ensure_future(together.value(1))
    await _settle()
    shelf.value = "new"
    others = [asyncio.ensure_future(together.value(key)) for key in (2, 3, 2)]
    await _settle()
    assert shelf.reads == [[1]]
    shelf.open.set()
    assert await first == "old 1"
    assert await asyncio.gather(*others) == ["new 2", "new 3", "new 2"]
    assert shelf.reads == [[1], [2, 3, 2]]
    for key in range(3):  # one after the other, each as soon as the one before was told
        assert await together.value(key) == f"new {key}"


async def test_who_comes_a_turn_later_goes_with_the_first() -> None:
    shelf = Shelf()
    shelf.open.set()
    together = Together(shelf.read, slow_seconds=inf)
    first = asyncio.ensure_future(together.value(1))
    await asyncio.sleep(0)
    assert list(await asyncio.gather(first, together.value(2))) == ["old 1", "old 2"]
    assert shelf.reads == [[1, 2]]


async def test_an_error_is_told_to_all_who_shared_the_read_and_to_nobody_after_it() -> None:
    shelf = Shelf()
    shelf.fails = True
    shelf.open.set()
    together = Together(shelf.read)
    ended = await asyncio.gather(together.value(1), together.value(2), return_exceptions=True)
    assert [type(each) for each in ended] == [OSError, OSError]
    shelf.fails = False
    assert await together.value(3) == "old 3"


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    shelf = Shelf()
    together = Together(shelf.read, slow_seconds=inf)
    leaving, staying = [asyncio.ensure_future(together.value(key)) for key in (1, 2)]
    await _settle()
    leaving.cancel()
    shelf.open.set()
    assert await staying == "old 2"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_read_that_hangs_holds_up_nobody_who_comes_later() -> None:
    shelf = Shelf()
    together = Together(shelf.read, slow_seconds=-1.0)  # whatever is under way has taken too long
    asked = []
    for key in range(AT_ONCE + 2):
        asked.append(asyncio.ensure_future(together.value(key)))
        await _settle()
    assert shelf.reads == [[key] for key in range(AT_ONCE)]
    shelf.open.set()
    assert await asyncio.gather(*asked) == [f"old {key}" for key in range(AT_ONCE + 2)]


async def test_who_would_wait_behind_reads_that_hang_is_told_so_and_the_next_one_reads_again() -> None:
    shelf = Shelf()
    together = Together(shelf.read, slow_seconds=-1.0, patience_seconds=0.0)
    hanging = []
    for key in range(AT_ONCE):
        hanging.append(asyncio.ensure_future(together.value(key)))
        await _settle()
    late = await asyncio.gather(*(together.value(key) for key in (7, 8)), return_exceptions=True)
    assert [each.code for each in late if isinstance(each, Refused)] == [RefusalCode.UNAVAILABLE] * 2
    shelf.open.set()
    assert await asyncio.gather(*hanging) == [f"old {key}" for key in range(AT_ONCE)]
    assert await together.value(9) == "old 9"
    assert shelf.reads == [*([key] for key in range(AT_ONCE)), [9]]


async def test_of_two_reads_that_begin_at_once_only_one_is_made_where_that_is_for_all() -> None:
    shelf = Shelf()
    shelf.open.set()
    together = Together(shelf.read, slow_seconds=-1.0)
    assert list(await asyncio.gather(together.value(1), together.value(2))) == ["old 1", "old 2"]
    await _settle()
    assert shelf.reads == [[1, 2]]
