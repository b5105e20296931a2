"""Monthly partitions of the tables whose rows only grow, made ahead of time."""

from collections.abc import Iterable, Iterator
from datetime import date

import asyncpg

from migrations.patience import patiently
from migrations.role import APP_ROLE

MONTHS_AHEAD = 18  # a deployment that migrates once a year still never meets a missing month

Month = tuple[int, int]


async def ensure_partitions(
    connection: asyncpg.Connection, tables: Iterable[str], today: date, months_ahead: int = MONTHS_AHEAD
) -> None:
    """Makes the missing partitions of this month and the next ones, UTC months, named like audit_body_y2026m11.

    A table that does not exist yet is left out. The application role reaches rows through the parent, whose grants
    hold for every partition, and gets nothing on a partition itself.
    """
    for table in tables:
        rows = await connection.fetch(
            """SELECT part.relname FROM pg_inherits link
               JOIN pg_class part ON part.oid = link.inhrelid WHERE link.inhparent = to_regclass($1)""",
            table,
        )
        present = {row["relname"] for row in rows}
        if await connection.fetchval("SELECT to_regclass($1) IS NULL", table):
            continue
        for month, after in months(today, months_ahead):
            name = f"{table}_y{month[0]}m{month[1]:02}"
            if name not in present:
                await _create(connection, table, name, month, after)


def months(today: date, ahead: int) -> Iterator[tuple[Month, Month]]:
    """This month and so many after it, each with the month that ends it."""
    first = today.year * 12 + today.month - 1
    for count in range(first, first + ahead + 1):
        yield (count // 12, count % 12 + 1), ((count + 1) // 12, (count + 1) % 12 + 1)


async def _create(connection: asyncpg.Connection, table: str, name: str, month: Month, after: Month) -> None:
    async def work() -> None:
        async with connection.transaction():
            await connection.execute(
                f"CREATE TABLE {name} PARTITION OF {table} "
                f"FOR VALUES FROM ('{month[0]}-{month[1]:02}-01 00:00+00') TO ('{after[0]}-{after[1]:02}-01 00:00+00')"
            )
            await connection.execute(f"REVOKE ALL ON {name} FROM {APP_ROLE}")

    await patiently(work, f"the partition {name}")
