"""The migrated schema is one that a single step can spread over a cluster, and the registry describes all of it."""

import asyncpg
import pytest

from migrations.catalog import catalog_faults
from migrations.registry import PARTITIONED, VIEWS


async def test_the_schema_keeps_every_rule_of_distribution(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        assert "\n".join(await catalog_faults(connection)) == ""
    finally:
        await connection.close()


async def test_the_registry_names_every_partitioned_table_and_its_month_is_the_recording(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(
            "SELECT partrelid::regclass::text AS name, pg_get_partkeydef(partrelid) AS split FROM pg_partitioned_table"
        )
    finally:
        await connection.close()
    assert {row["name"]: row["split"] for row in rows} == dict.fromkeys(PARTITIONED, "RANGE (recorded_at)")


async def test_the_registry_names_every_view(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'public'")
    finally:
        await connection.close()
    assert {row["viewname"] for row in rows} == set(VIEWS)


@pytest.mark.row("A1")
async def test_no_column_is_a_float_and_every_amount_is_an_integer(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(
            """SELECT table_name || '.' || column_name AS name, data_type AS kind FROM information_schema.columns
                WHERE table_schema = 'public'"""
        )
    finally:
        await connection.close()
    kinds = {row["name"]: row["kind"] for row in rows}
    assert [name for name, kind in kinds.items() if kind in ("real", "double precision", "numeric", "money")] == []
    amounts = [name for name in kinds if name.endswith(("amount", ".total", ".due", ".paid", ".captured", ".balance"))]
    assert len(amounts) > 10
    assert {kinds[name] for name in amounts} == {"bigint"}
