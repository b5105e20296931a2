"""The migrated schema is one that a single step can spread over a cluster, and the registry describes all of it."""

import asyncpg

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
