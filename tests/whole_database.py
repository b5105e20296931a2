"""A fingerprint of every row of this test's database, so that a test can say: nothing was written.

It takes the rows' number and who wrote them, not what they say: each write gives its row the number of its transaction,
which are given out in order, and reading that alone costs a tenth. A row that was written again as it was counts, too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from asyncpg import Connection
from asyncpg.prepared_stmt import PreparedStatement

# Refused calls, requests and uses of documents are noted on purpose; a lease says who works, not what was done.
BESIDE_THE_FACTS = ("refusal_log", "api_request", "document_use", "outbox_lease", "schema_migration")


@dataclass
class Fingerprints:
    """Rows of all tables and the transactions that wrote them, table by table, read as the owner."""

    question: PreparedStatement
    last: dict[str, tuple[int, int]] | None = None

    async def now(self) -> dict[str, tuple[int, int]]:
        """Rows and the sum of the numbers of their transactions, by table."""
        self.last = {row["name"]: (row["count"], row["written"]) for row in await self.question.fetch()}
        return self.last

    async def before(self) -> dict[str, tuple[int, int]]:
        """What the look before saw, or else what there is now: for a file of refusals alone, of which none writes.

        Reading every row is most of what such a test costs. A row that is written between two of them fails the second.
        """
        return self.last or await self.now()

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Whatever is done in it, every row stays as it was."""
        before = await self.now()
        yield
        after = await self.now()
        changed = {name: (before[name], after[name]) for name in after if after[name] != before[name]}
        assert not changed, f"written, as rows and the sum of their transactions before and after: {changed}"


async def fingerprints(connection: Connection) -> Fingerprints:
    """Fingerprints over all tables that there are; partitions are read through their parents."""
    rows = await connection.fetch(
        """SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"""
    )
    names = [row["name"] for row in rows if row["name"] not in BESIDE_THE_FACTS]
    assert len(names) > 20, "this is not our database"
    parts = [  # table names of the catalog itself
        f"SELECT '{name}' AS name, count(*) AS count,"  # noqa: S608 - our own names
        f" coalesce(sum(t.xmin::text::bigint), 0)::bigint AS written FROM {name} t"
        for name in names
    ]
    # So many tables look like much to read: to start two processes for it would cost ten times as much as to read them.
    await connection.execute("SET max_parallel_workers_per_gather = 0")
    return Fingerprints(await connection.prepare(" UNION ALL ".join(parts)))
