"""What the launcher tells: lines on the terminal and in its log, and the record other commands read."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.stack.program import Child


@dataclass(frozen=True)
class Reporter:
    """Writes `TIME NAME TEXT` to the log of the stack and, unless quiet, to standard output."""

    log: Path
    quiet: bool = False

    def say(self, name: str, text: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {name:<10} {text}"
        with contextlib.suppress(OSError), open(self.log, "a") as file:
            file.write(line + "\n")
        if not self.quiet:
            show(line)


@dataclass(eq=False)
class Running:
    """One program of a running stack; `due` is the monotonic second of its next start while it waits for one."""

    child: Child
    state: str = "starting"
    started: float = 0.0
    restarts: int = 0
    failures: int = 0
    due: float | None = None

    @property
    def name(self) -> str:
        return self.child.program.name

    def record(self) -> dict[str, Any]:
        program = self.child.program
        return {
            "name": program.name,
            "pid": self.child.process.pid,
            "argv": list(program.argv),
            "stop_signal": program.stop_signal.name,
            "state": self.state,
            "restarts": self.restarts,
        }


def show(text: str) -> None:
    """Print to a terminal where somebody may have stopped reading."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def write_record(path: Path, programs: Iterable[Running], sockets: Path) -> None:
    """Replace the record at once; it holds no secret, since programs get theirs by environment."""
    draft = path.with_suffix(".new")
    record = {"launcher": os.getpid(), "sockets": str(sockets), "programs": [each.record() for each in programs]}
    draft.write_text(json.dumps(record, indent=1))
    draft.replace(path)


def read_record(path: Path) -> dict[str, Any]:
    """The last record of this state directory; {} when there is none."""
    try:
        record: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return record


def complain(sentence: object) -> None:
    """One sentence on standard error."""
    with contextlib.suppress(OSError):
        print(f"quittance: {sentence}", file=sys.stderr, flush=True)
