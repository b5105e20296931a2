"""Ports that no other test process on this machine is given, and no outgoing connection happens upon."""

import fcntl
import os
import random
import socket
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import IO

# Below what Linux, macOS and the BSDs give to outgoing connections, and above what services are known by.
PORTS = range(20_000, 30_000)
_taken: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, kept for this process until it ends."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """That many in a row."""
    start = random.randrange(len(PORTS))
    for step in range(len(PORTS)):
        first = PORTS[(start + step) % len(PORTS)]
        wanted = range(first, first + count)
        if wanted[-1] in PORTS and _taken.isdisjoint(wanted) and _reserved(wanted) and _are_free(wanted):
            _taken.update(wanted)
            return list(wanted)
    raise AssertionError("every port is taken")


def _reserved(ports: range) -> bool:
    """Locks one byte for each port; the locks end with the process, whatever ends it."""
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, len(ports), ports[0])
    except OSError:
        return False
    return True


@cache
def _register() -> IO[bytes]:
    """The file of the locks; it stays open, since closing any handle of it would end them all."""
    return open(Path(tempfile.gettempdir()) / f"quittance-ports-{os.geteuid()}", "ab")


def _are_free(ports: range) -> bool:
    with ExitStack() as held:
        try:
            for port in ports:
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
