"""A launcher in a process of its own, with stand-ins for our processes; `launcher.py STATE PORT [durable]` runs it."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.stack.addresses import Ports, Servers, servers_of
from dev.stack.keys import keys_in
from dev.stack.leftovers import command_of
from dev.stack.plan import Plan
from dev.stack.processes import OwnProcess, Step
from dev.stack.program import POLL_SECONDS, dying_with_parent
from dev.stack.report import read_record
from dev.stack.signals import rest
from dev.stack.state import known_layout
from dev.stack.supervisor import supervise

CHECKOUT = Path(__file__).resolve().parents[2]
# How long a test waits for what must come; only a broken launcher uses it up.
PATIENCE_SECONDS = 60.0
WEB = """
import http.server, sys
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Door).serve_forever()
"""
WORKER = "import signal; print('worker ready', flush=True); signal.pause()"
# Whatever its environment says it should be.
CHANGEABLE = "import os; exec(os.environ['STAND_IN_WORKER'])"


def stand_in_plan(state: Path, port: int, *, durable: bool) -> Plan:
    """The order of the real plan with programs of three lines."""
    step = Step("once", (sys.executable, "-c", "print('loaded')"), once=True)
    web = OwnProcess("api", (sys.executable, "-c", WEB, str(port)), port)
    worker = OwnProcess("worker", (sys.executable, "-c", CHANGEABLE), line="worker ready")
    return Plan(state, Ports(port, port + 1, port + 2), (step,), (web, worker), durable=durable)


@dataclass
class Launcher:
    """A running launcher and what was read of what it said."""

    state: Path
    process: "subprocess.Popen[str]"
    said: str = ""
    lines: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, words: str) -> str:
        """Read on until a line holds the words, and return that line."""
        try:
            while line := self.lines.get(timeout=PATIENCE_SECONDS):
                self.said += line
                if words in line:
                    return line
        except queue.Empty:
            pass
        raise AssertionError(f"{words!r} was never said:\n{self.said}")

    def signal(self, number: signal.Signals) -> int:
        """Send a signal, read to the end, and return the exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Read to the end and return the exit code."""
        while line := self.lines.get(timeout=PATIENCE_SECONDS):
            self.said += line
        return self.process.wait(PATIENCE_SECONDS)

    def leave(self) -> None:
        """Ends it and all that it started, also where it no longer listens; it may have ended already."""
        left = self.record() if (self.state / "run.json").exists() else {}
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        gone(left)

    def record(self) -> dict[str, Any]:
        """What the launcher wrote down about a program, by name."""
        return {program["name"]: program for program in read_record(self.state / "run.json")["programs"]}

    def kill(self, name: str) -> None:
        """SIGKILL for one program."""
        os.kill(self.record()[name]["pid"], signal.SIGKILL)

    def servers(self) -> Servers:
        """The addresses of its databases."""
        layout = known_layout(self.state)
        assert layout
        return servers_of(layout, keys_in(layout.keys), {})

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.lines.put(line)
        self.lines.put("")


def launch(state: Path, port: int, *, worker: str = WORKER, durable: bool = False) -> Launcher:
    """Start a launcher; nothing has happened yet."""
    changed = {**os.environ, "PYTHONPATH": str(CHECKOUT), "STAND_IN_WORKER": worker}
    process = subprocess.Popen(
        [sys.executable, __file__, str(state), str(port), *(["durable"] if durable else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        env=changed,
        preexec_fn=dying_with_parent(signal.SIGTERM),
    )
    return Launcher(state, process)


def gone(record: dict[str, Any]) -> None:
    """Wait until none of the recorded processes runs any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := [name for name, each in record.items() if command_of(each["pid"]) == each["argv"]]:
        assert time.monotonic() < deadline, f"{left} still run"
        rest(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(supervise(stand_in_plan(Path(sys.argv[1]), int(sys.argv[2]), durable="durable" in sys.argv)))
