"""The rows of docs/requirements.md, the tests that carry them, and (as a command) the rows that no test carries."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROW = re.compile(r"- \*\*([A-Z][0-9]*)\*\* (\S.*)")


@dataclass(frozen=True, slots=True)
class Marker:
    """A `pytest.mark.row(...)` in a test file; `row` is None where its argument is no string literal."""

    row: str | None
    path: str
    line: int


def rows(root: Path) -> dict[str, str]:
    """Id to phrase, in the order of docs/requirements.md; a malformed or doubled row is a ValueError."""
    found: dict[str, str] = {}
    for number, line in enumerate((root / "docs" / "requirements.md").read_text().splitlines(), 1):
        if not line.startswith("- "):
            continue
        match = _ROW.fullmatch(line)
        if match is None or match[1] in found:
            raise ValueError(f"docs/requirements.md:{number}: not a new row: {line:.60}")
        found[match[1]] = match[2]
    return found


def markers(root: Path) -> list[Marker]:
    """Every row marker in the Python files below tests, in the order of the files."""
    files = sorted((root / "tests").rglob("*.py"))
    return [marker for file in files for marker in _markers(file.read_text(), file.relative_to(root).as_posix())]


def uncarried(root: Path) -> dict[str, str]:
    """The rows that no marker names."""
    carried = {marker.row for marker in markers(root)}
    return {row: phrase for row, phrase in rows(root).items() if row not in carried}


def _markers(text: str, path: str) -> Iterator[Marker]:
    if "mark.row" not in text:
        return
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.Call) and _is_row_mark(node.func):
            literals = [each.value if isinstance(each, ast.Constant) else None for each in node.args] or [None]
            yield from (Marker(each if isinstance(each, str) else None, path, node.lineno) for each in literals)


def _is_row_mark(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "row" and ast.unparse(node).endswith("mark.row")


def main() -> int:
    """Prints the rows that no test carries, and how many there are."""
    root = Path(__file__).resolve().parents[1]
    missing, whole = uncarried(root), len(rows(root))
    for row, phrase in missing.items():
        print(f"{row:<4} {phrase}")
    print(f"{whole - len(missing)} of {whole} rows are carried by a test, {len(missing)} are not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
