"""Every column that can say who somebody is has a class: what erasing does to it, or why it is not personal."""

import asyncpg
import pytest

from migrations.personal import PERSONAL, PLAIN, WORDS
from migrations.registry import TABLES


async def columns(owner_url: str) -> set[str]:
    """``table.column`` of all that hold words, but those of reference tables, which tell of the tenant alone."""
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(
            """SELECT t.relname AS name, a.attname AS of, format_type(a.atttypid, NULL) AS type
                 FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
                 JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
                WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition AND a.attnum > 0 AND NOT a.attisdropped"""
        )
    finally:
        await connection.close()
    return {f"{row['name']}.{row['of']}" for row in rows if row["type"] in WORDS and TABLES.get(row["name"]) != "R"}


@pytest.mark.row("L8")
async def test_every_column_that_holds_words_says_whether_it_is_personal(owner_url: str) -> None:
    there = await columns(owner_url)
    assert there - {*PERSONAL, *PLAIN} == set(), "give it a class in migrations/personal.py"
    assert {*PERSONAL, *PLAIN} - there == set(), "there is no such column any more"
    assert set(PERSONAL) & set(PLAIN) == set()


async def test_no_reference_table_is_about_a_customer(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch(
            "SELECT table_name AS name FROM information_schema.columns WHERE column_name = 'customer_id'"
        )
    finally:
        await connection.close()
    assert [row["name"] for row in rows if TABLES.get(row["name"]) == "R"] == []
