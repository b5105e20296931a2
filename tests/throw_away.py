"""Stacks that live for one test run: made in a temporary directory, thrown away afterwards."""

import asyncio
import importlib.util
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import asyncpg

from dev.stack.addresses import DATABASE, OWNER, REPLICA_PORT, Ports
from dev.stack.claim import is_claimed
from dev.stack.keys import keys_in
from dev.stack.layout import Layout
from dev.stack.leftovers import stop_leftovers
from dev.stack.plan import Plan
from dev.stack.postgres import superuser_dsn
from dev.stack.processes import default_processes
from dev.stack.state import clear, known_layout

PREFIX = "quittance-test-"
# How long the replica may take to replay the copy of a template; only a broken one uses it up.
REPLAY_SECONDS = 60.0


def suite_plan() -> Plan:
    """What all tests share: servers without fsync, and those of the sandbox peers that exist."""
    ports = Ports(*free_ports(3))
    peers = [peer for peer in ("dev.provider", "dev.identity") if _runs(peer)]
    processes = tuple(each for each in default_processes(ports, {}) if each.argv[-1] in peers)
    return Plan(new_state(), ports, processes=processes, durable=False)


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listened on a moment ago."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def throw_away(state: Path) -> None:
    """Delete a stopped stack's state directory and what it kept elsewhere."""
    layout = known_layout(state)
    if layout:
        clear(layout)
    shutil.rmtree(state)


def new_state() -> Path:
    state = Path(tempfile.mkdtemp(prefix=PREFIX))
    state.chmod(0o711)  # root's servers run as another account, which has to pass through
    return state


def sweep() -> None:
    """Throw away what killed runs left."""
    for state in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # another run that starts now may throw away the same
            layout = known_layout(state) if os.access(state, os.W_OK) and state.stat().st_uid == os.geteuid() else None
            if layout and not is_claimed(state):
                stop_leftovers(layout.run)
                throw_away(state)


async def clone(layout: Layout, database: str) -> None:
    """Copy the migrated database under that name and wait until the replica has the copy."""
    keys = keys_in(layout.keys)
    primary = await asyncpg.connect(superuser_dsn(layout, keys))
    try:
        # Utility statements take no parameters; the names are ours.
        await primary.execute(f"CREATE DATABASE {database} TEMPLATE {DATABASE} OWNER {OWNER}")
        position = await primary.fetchval("SELECT pg_current_wal_flush_lsn()")
    finally:
        await primary.close()
    replica = await asyncpg.connect(superuser_dsn(layout, keys, REPLICA_PORT))
    try:
        deadline = time.monotonic() + REPLAY_SECONDS
        while not await replica.fetchval("SELECT pg_last_wal_replay_lsn() >= $1", position):
            assert time.monotonic() < deadline, "the replica does not follow"
    finally:
        await replica.close()


def in_a_loop_of_its_own(work: Coroutine[Any, Any, object]) -> None:
    """Run it in a thread, so that the loop of the tests stays the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _runs(module: str) -> bool:
    return bool(importlib.util.find_spec(module) and importlib.util.find_spec(f"{module}.__main__"))
