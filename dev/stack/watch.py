"""Keeping a started stack up: restarts with growing pauses, and an end to what only crashes."""

import time

from dev.stack.program import kill_group, launch, why_not_ready
from dev.stack.report import Running
from dev.stack.signals import StopSignals
from dev.stack.stack import Stack
from dev.stack.trouble import StackError

# A run shorter than this counts as a failure; after a longer one counting starts again.
SHORT_RUN_SECONDS = 10.0
# Five failures in a row, six seconds in all: long enough for a port or a lock to come free, short enough to be told.
FAILURES = 5
FIRST_PAUSE_SECONDS = 0.2
# Between two looks at a program that is starting.
LOOK_SECONDS = 0.05
# With all ready only a signal matters; this is the net under a lost one.
IDLE_SECONDS = 5.0


def watch(stack: Stack, signals: StopSignals) -> None:
    """Keep every program running until a stopping signal (KeyboardInterrupt) or a crash loop (StackError)."""
    while True:
        changed = [running for running in stack.running if _look_after(stack, running)]
        if changed:
            stack.record()
        quiet = all(running.state == "ready" for running in stack.running)
        signals.wait(IDLE_SECONDS if quiet else LOOK_SECONDS)


def _look_after(stack: Stack, running: Running) -> bool:
    """Do what this program needs now; whether anything changed."""
    now = time.monotonic()
    if running.due is not None:
        return now >= running.due and _restart(stack, running, now)
    if running.child.exited:
        _note_end(stack, running, why_not_ready(running.child), now)
        return True
    if running.state == "starting" and running.child.is_ready():
        running.state = "ready"
        stack.reporter.say(running.name, f"ready again ({now - running.started:.2f} s)")
        return True
    return False


def _note_end(stack: Stack, running: Running, reason: str, now: float) -> None:
    kill_group(running.child.process.pid)
    running.failures = running.failures + 1 if now - running.started < SHORT_RUN_SECONDS else 1
    if running.failures > FAILURES:
        raise StackError(f"{running.name} ended {running.failures} times in a row, so everything stops; {reason}")
    running.state = "waiting"
    running.due = now + FIRST_PAUSE_SECONDS * 2 ** (running.failures - 1)
    stack.reporter.say(running.name, f"ended, next start in {running.due - now:.1f} s; {reason}")


def _restart(stack: Stack, running: Running, now: float) -> bool:
    running.due, running.started, running.state = None, now, "starting"
    running.restarts += 1
    try:
        running.child.program.prepare()
        running.child = launch(running.child.program)
    except (StackError, OSError) as error:
        _note_end(stack, running, str(error), now)
    return True
