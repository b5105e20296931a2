"""docs/mutants.md: each planted fault, what it would cost somebody, and which test saw it when."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.mutants.mutant import Mutant

_HEAD: Final = """# Planted faults

A suite is as good as what it sees. Each row is a fault that `make mutants` plants into a copy of the tree, one at a
time, as a patch of `tests/mutants/patches`; then it runs the tests that the patch names, and where these pass, the
whole suite and random lives. It fails where nothing sees a fault. `make test` checks that every patch still fits.
`make mutants MUTANTS="name name"` tries some of them. This page is written by that command.

| fault | what it breaks | what it would cost somebody | outcome | seen by | tried |
|---|---|---|---|---|---|
"""
_ROW: Final = re.compile(r"^\| `([\w-]+)` \|.*\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


class Outcome(StrEnum):
    """What came of a planted fault."""

    KILLED = "killed"
    SURVIVED = "survived"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one fault, and the test that saw it, or why it was not tried."""

    name: str
    outcome: Outcome
    by: str


def write_page(page: Path, all_of: Sequence[Mutant], verdicts: Sequence[Verdict]) -> None:
    """Writes the page anew; a fault that was not tried this time keeps what the page said of it."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    told = {name: rest for name, *rest in _ROW.findall(page.read_text())} if page.exists() else {}
    told |= {each.name: [each.outcome.value, f"`{each.by}`", day] for each in verdicts}
    rows = []
    for mutant in all_of:
        outcome, by, at = told.get(mutant.name, ["not tried", "", ""])
        rows.append(f"| `{mutant.name}` | {mutant.breaks} | {mutant.costs} | {outcome} | {by} | {at} |\n")
    killed = sum(told.get(mutant.name, [""])[0] == Outcome.KILLED.value for mutant in all_of)
    where = f"Python {platform.python_version()}, {_machine()}"
    foot = f"\n{killed} of {len(all_of)} killed; `make mutants`, {day}, {where}.\n"
    page.write_text(_HEAD + "".join(rows) + foot)


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
