"""Stacks that live for one test run: made in a temporary directory, thrown away afterwards."""

import asyncio
import fcntl
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import asyncpg

from dev.stack.addresses import DATABASE, OWNER, REPLICA_PORT, Ports
from dev.stack.keys import keys_in
from dev.stack.layout import Layout
from dev.stack.leftovers import stop_leftovers
from dev.stack.plan import Plan
from dev.stack.postgres import superuser_dsn
from dev.stack.processes import OwnProcess, default_processes
from dev.stack.state import clear, known_layout
from dev.story.client import until
from tests.canary_watch import look_into
from tests.ports import free_ports

PREFIX = "quittance-test-"
# Beside each state directory: a file that the process which made it keeps locked. The stack's own lock would not do,
# since a test may stop a stack and start it again.
SUFFIX = ".owner"
# How long the replica may take to replay the copy of a template; only a broken one uses it up.
REPLAY_SECONDS = 60.0
MEMORY = Path("/dev/shm")
# What the servers of a whole run keep, and those that single tests start beside them, with as much to spare.
ROOM_BYTES = 6 * 1024**3
_owned: dict[Path, IO[bytes]] = {}


def suite_plan() -> Plan:
    """What all tests share: servers without fsync, and those of the sandbox peers that exist."""
    ports = Ports(*free_ports(3))
    peers = [peer for peer in ("dev.provider", "dev.identity") if _runs(peer)]
    processes = tuple(_unheard(each) for each in default_processes(ports, {}) if each.argv[-1] in peers)
    return Plan(new_state(), ports, processes=processes, durable=False)


def _unheard(peer: OwnProcess) -> OwnProcess:
    """The same, but nobody listens at the API's address: the provider would send each event there in vain again and
    again, more and more of them to the end of a run. Tests say themselves where webhooks go."""
    return replace(peer, argv=("env", "PUBLIC_URL=", *peer.argv))


def quick_place() -> Path:
    """Memory where there is plenty, since each server that starts makes a thousand files, and making them on a disk
    costs more than writing them; else the temporary directory, and where TMPDIR names one."""
    usual = Path(tempfile.gettempdir())
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return usual
    found = os.statvfs(MEMORY)
    # An account that cannot reach the installed servers runs copies of them, beside their data.
    runs_programs = not found.f_flag & os.ST_NOEXEC
    room_bytes = min(found.f_bavail * found.f_frsize, _available_bytes())
    return MEMORY if runs_programs and room_bytes >= ROOM_BYTES else usual


def _available_bytes() -> int:
    """What the kernel could give away without swapping; 0 where it does not tell."""
    told = Path("/proc/meminfo")
    found = re.search(r"^MemAvailable:\s+(\d+) kB", told.read_text() if told.exists() else "", re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def new_state(place: Path | None = None, prefix: str = PREFIX) -> Path:
    """A state directory that no sweep touches while this process lives; it goes with `throw_away`."""
    place = place or quick_place()
    while True:
        file, name = tempfile.mkstemp(SUFFIX, prefix, place)
        owner = os.fdopen(file, "rb+")
        if not _is_mine_now(owner, Path(name)):
            owner.close()  # a sweep was faster and took it for a dead run's
            continue
        state = Path(name.removesuffix(SUFFIX))
        state.mkdir()
        state.chmod(0o711)  # root's servers run as another account, which has to pass through
        _owned[state] = owner
        return state


def throw_away(state: Path) -> None:
    """Delete a stopped stack's state directory and what it kept elsewhere."""
    if layout := known_layout(state):
        look_into(layout)
    with _owned.pop(state):
        _delete(state)


def sweep(place: Path | None = None, prefix: str = PREFIX) -> None:
    """Throw away what killed runs left; another run's states are left alone, whether it uses them now or not."""
    places = {place} if place else {MEMORY, Path(tempfile.gettempdir())}
    for path in (each for folder in places for each in folder.glob(f"{prefix}*{SUFFIX}")):
        with suppress(FileNotFoundError, PermissionError), open(path, "rb+") as owner:
            if _is_mine_now(owner, path):
                state = Path(str(path).removesuffix(SUFFIX))
                layout = known_layout(state)
                if layout:
                    stop_leftovers(layout.run)
                _delete(state)


def _is_mine_now(owner: IO[bytes], path: Path) -> bool:
    """Whether this process holds the lock of the file, which ends with it, and the file is still there."""
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return path.exists() and os.path.samestat(os.fstat(owner.fileno()), path.stat())


def _delete(state: Path) -> None:
    layout = known_layout(state)
    if layout:
        clear(layout)
    if state.exists():
        shutil.rmtree(state)
    Path(f"{state}{SUFFIX}").unlink()


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
        await replayed(replica, position)
    finally:
        await replica.close()


async def replayed(replica: asyncpg.Connection, position: str) -> None:
    """Returns once the replica has come to that position of the log."""

    async def there() -> bool | None:
        return await replica.fetchval("SELECT pg_last_wal_replay_lsn() >= $1", position) or None

    await until(there, "the replica's replay", REPLAY_SECONDS)


async def lag_behind(replica_url: str, lag: str) -> None:
    """Let the replica replay each commit that much later, so that whoever counts on a prompt one is found."""
    replica = await asyncpg.connect(replica_url)
    try:
        # Utility statements take no parameters; the text is the developer's own.
        await replica.execute(f"ALTER SYSTEM SET recovery_min_apply_delay = '{lag}'")
        await replica.execute("SELECT pg_reload_conf()")
    finally:
        await replica.close()


def in_a_loop_of_its_own(work: Coroutine[Any, Any, object]) -> None:
    """Run it in a thread, so that the loop of the tests stays the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _runs(module: str) -> bool:
    return bool(importlib.util.find_spec(module) and importlib.util.find_spec(f"{module}.__main__"))
