"""A pytest plugin: tests run in the loop in which our processes run."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The loop of uvloop."""
    return {"uvloop": uvloop.new_event_loop}
