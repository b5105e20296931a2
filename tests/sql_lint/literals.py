"""Finds every SQL text that the code passes to a connection, and every one that is not a literal where it is used."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.tree import Source, text_of

METHODS = frozenset({"fetch", "fetchrow", "fetchval", "execute"})

# They hand on what others wrote; nothing else may take SQL from a variable.
PASSES_ON = frozenset({"domain/db.py", "domain/lockstep.py", "domain/side_by_side.py"})


@dataclass(frozen=True, slots=True)
class SqlCall:
    """A literal passed to a connection; ``arguments`` is None where a list of unknown length follows it."""

    where: str
    sql: str
    arguments: int | None


def _statements(file: Source) -> Iterator[ast.Call]:
    for node in file.nodes if file.path not in PASSES_ON else ():
        called = node.func if isinstance(node, ast.Call) and node.args else None
        if isinstance(called, ast.Attribute) and called.attr in METHODS:
            assert isinstance(node, ast.Call)
            yield node


def _choices(node: ast.expr) -> list[ast.expr]:
    return _choices(node.body) + _choices(node.orelse) if isinstance(node, ast.IfExp) else [node]


def sql_calls(file: Source) -> list[SqlCall]:
    """Every literal of the file, with its place and the number of arguments after it."""
    return [
        SqlCall(
            f"{file.path}:{call.lineno}",
            text,
            None if any(isinstance(argument, ast.Starred) for argument in call.args) else len(call.args) - 1,
        )
        for call in _statements(file)
        for choice in _choices(call.args[0])
        if (text := text_of(choice)) is not None
    ]


def built_texts(file: Source) -> list[str]:
    """Calls whose SQL is put together or comes from elsewhere, so that a reader cannot see it and no test can."""
    return [
        file.at(call, ast.unparse(choice))
        for call in _statements(file)
        for choice in _choices(call.args[0])
        if text_of(choice) is None and _may_be_sql(file, call, choice)
    ]


def _may_be_sql(file: Source, call: ast.Call, choice: ast.expr) -> bool:
    # The API executes documents of its own query language; a text that is built is refused there as well.
    assert isinstance(call.func, ast.Attribute)
    plain = isinstance(choice, ast.Name | ast.Attribute | ast.Subscript | ast.Await)
    return not (plain and file.path.startswith("api/") and call.func.attr == "execute")
