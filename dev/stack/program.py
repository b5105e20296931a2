"""Child processes that never outlive the launcher and are stopped as a group."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dev.stack.account import Account
from dev.stack.signals import rest
from dev.stack.trouble import StackError

# From linux/prctl.h: the signal a child gets when the thread that forked it is gone.
PR_SET_PDEATHSIG = 1
# How often a state that nobody announces is looked at; short beside a start of 0.1 s.
POLL_SECONDS = 0.02
# Characters of a child's last words that are shown: two lines of a terminal; the log has the rest.
SENTENCE = 160
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def nothing() -> None:
    """The preparation of a program that needs none."""


@dataclass(frozen=True)
class Program:
    """What to run, as whom, and how to tell that it is ready."""

    name: str
    argv: tuple[str, ...]
    log: Path
    ready: Callable[["Child"], bool]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    # Our processes finish what they hold well within this; PostgreSQL sets more for its shutdown checkpoint.
    grace_seconds: float = 10.0
    ready_seconds: float = 60.0
    # How long a program that exits before it was ready is tried again; our own code exits for a reason, at once.
    retry_seconds: float = 0.0
    prepare: Callable[[], None] = nothing


@dataclass
class Child:
    """One run of a program."""

    program: Program
    process: "subprocess.Popen[bytes]"
    log_start: int

    @property
    def exited(self) -> bool:
        return self.process.poll() is not None

    def output(self) -> str:
        """What this run wrote so far."""
        with open(self.program.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def is_ready(self) -> bool:
        return not self.exited and self.program.ready(self)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask, wait the grace time or until `hurry`, then kill what is left of the group."""
        if not self.exited:
            self.process.send_signal(self.program.stop_signal)
            deadline = time.monotonic() + self.program.grace_seconds
            while not self.exited and not hurry() and time.monotonic() < deadline:
                rest(POLL_SECONDS)
        kill_group(self.process.pid)
        self.process.wait()


def launch(program: Program) -> Child:
    """Start the program in a session of its own, its output appended to its log."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with open(program.log, "ab") as log:
        start = log.tell()  # before the child, which writes through the same position
        process = subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(program.env),
            cwd=program.cwd,
            start_new_session=True,
            umask=0o077,
            preexec_fn=dying_with_parent(program.stop_signal),
            **(program.account.popen() if program.account else {}),
        )
        return Child(program, process, start)


def bring_up(program: Program) -> Child:
    """Start the program and wait until it is ready, trying again while its retry time lasts."""
    deadline = time.monotonic() + program.retry_seconds
    while True:
        program.prepare()
        child = launch(program)
        try:
            if wait_ready(child):
                return child
        except BaseException:
            child.stop()
            raise
        child.stop()
        if time.monotonic() > deadline:
            raise StackError(why_not_ready(child))
        rest(POLL_SECONDS * 10)


def wait_ready(child: Child) -> bool:
    """Wait until the child is ready; False when it exited or its time ran out."""
    deadline = time.monotonic() + child.program.ready_seconds
    while not child.exited and time.monotonic() < deadline:
        if child.is_ready():
            return True
        rest(POLL_SECONDS)
    return False


def why_not_ready(child: Child) -> str:
    """One sentence with the last words of the child and where the rest is."""
    lines = [line.strip() for line in child.output().splitlines() if line.strip()]
    ending = _ending(child.process.returncode) if child.exited else "was not ready in time"
    return (
        f"{child.program.name} {ending}: {_said(lines[-1]) if lines else 'no output'} (all of it: {child.program.log})"
    )


def _said(line: str) -> str:
    """What a log line says, without the facts that stand beside it, and cut to a sentence."""
    with contextlib.suppress(ValueError):
        told = json.loads(line)
        if isinstance(told, dict) and "event" in told:
            trace = str(told.get("exception", "")).strip().splitlines()
            line = ": ".join([str(told["event"]), *trace[-1:]])
    line = " ".join(line.split())
    return line if len(line) <= SENTENCE else line[:SENTENCE].rstrip() + "..."


def _ending(code: int) -> str:
    return f"exited with {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"


def run_to_end(program: Program) -> None:
    """Run a program that ends by itself; StackError when it fails or takes longer than its time."""
    child = launch(program)
    try:
        wait_ready(child)
        if child.process.poll() != 0:
            raise StackError(why_not_ready(child))
    finally:
        child.stop()


def never(child: Child) -> bool:
    """The readiness of a program that is over when it has ended."""
    return False


def kill_group(leader: int) -> None:
    """SIGKILL for whatever is left of a group; nothing left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def dying_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """What a child does before its program: from then on it gets that signal once the thread that forked it is gone."""
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # it died in between: nobody would send the signal
            os._exit(1)

    return arrange
