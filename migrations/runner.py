"""Brings a database to the schema of this code: forward only, one migrator at a time, old code still running."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from migrations.files import FOLDER, MigrationFile, MigrationRefused, Phase, choose, pending, read_files
from migrations.partitions import ensure_partitions
from migrations.patience import LOCK_TIMEOUT_SECONDS, patiently
from migrations.registry import PARTITIONED
from migrations.role import APP_ROLE, ensure_role

ADVISORY_LOCK = 0x7175_6974_7461  # "quitta": any number does as long as nobody else on this database uses it
POLL_SECONDS = 0.1
POLLS = 6000  # ten minutes: longer than any file should run, short enough for a deployment to notice


async def migrate(owner_dsn: str, phase: Phase = "all", folder: Path = FOLDER) -> int:
    """Applies what is missing and returns the number of files applied.

    The session holds an advisory lock, so the address must lead to the server itself or to a pooler in session mode.
    Raises MigrationRefused, with one sentence, when the files and the database do not fit or a file fails; what was
    applied before stays.
    """
    files = read_files(folder)
    async with owner_connection(owner_dsn) as connection:
        await _be_alone(connection)
        await ensure_role(connection)
        await _ensure_table(connection)
        chosen = choose(pending(files, await _applied(connection)), phase)
        for file in chosen:
            await patiently(partial(_apply, connection, file), file.name)
        today = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
        await ensure_partitions(connection, PARTITIONED, today)
    return len(chosen)


@asynccontextmanager
async def owner_connection(owner_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A session of the schema's owner on the primary; refuses a server that cannot be reached or only reads."""
    try:
        connection = await asyncpg.connect(
            owner_dsn,
            target_session_attrs=SessionAttribute.read_write,
            statement_cache_size=0,  # each statement runs once, and DDL would make a cached plan stale
            server_settings={
                "application_name": "quittance-migrate",
                "search_path": "public",
                "timezone": "UTC",
                "lock_timeout": f"{LOCK_TIMEOUT_SECONDS * 1000:.0f}ms",
                "statement_timeout": "0",  # a backfill takes what it takes; only waiting is bounded
                "idle_in_transaction_session_timeout": "0",
                "client_min_messages": "warning",
                "citus.propagate_set_commands": "local",  # lock_timeout reaches the workers; ignored elsewhere
            },
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise MigrationRefused(f"the owner's database address leads to no writable server: {error}") from error
    try:
        yield connection
    except asyncpg.PostgresError as error:
        raise MigrationRefused(f"the database refused: {error}") from error
    finally:
        await connection.close()


async def _be_alone(connection: asyncpg.Connection) -> None:
    # Polled, since waiting inside pg_advisory_lock keeps a snapshot and CREATE INDEX CONCURRENTLY waits for snapshots.
    for _ in range(POLLS):
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", ADVISORY_LOCK):
            return
        await asyncio.sleep(POLL_SECONDS)
    raise MigrationRefused("another migrator has held this database for ten minutes: look at it, then run this again")


async def _ensure_table(connection: asyncpg.Connection) -> None:
    if await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL"):
        return
    await connection.execute(
        f"""CREATE TABLE schema_migration (
                number int NOT NULL,
                name text NOT NULL,
                sha256 text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now(),
                CONSTRAINT schema_migration_pkey PRIMARY KEY (number)
            );
            GRANT SELECT ON schema_migration TO {APP_ROLE}"""
    )


async def _applied(connection: asyncpg.Connection) -> Sequence[tuple[int, str, str]]:
    rows = await connection.fetch("SELECT number, name, sha256 FROM schema_migration ORDER BY number")
    return [(row["number"], row["name"], row["sha256"]) for row in rows]


async def _apply(connection: asyncpg.Connection, file: MigrationFile) -> None:
    try:
        if file.transactional:
            async with connection.transaction():
                await connection.execute(file.sql)
                await _remember(connection, file)
        else:
            await _apply_apart(connection, file)
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        raise
    except asyncpg.PostgresError as error:
        state = "nothing of it stayed" if file.transactional else "part of it may have stayed"
        raise MigrationRefused(f"{file.name} failed, {state}: {error}") from error


async def _apply_apart(connection: asyncpg.Connection, file: MigrationFile) -> None:
    # A concurrent index build waits for old transactions without making anybody queue, so that wait needs no bound.
    await connection.execute("SET lock_timeout = 0")
    try:
        for statement in file.statements:
            await connection.execute(statement)
    finally:
        await connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS * 1000:.0f}ms'")
    await _remember(connection, file)


async def _remember(connection: asyncpg.Connection, file: MigrationFile) -> None:
    await connection.execute(
        "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)", file.number, file.name, file.checksum
    )
