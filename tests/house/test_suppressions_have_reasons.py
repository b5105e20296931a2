"""Where a checker is told to look away, the same line says why."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import FOLDERS, ROOT, Source, sources, texts

# The word by which a checker knows the comment for its own, and what it is to overlook; the rest is for people.
# What the formatter leaves alone is no fault that nobody looks at, so `fmt` is not among them.
PYTHON = re.compile(
    r"#\s*(?:type:\s*ignore|noqa|pragma|nosec|mypy|ruff|pyright)\b"
    r"(?::?\s*(?:[A-Z]+[0-9]+,?|\[[^]]*\]|no cover|noqa|ignore|[\w-]+=[\w-]+))*"
)
SCRIPTS = re.compile(r"(?:eslint-disable[\w-]*|@ts-(?:ignore|expect-error)|shellcheck disable=)\s*[\w/@,-]*")
SCRIPT_SUFFIXES = (".js", ".ts", ".tsx", ".mjs", ".sh", ".ci/run")
WORD = re.compile(r"[^\W\d_]{2,}")


def _comments(file: Source) -> Iterator[tuple[int, str]]:
    if file.path.endswith(".py"):
        if PYTHON.search(file.text):
            tokens = tokenize.generate_tokens(io.StringIO(file.text).readline)
            yield from ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)
    else:
        yield from enumerate(file.lines, start=1)


def silent(root: Path) -> list[str]:
    """Suppressions of findings, in Python and in scripts, without a word of reason behind them on their line."""
    scripts = [file for file in texts(root) if file.path.endswith(SCRIPT_SUFFIXES)]
    return [
        f"{file.path}:{line}: {found.group()}"
        for known, files in ((PYTHON, sources(root, *FOLDERS)), (SCRIPTS, scripts))
        for file in files
        for line, comment in _comments(file)
        for found in known.finditer(comment)
        if not WORD.search(known.sub("", comment[found.end() :]))
    ]


def test_whoever_looks_away_says_why() -> None:
    assert silent(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = f()  # type: ignore",
        "x = f()  # type: ignore[arg-type, misc]",
        "x = f()  # type: ignore[misc]  # noqa: S608",
        "x = f()  # noqa",
        "x = f()  # noqa: E741, S608",
        "x = f()  # noqa: S608 -",
        "x = f()  # pragma: no cover",
        "x = f()  # nosec B608",
        "# mypy: disable-error-code=misc",
        "# ruff: noqa: E501",
        "# the reason stands elsewhere\nx = f()  # noqa: S608",
    ],
)
def test_one_without_a_word_behind_it_is_found(plant: Plant, text: str) -> None:
    assert len(silent(plant("tests/deep/a.py", text))) >= 1


def test_one_in_a_script_is_found(plant: Plant) -> None:
    plant("console/src/page.tsx", "// eslint-disable-next-line no-console\n")
    root = plant("dev/stack/install.sh", "# shellcheck disable=SC2086\n")
    assert len(silent(root)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "x = f()  # type: ignore[misc]  # the library has no types",
        "x = f()  # noqa: S608 - our own names",
        "x = f()  # noqa: DTZ001  a naive instant is what is tried",
        "x = f(  # fmt: skip",
        "x = '# type: ignore'",
        "# what mypy and ruff have to say",
    ],
)
def test_one_that_says_why_passes(plant: Plant, text: str) -> None:
    assert silent(plant("domain/a.py", text + "\n)" * text.count("f(  "))) == []
