"""Bringing a stack up in order, and down in the reverse order."""

import contextlib
import time
from collections.abc import Callable

import asyncpg

from dev.stack.addresses import child_environment, mail_settings, settings_of
from dev.stack.ground import Ground, prepare
from dev.stack.plan import Plan
from dev.stack.postgres import REPLICATOR, SLOT, Pair
from dev.stack.processes import CHECKOUT, MAILROOM, WORKER, Step, program_of
from dev.stack.program import POLL_SECONDS, Program, bring_up, launch, never, run_to_end, wait_ready, why_not_ready
from dev.stack.report import Reporter, Running, write_record
from dev.stack.signals import rest
from dev.stack.sql import create_roles, is_streaming, unsafe_settings
from dev.stack.state import write_stamp
from dev.stack.trouble import StackError

# A standby that follows does so at its first or second attempt, half a second apart.
STREAMING_SECONDS = 10.0
# Demo data and migrations are bounded by nobody's patience but this.
STEP_SECONDS = 600.0


class Stack:
    """The processes of one plan; after `start` all are ready, after `stop` none is left."""

    def __init__(self, plan: Plan, *, quiet: bool = False) -> None:
        self.plan = plan
        self.ground: Ground = prepare(plan)
        self.running: list[Running] = []
        settings = settings_of(self.ground.layout, self.ground.keys, plan.ports, self.ground.servers)
        if any(process.name == MAILROOM for process in plan.processes):
            settings |= mail_settings(plan.ports)
        if any(process.name == WORKER for process in plan.processes):
            settings["METRICS_PORT"] = str(plan.ports.metrics)
        self.settings = settings | dict(plan.given)
        self.environment = child_environment(self.settings)
        self.reporter = Reporter(self.ground.layout.logs / "stack.log", quiet)

    def start(self) -> None:
        """Servers, then steps, then processes; the first failure is a StackError."""
        self._launch_processes(early=True)
        if self.ground.valkey:
            self._up(self.ground.valkey)
        if self.ground.pair:
            self._up_pair(self.ground.pair)
        if self.plan.durable:
            refuse_unsafe(self.ground.servers.owner_url)
        write_stamp(self.ground.layout, self.ground.versions, complete=True)
        for step in self.plan.steps:
            self._run(step)
        self._launch_processes(early=False)
        self._await_processes()

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop everything, what others need last, and give up the state directory."""
        order = ["valkey", "primary", "replica", *(process.name for process in self.plan.processes)]
        for running in sorted(self.running, key=lambda each: order.index(each.name), reverse=True):
            began = time.monotonic()
            running.child.stop(hurry)
            self.reporter.say(running.name, f"stopped ({time.monotonic() - began:.2f} s)")
        self.running.clear()
        layout = self.ground.layout
        if layout.sockets.parent != layout.servers:
            with contextlib.suppress(OSError):
                layout.sockets.rmdir()
        layout.run.unlink(missing_ok=True)
        self.ground.claimed.close()

    def named(self, name: str) -> Running:
        """The program of this name."""
        return next(running for running in self.running if running.name == name)

    def record(self) -> None:
        """Write down what runs, for other commands and for the next launcher should this one be killed."""
        write_record(self.ground.layout.run, self.running, self.ground.layout.sockets)

    def _up(self, program: Program) -> None:
        began = time.monotonic()
        running = Running(bring_up(program))
        self.running.append(running)
        self._ready(running, began)

    def _ready(self, running: Running, began: float) -> None:
        running.state, running.started = "ready", time.monotonic()
        self.record()
        self.reporter.say(running.name, f"ready ({running.started - began:.2f} s)")

    def _up_pair(self, pair: Pair) -> None:
        if not pair.layout.primary.exists():
            pair.create()
        self._up(pair.primary())
        create_roles(pair.superuser_dsn, pair.keys, REPLICATOR)
        with contextlib.suppress(StackError):
            self._up(pair.replica())
            if self._follows(pair):
                return
        # A replica is a copy: one that cannot follow is made anew, once.
        for running in [each for each in self.running if each.name == "replica"]:
            running.child.stop()
            self.running.remove(running)
        pair.rebuild_replica()
        self._up(pair.replica())
        if not self._follows(pair):
            raise StackError(f"The replica does not follow the primary: see {pair.replica().log}.")

    def _follows(self, pair: Pair) -> bool:
        deadline = time.monotonic() + STREAMING_SECONDS
        while not is_streaming(pair.superuser_dsn, SLOT):
            if time.monotonic() > deadline:
                return False
            rest(POLL_SECONDS)
        return True

    def _run(self, step: Step) -> None:
        marker = self.ground.layout.root / f"{step.name}.done"
        if step.once and marker.exists():
            return
        began = time.monotonic()
        log = self.ground.layout.logs / f"{step.name}.log"
        run_to_end(Program(step.name, step.argv, log, never, self.environment, CHECKOUT, ready_seconds=STEP_SECONDS))
        if step.once:
            marker.touch()
        self.reporter.say(step.name, f"done ({time.monotonic() - began:.2f} s)")

    def _launch_processes(self, *, early: bool) -> None:
        """All at once, since most of their start is importing, which two cores can share."""
        for process in self.plan.processes:
            if process.early == early:
                program = program_of(process, self.ground.layout, self.environment)
                self.running.append(Running(launch(program), started=time.monotonic()))
        self.record()

    def _await_processes(self) -> None:
        for running in self.running:
            if running.state == "starting":
                if not wait_ready(running.child):
                    raise StackError(why_not_ready(running.child))
                self._ready(running, running.started)


def refuse_unsafe(url: str) -> None:
    """Refuse a server that could lose acknowledged commits in a crash, or that is not there."""
    try:
        unsafe = unsafe_settings(url)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"OWNER_DATABASE_URL does not lead to a PostgreSQL server: {error}.") from error
    if unsafe:
        raise StackError(f"PostgreSQL runs with {' and '.join(unsafe)}, so a crash could lose payments: switch it on.")
