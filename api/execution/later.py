"""What has to be awaited for an answer: work that can be thrown away before it began, and a wait for several."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import Any


class Later:
    """A coroutine that is made when it is awaited, at most once; until then it can be thrown away with all it holds.

    ``held`` are the awaitables that it will await: resolvers' own and other Laters.
    """

    __slots__ = ("_given", "_work", "held")

    def __init__(self, work: Callable[..., Coroutine[Any, Any, Any]], *given: Any, held: Sequence[Any]) -> None:
        self._work = work
        self._given = given
        self.held = held

    def begin(self) -> Coroutine[Any, Any, Any]:
        """The coroutine."""
        return self._work(*self._given)

    def __await__(self) -> Any:
        return self._work(*self._given).__await__()


def throw_away(laters: Iterable[Any]) -> None:
    """Closes what was never begun, down to the coroutines of resolvers; what has begun or ended is left as it is."""
    for each in laters:
        if type(each) is Later:
            throw_away(each.held)
        elif type(each) is CoroutineType and getcoroutinestate(each) == CORO_CREATED:
            each.close()
        elif isinstance(each, asyncio.Future):
            each.add_done_callback(_seen)


def _seen(future: "asyncio.Future[Any]") -> None:
    """Asks for the error that nobody waits for any more: asyncio would log it as forgotten."""
    if not future.cancelled():
        future.exception()


async def gathered(results: Any, waiting: Sequence[Any]) -> Any:
    """The same container with the Laters at the places ``waiting`` replaced by what they gave, all under way at once.

    Where some fail, the error of the first place is raised once all have ended. None is cancelled for another's sake:
    the future of a loader that one of them awaits may be awaited elsewhere too, and would be cancelled there as well.
    """
    if len(waiting) == 1:  # no task of its own
        results[waiting[0]] = await results[waiting[0]]
        return results
    laters = [results[place] for place in waiting]
    try:
        ended = await asyncio.gather(*(asyncio.create_task(each.begin()) for each in laters), return_exceptions=True)
    except asyncio.CancelledError:  # of the whole request: each was cancelled, some before it began
        throw_away(laters)
        raise
    for place, value in zip(waiting, ended, strict=True):
        if isinstance(value, BaseException):
            raise value
        results[place] = value
    return results
