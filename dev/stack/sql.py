"""The few statements the launcher runs as superuser."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

import asyncpg

from dev.stack.addresses import APP, DATABASE, OWNER
from dev.stack.keys import Keys

# Over a unix socket anything slower means a server that is not there.
CONNECT_SECONDS = 5.0
T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def create_roles(superuser_dsn: str, keys: Keys, replicator: str) -> None:
    """The three roles and the database `quittance`; repeating it changes nothing."""

    async def work(connection: Connection) -> None:
        roles = {OWNER: ("", keys.owner), APP: ("", keys.app), replicator: (" REPLICATION", keys.replication)}
        for role, (attribute, password) in roles.items():
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                # Utility statements take no parameters; names are ours and passwords hexadecimal.
                await connection.execute(f"CREATE ROLE {role} LOGIN{attribute} PASSWORD '{password}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    _with_connection(superuser_dsn, work)


def slot_is_usable(superuser_dsn: str, slot: str) -> bool:
    """Whether the slot still keeps what its replica needs; True when the primary cannot be asked."""

    async def work(connection: Connection) -> bool:
        status = await connection.fetchval("SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1", slot)
        return status not in (None, "lost")

    try:
        return _with_connection(superuser_dsn, work)
    except (OSError, asyncpg.PostgresError):
        return True


def drop_slot(superuser_dsn: str, slot: str) -> None:
    """Drop the slot if it exists, ending the sender that a replica killed a moment ago may have left on it."""

    async def work(connection: Connection) -> None:
        await connection.execute(
            "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active",
            slot,
        )
        await connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", slot
        )

    _with_connection(superuser_dsn, work)


def is_streaming(superuser_dsn: str, slot: str) -> bool:
    """Whether the primary is sending to the replica of this slot."""

    async def work(connection: Connection) -> bool:
        query = "SELECT true FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
        return bool(await connection.fetchval(query, slot))

    return _with_connection(superuser_dsn, work)


def unsafe_settings(url: str) -> list[str]:
    """The settings of this server that would lose or tear acknowledged commits in a crash, as in "fsync=off"."""

    async def work(connection: Connection) -> list[str]:
        query = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on'"
        return [f"{row['name']}={row['setting']}" for row in await connection.fetch(query)]

    return _with_connection(url, work)


def _with_connection(url: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    async def run() -> T:
        connection: Connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
        try:
            return await work(connection)
        finally:
            await connection.close()

    # In a thread of its own: the caller may have a loop, which asyncio.run would refuse or replace.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()
