"""What PostgreSQL plans for a statement, whatever its arguments: which tables it would read from end to end."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.sql_lint.literals import SqlCall

# What may be read whole, by file and table, and why.
MAY_BE_READ_WHOLE = {
    ("domain/fanout/disputes.py", "dispute_look"): "a row for each provider account",
    ("domain/fanout/provider_events.py", "event_look"): "a row for each provider account",
    ("domain/fanout/waiting.py", "outbox_event"): "what waits alone, which is counted up to a cap",
    ("domain/reconciliation/dunning_checks.py", "installment_plan"): "verify recomputes a shard key as a whole",
    ("domain/invoices/history.py", "invoice_line"): "either once or for each invoice, as the rows are; see make big",
}
# These give what they find in order, so a limit above them ends the reading early.
_STEPWISE = {"Limit", "Result", "Subquery Scan", "Append", "Merge Append", "Nested Loop", "LockRows", "ModifyTable"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A table that a plan reads whole: by its rows (``Seq Scan``) or by an index without a condition."""

    where: str
    table: str
    how: str

    def __str__(self) -> str:
        return f"{self.where}: {self.how} on {self.table}"


def is_small(reading: Reading) -> bool:
    """Whether that file may read that table whole."""
    return (reading.where.partition(":")[0], reading.table) in MAY_BE_READ_WHOLE


async def readings(
    connection: asyncpg.Connection, calls: Iterable[SqlCall], tables: Mapping[str, str], *, indexes_only: bool
) -> list[Reading]:
    """Sharded tables and directories that are read whole; with ``indexes_only`` where no index would serve at all.

    That is told of empty tables as well, while a plan of what is there takes the shortest way for so many rows.
    """
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"SET enable_seqscan = {'off' if indexes_only else 'on'}")
    parents = {row["child"]: row["parent"] for row in await connection.fetch(
        """SELECT c.relname AS child, p.relname AS parent
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent"""
    )}  # fmt: skip
    found = []
    for call in calls:
        if not call.sql.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "--")):
            continue
        plan = await _plan(connection, call.sql)
        for node, limited in _nodes(plan, False):
            table = parents.get(str(node.get("Relation Name")), str(node.get("Relation Name")))
            how = _whole(node, limited)
            if how and tables.get(table, "R") != "R":
                found.append(Reading(call.where, table, how))
    return list(dict.fromkeys(found))


async def _plan(connection: asyncpg.Connection, sql: str) -> dict[str, Any]:
    await connection.execute(f"PREPARE planned AS {sql}")
    try:
        count = await connection.fetchval(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'planned'"
        )
        nulls = ", ".join(["NULL"] * count)
        told = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE planned{f'({nulls})' if count else ''}")
    finally:
        await connection.execute("DEALLOCATE planned")
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


def _nodes(node: Mapping[str, Any], limited: bool) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Each node, and whether a limit above it ends it early."""
    yield node, limited
    kind = node["Node Type"]
    below = kind == "Limit" or (limited and kind in _STEPWISE)
    for child in node.get("Plans", ()):
        yield from _nodes(child, below)


def _whole(node: Mapping[str, Any], limited: bool) -> str | None:
    kind = str(node["Node Type"])
    if kind == "Seq Scan":
        return kind
    if kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan") and "Index Cond" not in node and not limited:
        return f"{kind} without a condition"
    return None
