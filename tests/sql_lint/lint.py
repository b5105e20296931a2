"""Judges one SQL text by the rules that keep it routable to a single shard of a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

import pglast
from pglast import ast

from migrations.registry import DIRECTORY_KEYS
from tests.sql_lint.reading import Reading
from tests.sql_lint.rules import CHANGES, form_findings
from tests.sql_lint.syntax import present, walk

FAN_OUT = "-- fanout"  # the first line of a statement that reads every shard on purpose


@dataclass(frozen=True, slots=True)
class Verdict:
    """``key`` is the number of the parameter bound to shard_key, where the statement has one."""

    findings: tuple[str, ...]
    key: int | None
    reads_directory: bool


def lint_statement(sql: str, tables: Mapping[str, str]) -> list[str]:
    """What is wrong with a statement, in words; empty where nothing is.

    A statement whose first line is ``-- fanout`` need not be pinned, but may neither change nor lock anything.
    """
    return list(judge(sql, tables).findings)


def judge(sql: str, tables: Mapping[str, str], directory_keys: Mapping[str, str] = DIRECTORY_KEYS) -> Verdict:
    """The findings of ``lint_statement``, with the facts that the guard on transactions needs."""
    try:
        parsed = pglast.parse_sql(sql)
    except pglast.Error as error:
        return Verdict((f"does not parse: {error.args[0]}",), None, False)
    if len(parsed) != 1:
        return Verdict((f"{len(parsed)} statements in one call",), None, False)
    statement = present(parsed[0].stmt)
    findings = form_findings(statement, tables)
    if not isinstance(statement, (ast.SelectStmt, *CHANGES)):
        return Verdict(tuple(findings), None, False)
    reading = Reading(tables, directory_keys).read(statement)
    findings += reading.findings
    findings += _fan_out_findings(statement, reading) if is_fan_out(sql) else _pin_findings(reading)
    keys = _keys(reading)
    return Verdict(
        tuple(dict.fromkeys(findings)),
        next(iter(keys)) if len(keys) == 1 else None,
        any(alias.split.startswith("D") for alias in reading.aliases),
    )


def is_fan_out(sql: str) -> bool:
    """Whether the text says that it reads every shard on purpose."""
    return sql.lstrip().startswith(FAN_OUT)


def _keys(reading: Reading) -> frozenset[int]:
    solved = reading.pins.solve()
    return frozenset().union(*(solved.get(alias.place, ()) for alias in reading.aliases if alias.split == "S"))


def _pin_findings(reading: Reading) -> list[str]:
    solved = reading.pins.solve()
    split = [alias for alias in reading.aliases if alias.split != "R"]
    found = [
        f"{alias.name} ({alias.table}) is not pinned: no parameter is equal to its {alias.key or 'key'}"
        for alias in split
        if not solved.get(alias.place)
    ]
    for place in sorted({alias.split for alias in split}):
        keys = frozenset().union(*(solved.get(alias.place, ()) for alias in split if alias.split == place))
        if len(keys) > 1:
            found.append(f"two keys meet: {', '.join(f'${number}' for number in sorted(keys))}")
    if len({alias.split for alias in split}) > 1:
        found.append("tables that are split by different keys meet in one statement")
    return found


def _fan_out_findings(statement: ast.Node, reading: Reading) -> list[str]:
    found = []
    if any(isinstance(node, CHANGES) for node in walk(statement)):
        found.append("a fan-out only reads")
    if any(isinstance(node, ast.LockingClause) for node in walk(statement)):
        found.append("a fan-out takes no locks")
    by_scope: dict[int, list[str]] = {}
    for alias in reading.aliases:
        if alias.split == "R":
            continue
        first = next(other for other in reading.aliases if other.scope == alias.scope and other.split != "R")
        if not reading.pins.solve([first.place]).get(alias.place):
            by_scope.setdefault(alias.scope, []).append(alias.name)
    return found + [f"{', '.join(names)}: joined without the shard key" for names in by_scope.values()]
