"""A pytest plugin: the run fails when any statement of any test breaks a rule of routable SQL."""

from typing import Any

import pytest

from domain.db import observers
from migrations.registry import TABLES, VIEWS
from tests.sql_lint.watch import SqlWatch

OUTPUT = "sql_findings"  # the name under which a worker process hands its findings to the one that reports

_watch = SqlWatch({**TABLES, **VIEWS})
_from_workers: list[str] = []


def pytest_configure() -> None:
    """Begins to watch this process."""
    observers.append(_watch.observe)


def pytest_unconfigure() -> None:
    """Ends it."""
    observers.remove(_watch.observe)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes what a worker process found."""
    _from_workers.extend(getattr(node, "workeroutput", {}).get(OUTPUT, []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hands the findings over, or fails the run that would have passed."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[OUTPUT] = _watch.findings
    elif _all_findings() and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Shows the findings; the process that reports is the only one with a terminal."""
    findings = _all_findings()
    if findings:
        terminalreporter.section(f"{len(findings)} faults in SQL statements", red=True)
        for finding in findings:
            terminalreporter.line(finding)


def _all_findings() -> list[str]:
    by_fault = {finding.rpartition("\n")[0]: finding for finding in [*_from_workers, *_watch.findings]}
    return sorted(by_fault.values())
