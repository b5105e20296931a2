"""A file fits in the head, a function on the screen."""

from pathlib import Path

from tests.house.conftest import Plant
from tests.house.tree import FOLDERS, ROOT, sources

FILE_LINES = 300  # what one can still read through in a sitting; the aim is half of it
FUNCTION_LINES = 50  # one screen; the aim is 15
WRITTEN = (".py", ".sql", ".ts", ".tsx", ".css", ".typ", ".sh")  # by hand


def long_files(root: Path) -> list[str]:
    """Files of code above FILE_LINES, those of the console's page too."""
    found = sources(root, *FOLDERS, "console/src", suffixes=WRITTEN)
    return [f"{file.path}:1: {len(file.lines)} lines" for file in found if len(file.lines) > FILE_LINES]


def long_functions(root: Path) -> list[str]:
    """Functions above FUNCTION_LINES, from `def` to the last line, docstring and nested functions included."""
    return [
        file.at(function, f"{function.name} has {length} lines")
        for file in sources(root, *FOLDERS)
        for function in file.functions
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]


def test_no_file_is_longer_than_its_ceiling() -> None:
    assert long_files(ROOT) == []


def test_no_function_is_longer_than_its_ceiling() -> None:
    assert long_functions(ROOT) == []


def test_one_line_above_the_ceiling_of_a_file_is_found(plant: Plant) -> None:
    plant("domain/full.py", "x = 1\n" * FILE_LINES)
    plant("tests/deep/long.py", "x = 1\n" * (FILE_LINES + 1))
    plant("console/src/long.css", "a { }\n" * (FILE_LINES + 1))
    root = plant("migrations/sql/0001_long.sql", "SELECT 1;\n" * (FILE_LINES + 1))
    long = ("console/src/long.css", "migrations/sql/0001_long.sql", "tests/deep/long.py")
    assert long_files(root) == [f"{path}:1: 301 lines" for path in long]


def test_one_line_above_the_ceiling_of_a_function_is_found(plant: Plant) -> None:
    plant("domain/full.py", "def full():\n" + "    x = 1\n" * (FUNCTION_LINES - 1))
    plant("api/loose.py", "class A:\n    @property\n    async def long(self):\n" + "        x = 1\n" * FUNCTION_LINES)
    root = plant("tests/test_long.py", "def test_long():\n" + "    x = 1\n" * FUNCTION_LINES)
    assert long_functions(root) == ["api/loose.py:3: long has 51 lines", "tests/test_long.py:1: test_long has 51 lines"]
