"""No print where there is a log, and no note to oneself in a comment."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources, texts

# Work that is owed belongs where it is seen, not into a comment.
NOTE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

COMMENTED = (".sql", ".toml", ".yaml", ".yml", ".sh", "Makefile", ".ci/run", ".importlinter", ".cfg", ".ini")


def prints(root: Path) -> list[str]:
    """Calls of print in domain, api and jobs."""
    return [
        file.at(node, "print")
        for file in sources(root, "domain", "api", "jobs")
        for node in file.nodes
        if isinstance(node, ast.Call) and file.dotted(node.func) in ("print", "builtins.print")
    ]


def _comments(file: Source) -> list[tuple[int, str]]:
    if not file.path.endswith(".py"):
        return list(enumerate(file.lines, 1)) if file.path.endswith(COMMENTED) else []
    tokens = tokenize.generate_tokens(io.StringIO(file.text).readline)
    found = [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [node for node in file.nodes if isinstance(node, holders)]
    described = [(node.body[0].lineno, text) for node in documented if (text := ast.get_docstring(node))]
    # In a sentence, three X are the ISO 4217 code for "no currency".
    return found + [(line, text.replace("XXX", "")) for line, text in described]


def notes(root: Path) -> list[str]:
    """Notes to oneself in comments and docstrings of Python files, and in SQL, build and settings files."""
    return [
        f"{file.path}:{line}: {match[0]}"
        for file in texts(root)
        if NOTE.search(file.text)  # else there is none in its comments, and nothing to take apart
        for line, text in _comments(file)
        if (match := NOTE.search(text))
    ]


def test_nothing_prints_where_there_is_a_log() -> None:
    assert prints(ROOT) == []


def test_no_comment_is_a_note_to_oneself() -> None:
    assert notes(ROOT) == []


def test_a_print_is_found_where_there_is_a_log(plant: Plant) -> None:
    plant("cli/main.py", "print('fine: a person reads it')")
    plant("jobs/sweep.py", "def f():\n    print('due')")
    root = plant("domain/a.py", "blueprint('x')\nprint")
    assert prints(root) == ["jobs/sweep.py:2: print"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/a.py", "x = 1  # TODO later"),
        ("tests/test_a.py", "# FIXME: wrong in February"),
        ("dev/a.py", 'def f():\n    """FIXME unclear."""'),
        ("migrations/sql/0001_a.sql", "-- HACK around the planner\nSELECT 1;"),
        ("Makefile", "# TODO\nall:"),
        (".ci/run", "# TODO"),
    ],
)
def test_a_note_to_oneself_is_found(plant: Plant, path: str, text: str) -> None:
    assert len(notes(plant(path, text))) == 1


def test_a_word_inside_a_value_or_a_currency_in_a_sentence_is_no_note(plant: Plant) -> None:
    assert notes(plant("domain/currencies.py", '"""XAU and XXX are left out."""\nNONE = "XXX"  # no currency\n')) == []
