"""How long anybody waits for a lock: looked at twenty times a second, as superuser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

LOOK_SECONDS = 0.05


@dataclass
class Waits:
    """The longest wait seen for a lock of a table and of anything else, and who waited for whom."""

    table_seconds: float = 0.0
    other_seconds: float = 0.0
    looks: int = 0
    who: list[str] = field(default_factory=list)

    async def look(self, connection: asyncpg.Connection) -> None:
        """One look."""
        rows = await connection.fetch(
            """SELECT l.locktype, extract(epoch FROM clock_timestamp() - l.waitstart)::float AS seconds, a.query
                 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE NOT l.granted AND l.waitstart IS NOT NULL"""
        )
        self.looks += 1
        for row in rows:
            if row["locktype"] == "relation":
                self.table_seconds = max(self.table_seconds, row["seconds"])
            else:
                self.other_seconds = max(self.other_seconds, row["seconds"])
            if row["seconds"] > 0.5:
                self.who.append(f"{row['locktype']} {row['seconds']:.2f} s: {' '.join(row['query'].split())[:120]}")


@asynccontextmanager
async def watched(admin_dsn: str) -> AsyncIterator[Waits]:
    """Watches while the block runs."""
    waits, ended = Waits(), asyncio.Event()
    connection = await asyncpg.connect(admin_dsn)

    async def watch() -> None:
        while not ended.is_set():
            await waits.look(connection)
            await asyncio.sleep(LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield waits
    finally:
        ended.set()
        await watching
        await connection.close()
