"""How many blocks of the database a statement reads that something done here sends."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg

from domain.db import observers

Asked = list[tuple[str, Sequence[object]]]


@contextmanager
def asked(about: str = "") -> Iterator[Asked]:
    """Collects the statements with that text in them, and what they are given."""
    seen: Asked = []

    def watch(sql: str, args: Sequence[object], _tx: object | None) -> None:
        if about in sql:
            seen.append((sql, args))

    observers.append(watch)
    try:
        yield seen
    finally:
        observers.remove(watch)


async def blocks_read(connection: asyncpg.Connection, statements: Asked) -> int:
    """Those of the only one of them, which is done once more."""
    ((sql, args),) = statements
    told = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", *args)
    plan = json.loads(told)[0]["Plan"]
    blocks: int = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return blocks
