"""Every trap of docs/traps.md that we say we do not fall into names a test that exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source

PAGE = "docs/traps.md"
_PROOF = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")
HEAD = 2  # lines of a table above its rows


def _rows(page: str, heading: str) -> list[list[str]]:
    part = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[HEAD:]]


def unproven(root: Path) -> Iterator[str]:
    """Traps without a test, or with one that is not there."""
    for trap, _, *proof in _rows((root / PAGE).read_text(), "Held"):
        named = _PROOF.fullmatch(proof[0]) if len(proof) == 1 else None
        if named is None:
            yield f"{trap}: no test is named"
            continue
        path, name = named.groups()
        there = (root / path).is_file() and [each.name for each in Source(path, (root / path).read_text()).functions]
        if not there or name not in there:
            yield f"{trap}: there is no {path}::{name}"


def test_every_trap_names_a_test_that_exists() -> None:
    assert list(unproven(ROOT)) == []
    page = (ROOT / PAGE).read_text()
    assert len(_rows(page, "Held")) > 30
    assert all(len(row) == 2 for row in _rows(page, "Open"))


TABLE = "# Traps\n\n## Held\n\n| a | b | c |\n|---|---|---|\n| One | None | {proof} |\n\n## Open\n"


@pytest.mark.parametrize("proof", ["", "none", "`tests/test_a.py::test_other`", "`tests/test_b.py::test_it`"])
def test_a_trap_without_a_test_is_found(plant: Plant, proof: str) -> None:
    plant("tests/test_a.py", "async def test_it(): ...")
    assert len(list(unproven(plant(PAGE, TABLE.format(proof=proof))))) == 1


def test_a_trap_with_its_test_is_fine(plant: Plant) -> None:
    plant("tests/test_a.py", "async def test_it(): ...")
    assert list(unproven(plant(PAGE, TABLE.format(proof="`tests/test_a.py::test_it`")))) == []
