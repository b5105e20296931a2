"""Rows that only grow find the partition of their month, and the application reaches them through the parent alone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest

from migrations.partitions import ensure_partitions, months
from migrations.registry import PARTITIONED
from migrations.runner import migrate
from tests.migrations.conftest import session

INSERT = "INSERT INTO grown (id, recorded_at) VALUES ($1, $2)"


@pytest.fixture
async def connection(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A session on a database with one partitioned table that the application may append to."""
    async with session(empty_url) as connection:
        await connection.execute(
            """CREATE TABLE grown (id int, recorded_at timestamptz, CONSTRAINT grown_pkey PRIMARY KEY (id, recorded_at))
               PARTITION BY RANGE (recorded_at)"""
        )
        await connection.execute("GRANT SELECT, INSERT ON grown TO quittance_app")
        yield connection


async def _names(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch("SELECT inhrelid::regclass::text AS name FROM pg_inherits ORDER BY 1")
    return [row["name"] for row in rows if "pkey" not in row["name"]]


def test_months_go_over_the_end_of_a_year() -> None:
    assert list(months(date(2026, 11, 30), 2)) == [
        ((2026, 11), (2026, 12)),
        ((2026, 12), (2027, 1)),
        ((2027, 1), (2027, 2)),
    ]


async def test_this_month_and_the_next_are_made_once(connection: asyncpg.Connection) -> None:
    for _ in range(2):
        await ensure_partitions(connection, ["grown"], date(2026, 11, 30), 2)
        assert await _names(connection) == ["grown_y2026m11", "grown_y2026m12", "grown_y2027m01"]


async def test_a_later_run_adds_the_months_that_came_into_sight(connection: asyncpg.Connection) -> None:
    await ensure_partitions(connection, ["grown"], date(2026, 11, 1), 1)
    await ensure_partitions(connection, ["grown"], date(2027, 1, 1), 1)
    assert await _names(connection) == ["grown_y2026m11", "grown_y2026m12", "grown_y2027m01", "grown_y2027m02"]


async def test_a_table_that_does_not_exist_yet_is_left_out(connection: asyncpg.Connection) -> None:
    await ensure_partitions(connection, ["to_come"], date(2026, 11, 1), 1)
    assert await _names(connection) == []


async def test_a_row_goes_to_its_month_in_utc_whatever_the_session_thinks(connection: asyncpg.Connection) -> None:
    await connection.execute("SET timezone = 'Pacific/Auckland'")
    await ensure_partitions(connection, ["grown"], date(2026, 11, 1), 1)
    await connection.execute(INSERT, 1, datetime(2026, 11, 30, 23, 59, 59, 999999, UTC))
    await connection.execute(INSERT, 2, datetime(2026, 12, 1, tzinfo=UTC))
    rows = await connection.fetch("SELECT tableoid::regclass::text AS place FROM grown ORDER BY id")
    assert [row["place"] for row in rows] == ["grown_y2026m11", "grown_y2026m12"]


async def test_the_application_appends_through_the_parent_and_cannot_touch_a_partition(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO quittance_app")
    await ensure_partitions(connection, ["grown"], date(2026, 11, 1), 1)
    await connection.execute("SET ROLE quittance_app")
    await connection.execute(INSERT, 1, datetime(2026, 11, 2, tzinfo=UTC))
    assert await connection.fetchval("SELECT count(*) FROM grown") == 1
    for statement in ("DELETE FROM grown", "DELETE FROM grown_y2026m11", "SELECT id FROM grown_y2026m11"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_a_migrated_database_has_room_for_this_month_and_eighteen_more(empty_url: str) -> None:
    await migrate(empty_url)
    async with session(empty_url) as connection:
        today = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
        names = await _names(connection)
    expected = [f"{table}_y{year}m{month:02}" for table in PARTITIONED for (year, month), _ in months(today, 18)]
    assert names == sorted(expected)
    assert len(names) == 19 * len(PARTITIONED)
