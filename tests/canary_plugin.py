"""A pytest plugin: no secret and no personal datum gets into a log or an error, in any test.

Looked at: each log record of the test's own process, what it and its children wrote to their outputs, the logs of
processes that tests start, and the errors in the answers they are given. What is found fails the test that brought it
about; what is found in the logs of the stack that all tests share fails the run.
"""

import logging
import os
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest
import structlog

from dev.stack.keys import keys_in
from dev.stack.state import known_layout
from runtime.logs import through_the_standard_library
from tests import canary_watch
from tests.canary_watch import LEAKS
from tests.stack_plugin import STACK, STATE

_HOUSE: Final = ("quittance", "api", "dev")  # what these log at INFO is written in production too
_shared: list[str] = []  # what leaked into the logs of the stack that all tests share


def pytest_configure() -> None:
    structlog.configure(**through_the_standard_library())
    for name in _HOUSE:
        logging.getLogger(name).setLevel(logging.INFO)
    canary_watch.watch_records()
    canary_watch.watch_answers()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """The shared stack runs by now, and its secrets are known."""
    if (state := os.environ.get(STATE)) and (layout := known_layout(Path(state))):
        canary_watch.arm(asdict(keys_in(layout.keys)).values())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Around everything that ends with the test, so that its processes have written their last."""
    try:
        yield
    finally:
        for when, kind, text in item._report_sections:
            if kind != "log":  # those are the records
                canary_watch.look(f"{kind} of {when}", text)
        canary_watch.look_into_files()
    if LEAKS:
        found = "\n".join(LEAKS)
        LEAKS.clear()
        pytest.fail(f"told to a log or in an error:\n{found}", pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that started the shared stack looks through its logs."""
    if (stack := session.config.stash.get(STACK, None)) is not None:
        canary_watch.look_into(stack.ground.layout)
    if LEAKS:
        _shared.extend(LEAKS)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _shared:
        terminalreporter.section("told to a log or in an error", red=True)
        for leak in _shared:
            terminalreporter.line(leak)
