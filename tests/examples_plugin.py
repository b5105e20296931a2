"""A pytest plugin: says at the end of a run how many examples each long property test had, and how many it discarded.

A property test is long by carrying ``at_length``; one that discards too many proves less than its number, and fails.
Each run draws others; ``make properties`` draws very many.
"""

import os
import re
from collections.abc import Callable, Generator
from typing import Any, Final

import pytest
from hypothesis import settings

# A shared machine may pause in the middle of any example; how long one takes says nothing of what it shows.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

EXAMPLES: Final = int(os.environ.get("EXAMPLES", "300"))
# For what else holds of every example: such a test finds its faults among the first hundred or hardly ever.
in_brief: Final = settings(max_examples=200, deadline=None)
MOST_DISCARDED: Final = 0.3  # of all examples drawn; beyond it the strategy draws the wrong things
PROPERTY: Final = "hypothesis_examples"  # the name under which a report carries the counts out of a worker process
_COUNTS: Final = re.compile(r"- (\d+) passing, \d+ failing, and (\d+) invalid")


def at_length(test: Callable[..., None]) -> Callable[..., None]:
    """For each invariant of money; no deadline, since a shared machine may pause in the middle of one."""
    long: Callable[..., None] = settings(max_examples=EXAMPLES, deadline=None)(test)
    marked: Callable[..., None] = pytest.mark.at_length(long)
    return marked


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, Any, Any]:
    """Puts the counts into the report of the test's end."""
    report = yield
    found = [tuple(map(int, pair)) for pair in _COUNTS.findall(getattr(item, "hypothesis_statistics", ""))]
    if report.when == "teardown" and found:
        passing, invalid = (sum(column) for column in zip(*found, strict=True))
        report.user_properties.append((PROPERTY, (item.nodeid, passing, invalid)))
        if passing + invalid >= EXAMPLES and invalid > MOST_DISCARDED * (passing + invalid):
            report.outcome, report.longrepr = "failed", f"{invalid:,} of {passing + invalid:,} examples were discarded"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each test that was given as many examples as ``at_length`` asks for."""
    lines = sorted(
        f"{name}: {passing:,} examples, {invalid:,} discarded"
        for reports in terminalreporter.stats.values()
        for report in reports
        for key, (name, passing, invalid) in _counts(report)
        if key == PROPERTY and passing + invalid >= EXAMPLES
    )
    if lines:
        terminalreporter.section("examples of property tests")
        for line in lines:
            terminalreporter.write_line(line)


def _counts(report: Any) -> list[tuple[str, Any]]:
    return [pair for pair in getattr(report, "user_properties", []) if pair[0] == PROPERTY]
