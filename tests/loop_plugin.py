"""A pytest plugin: tests run in the loop in which our processes run, and so do async fixtures of tests that are not."""

import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from typing import Final

import pytest
import uvloop

FACTORY: Final = "_asyncio_loop_factory"  # the fixture by which pytest-asyncio chooses the loop of async tests alone

# Before each request to an application in this process httpx2 imports what would tell it of trio: that is not
# installed, and what is not there is looked for in every folder each time.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # how Python is told that there is no such module


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The loop of uvloop."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The same for all other tests: one that left the loop open would have what lives in it torn down and made anew in
    another loop, the house and its world, and the next async test would once more."""
    if FACTORY not in metafunc.fixturenames:
        metafunc.fixturenames.append(FACTORY)
        metafunc.parametrize(
            FACTORY, [uvloop.new_event_loop], ids=[pytest.HIDDEN_PARAM], indirect=True, scope="session"
        )
