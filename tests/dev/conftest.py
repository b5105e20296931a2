"""Launchers that end with their test."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dev.launcher import Launcher, launch
from tests.throw_away import free_ports, new_state, throw_away

Start = Callable[..., Launcher]


@pytest.fixture
def state() -> Iterator[Path]:
    """An empty state directory."""
    path = new_state()
    yield path
    throw_away(path)


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_ports(1)[0]


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
