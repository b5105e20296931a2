"""A test's row marker names a row that exists, and stands on something that runs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from cli.rows import markers, rows, uncarried
from tests.house.conftest import Plant
from tests.house.tree import ROOT, sources

REQUIREMENTS = "# Rows\n\n## Core\n\n- **A1** Integers\n- **A2** States apart\n- **Z** The whole\n"


def unknown_rows(root: Path) -> list[str]:
    """Markers whose row is not in docs/requirements.md, or is not written as a literal."""
    known = rows(root)
    return [f"{each.path}:{each.line}: {each.row}" for each in markers(root) if each.row not in known]


def idle_markers(root: Path) -> list[str]:
    """Row markers on functions that pytest does not collect."""
    return [
        file.at(function, function.name)
        for file in sources(root, "tests")
        for function in file.functions
        if not function.name.startswith("test_")
        and any(".mark.row" in ast.unparse(decorator) for decorator in function.decorator_list)
    ]


def test_every_marker_names_a_row_that_exists() -> None:
    assert unknown_rows(ROOT) == []


def test_every_marker_stands_on_a_test() -> None:
    assert idle_markers(ROOT) == []


def test_the_requirements_hold_every_section_from_core_to_beyond() -> None:
    letters = [row[0] for row in rows(ROOT)]
    counted = " ".join(f"{letter}{letters.count(letter)}" for letter in dict.fromkeys(letters))
    assert counted == "A8 B10 C15 D20 E14 F10 G11 H12 I14 J7 K6 L8 M5 N2 Z1 Y11 X12"


@pytest.mark.parametrize("given", ["'Q9'", "'a1'", "'A1', 'A9'", "ROW", ""])
def test_a_marker_of_an_unknown_row_is_found(plant: Plant, given: str) -> None:
    plant("docs/requirements.md", REQUIREMENTS)
    root = plant("tests/deep/test_a.py", f"@pytest.mark.row({given})\ndef test_it_holds_so_far(): ...")
    assert len(unknown_rows(root)) == 1


def test_a_marker_that_never_runs_is_found(plant: Plant) -> None:
    root = plant("tests/test_a.py", "@pytest.mark.row('A1')\nasync def story(): ...")
    assert idle_markers(root) == ["tests/test_a.py:2: story"]


def test_a_row_is_carried_by_a_decorator_a_module_or_a_parameter(plant: Plant) -> None:
    plant("docs/requirements.md", REQUIREMENTS)
    plant("tests/test_a.py", "@pytest.mark.row('A1')\ndef test_it(): ...")
    root = plant("tests/test_b.py", "import pytest\npytestmark = [pytest.mark.row('Z')]")
    assert unknown_rows(root) == []
    assert uncarried(root) == {"A2": "States apart"}
    plant("tests/test_c.py", "CASES = [pytest.param(1, marks=pytest.mark.row('A2'))]")
    assert uncarried(root) == {}


@pytest.mark.parametrize("line", ["- **A1** Again", "- **a7** Lower case", "- A7 Not bold", "- **A7**", "- **A7** "])
def test_a_malformed_or_doubled_row_is_an_error(plant: Plant, line: str) -> None:
    root = plant("docs/requirements.md", REQUIREMENTS + line + "\n")
    with pytest.raises(ValueError, match=r"requirements\.md:8"):
        rows(root)


def test_the_command_lists_the_rows_that_no_test_carries() -> None:
    command = [sys.executable, "-m", "cli.rows"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    missing = uncarried(ROOT)
    assert [line.split()[0] for line in printed[:-1]] == list(missing)
    assert printed[-1].endswith(f"{len(missing)} are not")
