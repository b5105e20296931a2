"""Processes that an earlier launcher left because it was killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from dev.stack.program import POLL_SECONDS, kill_group
from dev.stack.signals import rest

# On Linux what a killed launcher leaves is already on its way out; PostgreSQL may still write a checkpoint.
LEAVE_SECONDS = 15.0


def stop_leftovers(run_file: Path) -> None:
    """End every process recorded there that still runs the recorded command: wait, ask, wait, kill its group."""
    try:
        recorded = json.loads(run_file.read_text())["programs"]
    except (OSError, ValueError, KeyError):
        return
    for entry in reversed(recorded):
        pid, argv = entry["pid"], entry["argv"]
        if sys.platform != "linux":  # nothing has asked them yet
            _signal(pid, argv, signal.Signals[entry["stop_signal"]])
        if not _gone(pid, argv, LEAVE_SECONDS):
            _signal(pid, argv, signal.SIGKILL)
            kill_group(pid)
            _gone(pid, argv, LEAVE_SECONDS)


def kill_orphans(data: Path) -> None:
    """Kill server processes that work in this data directory though their postmaster is gone.

    A busy one would hold the shared memory for as long as its statement takes, and no start would succeed.
    """
    for pid in _working_in(data.resolve()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + LEAVE_SECONDS
    while any(_working_in(data.resolve())) and time.monotonic() < deadline:
        rest(POLL_SECONDS)


def command_of(pid: int) -> list[str]:
    """The command line of a process, [] when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        if sys.platform == "linux":
            return []
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return answer.stdout.split()


def _gone(pid: int, argv: list[str], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _runs(pid, argv):
        if time.monotonic() > deadline:
            return False
        rest(POLL_SECONDS)
    return True


def _runs(pid: int, argv: list[str]) -> bool:
    return " ".join(command_of(pid)) == " ".join(argv)


def _signal(pid: int, argv: list[str], number: signal.Signals) -> None:
    if _runs(pid, argv):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _working_in(folder: Path) -> Iterator[int]:
    """Servers with this working directory, as all of PostgreSQL's have; a shell there is none. Linux only."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = Path(os.readlink(entry / "exe")).name
            if program.startswith("postgres") and os.readlink(entry / "cwd") == str(folder):
                yield int(entry.name)
