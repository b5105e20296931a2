"""A number that somebody chose says why it is that number."""

import ast
import io
import re
import tokenize
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources, text_of

CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
REASON = re.compile(r"#\s*(?!noqa|type:|fmt:|pragma)\S.*\S")


def _is_number(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) or _is_number(node.right)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(_is_number(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return bool(node.values) and all(_is_number(value) for value in node.values)
    if isinstance(node, ast.Call):
        given = node.args + [keyword.value for keyword in node.keywords]
        return bool(given) and all(_is_number(value) or _is_digits(value) for value in given)
    return False


def _is_digits(node: ast.expr) -> bool:
    return bool(re.fullmatch(r"[\d.]+", text_of(node) or ""))


def _comment_lines(file: Source) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(file.text).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT and REASON.match(token.string)}


def _own_comment(file: Source, line: int) -> bool:
    return line > 0 and file.lines[line - 1].lstrip().startswith("#")


def _unexplained(file: Source) -> list[str]:
    body = file.module.body
    numbers = [
        (statement, after)
        for statement, after in zip_longest(body, body[1:])
        if isinstance(statement, ast.Assign | ast.AnnAssign) and _is_number(statement.value)
    ]
    found, commented = [], _comment_lines(file) if numbers else set()
    for statement, after in numbers:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [target.id for target in targets if isinstance(target, ast.Name) and CONSTANT.fullmatch(target.id)]
        above, last = statement.lineno - 1, statement.end_lineno or statement.lineno
        beside = commented & set(range(statement.lineno, last + 1))
        below = isinstance(after, ast.Expr) and text_of(after.value) is not None
        if names and not beside and not below and not (above in commented and _own_comment(file, above)):
            found.append(file.at(statement, names[0]))
    return found


def unexplained(root: Path) -> list[str]:
    """Upper-case numbers of modules in domain, jobs and api without a comment beside or above or a string below."""
    return [finding for file in sources(root, "domain", "jobs", "api") for finding in _unexplained(file)]


def test_every_chosen_number_says_why() -> None:
    assert unexplained(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "LIMIT = 100",
        "LIMIT: Final = 100",
        "_LIMIT = -1",
        "DAY = 24 * 60 * 60",
        "WAIT = timedelta(hours=23)",
        "PLAN = (timedelta(minutes=1), timedelta(minutes=5))",
        "RATE = Decimal('0.19')",
        "DIGITS = {'EUR': 2}",
        "LIMIT = 100  # noqa: E501",
        "A = 1  # the first\nLIMIT = 100",
        "# the reason of something else\n\nLIMIT = 100",
    ],
)
def test_a_number_without_a_reason_is_found(plant: Plant, text: str) -> None:
    assert len(unexplained(plant("jobs/sweep.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "LIMIT = 100  # a page that a person still reads",
        "# a page that a person still reads\nLIMIT = 100",
        'LIMIT: Final = 100\n"""A page that a person still reads."""',
        "PLAN = (\n    1,  # soon\n    60,\n)",
        "NAME = 'x'",
        "ON = True",
        "limit = 100",
        "",
        "class A:\n    X = 1",
    ],
)
def test_a_number_with_a_reason_passes(plant: Plant, text: str) -> None:
    assert unexplained(plant("domain/a.py", text)) == []
