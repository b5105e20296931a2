"""Launchers that end with their test."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dev.launcher import Launcher, launch
from tests.ports import free_ports
from tests.throw_away import new_state, throw_away

Start = Callable[..., Launcher]


@pytest.fixture
def state() -> Iterator[Path]:
    """An empty state directory."""
    path = new_state()
    yield path
    throw_away(path)


@pytest.fixture
def port() -> int:
    """The first of three free ports in a row, as many as a stack takes."""
    return free_ports(3)[0]


@pytest.fixture
def start(state: Path, port: int) -> Iterator[Start]:
    """`start()` starts a launcher on this test's state and port; `worker=` and `durable=` change it."""
    started: list[Launcher] = []

    def begin(**changed: Any) -> Launcher:
        started.append(launch(state, port, **changed))
        return started[-1]

    yield begin
    for launcher in started:
        if launcher.process.poll() is None:
            launcher.signal(signal.SIGTERM)
