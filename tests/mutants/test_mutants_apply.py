"""Every planted fault is one of today's code; ``make mutants`` shows that the suite sees it."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.mutant import PATCHES, DoesNotApply, mutants, mutated, read

ROOT = Path(__file__).resolve().parents[2]
AT_LEAST = 25  # what the suite is to be tried with, over all areas


@cache
def _tests_in(path: str) -> set[str]:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_fault_can_be_planted_into_today_s_code() -> None:
    found = mutants()
    assert len(found) >= AT_LEAST
    for mutant in found:
        for path, text in mutated(mutant, ROOT).items():
            if path.endswith(".py"):
                compile(text, path, "exec")


def test_each_fault_names_tests_that_there_are() -> None:
    for mutant in mutants():
        for killer in mutant.killers:
            path, _, name = killer.partition("::")
            assert (ROOT / path).is_file(), f"{mutant.name}: {killer}"
            assert not name or name.partition("[")[0] in _tests_in(path), f"{mutant.name}: {killer}"


def test_a_fault_whose_lines_are_gone_or_stand_twice_is_found(tmp_path: Path) -> None:
    head = "Breaks: a\nCosts: b\nKilled-by: c\n\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n"
    mutant = read("x", f"{head}-one\n+two\n")
    (tmp_path / "x.py").write_text("one\nand\n")
    assert mutated(mutant, tmp_path) == {"x.py": "two\nand\n"}
    for text in ("three\n", "one\none\n"):
        (tmp_path / "x.py").write_text(text)
        with pytest.raises(DoesNotApply):
            mutated(mutant, tmp_path)
    with pytest.raises(DoesNotApply):
        read("y", head.replace("Costs: b\n", "") + "-one\n+two\n")


def test_the_page_lists_each_fault_once() -> None:
    page = (ROOT / "docs" / "mutants.md").read_text()
    for path in PATCHES.glob("*.patch"):
        assert page.count(f"| `{path.stem}` |") == 1, f"make mutants writes {path.stem} into docs/mutants.md"
