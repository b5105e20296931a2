"""Waiting for something for a while, at no cost where it is there already: most bodies came with their headers."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What the work gives, begun in any case; TimeoutError where it has to wait and is not done in time."""
    steps = work.__await__()
    try:
        awaited = next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    async with asyncio.timeout(seconds):
        return await _rest(steps, awaited)


@coroutine
def _rest(steps: Generator[Any, Any, T], awaited: Any) -> Generator[Any, Any, T]:
    """The rest of work that has begun and waits for that."""
    while True:
        try:
            given = yield awaited
        except BaseException as error:  # what ends the wait ends it for the work, as if it were awaited
            go_on: Callable[[Any], Any] = steps.throw
            given = error
        else:
            go_on = steps.send
        try:
            awaited = go_on(given)
        except StopIteration as done:
            last: T = done.value
            return last
