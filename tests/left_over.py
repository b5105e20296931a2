"""Whether planned execution began something and forgot it."""

import asyncio
import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_OURS = ("gathered", "PlannedExecutor.")  # all that an executor makes tasks of


@contextmanager
def nothing_left_over() -> Iterator[None]:
    """Fails for a coroutine of within it that nobody awaited, and for a task of an executor that still runs."""
    gc.collect()  # what other tests left is theirs
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
        gc.collect()  # tracebacks hold on to what they passed through
    forgotten = [str(each.message) for each in told if "never awaited" in str(each.message)]
    assert not forgotten, forgotten
    running = [task for task in asyncio.all_tasks() if _name(task).startswith(_OURS)]
    assert not running, running


def _name(task: "asyncio.Task[object]") -> str:
    return getattr(task.get_coro(), "__qualname__", "")
