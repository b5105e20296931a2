"""Loaders: what is asked for at once is read at once, each key once, and nobody waits for less than everybody."""

import asyncio

import pytest

from api.loading import Loader


class Shelf:
    """Reads words, and remembers which keys it was asked for together."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.words = Loader(self.read)
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def read(self, keys: list[str]) -> list[str]:
        self.asked.append(keys)
        self.begun.set()
        await self.open.wait()
        if "broken" in keys:
            raise LookupError("broken")
        return [key.upper() for key in keys]


async def test_all_that_is_asked_for_at_once_is_read_at_once_and_each_key_once() -> None:
    shelf = Shelf()
    one, many, again = await asyncio.gather(
        shelf.words.load("a"), shelf.words.load_many(["b", "a", "b"]), shelf.words.load("b")
    )
    assert (one, many, again) == ("A", ["B", "A", "B"], "B")
    assert await shelf.words.load_many(["c", "a"]) == ["C", "A"]
    assert shelf.asked == [["a", "b"], ["c"]]


async def test_what_is_asked_for_while_something_is_read_is_read_by_itself() -> None:
    shelf = Shelf()
    shelf.open.clear()
    first = asyncio.create_task(shelf.words.load("a"))
    await shelf.begun.wait()
    second = asyncio.create_task(shelf.words.load_many(["a", "b"]))
    await asyncio.sleep(0)
    shelf.open.set()
    assert (await first, await second) == ("A", ["A", "B"])
    assert shelf.asked == [["a"], ["b"]]


async def test_an_error_is_that_of_everybody_who_asked_with_it_and_of_nobody_else() -> None:
    shelf = Shelf()
    assert await shelf.words.load("good") == "GOOD"
    ended = await asyncio.gather(shelf.words.load("a"), shelf.words.load("broken"), return_exceptions=True)
    assert [type(each) for each in ended] == [LookupError, LookupError]
    with pytest.raises(LookupError):
        await shelf.words.load_many(["good", "a"])
    assert await shelf.words.load("good") == "GOOD"


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    shelf = Shelf()
    shelf.open.clear()
    leaving, staying = (asyncio.create_task(shelf.words.load(key)) for key in ("a", "b"))
    await shelf.begun.wait()
    leaving.cancel()
    shelf.open.set()
    assert await staying == "B" and leaving.cancelled()


async def test_a_read_that_is_cut_off_leaves_nobody_waiting() -> None:
    shelf = Shelf()
    shelf.open.clear()
    before = asyncio.all_tasks()
    waiting = [asyncio.create_task(shelf.words.load(key)) for key in ("a", "b")]
    await shelf.begun.wait()
    (reading,) = asyncio.all_tasks() - before - {*waiting}
    reading.cancel()
    done, _ = await asyncio.wait(waiting, timeout=5)
    assert {each.cancelled() for each in done} == {True} and len(done) == 2


async def test_what_was_cleared_is_read_anew_even_while_it_is_being_read() -> None:
    shelf = Shelf()
    before = asyncio.create_task(shelf.words.load("a"))
    await asyncio.sleep(0)
    shelf.words.clear_all()
    assert await shelf.words.load("a") == "A" == await before
    assert shelf.asked == [["a"], ["a"]]
