"""Every SQL text of the code is a literal where it is used, fits the schema, and can be routed."""

import asyncpg
import pytest

from migrations.registry import TABLES, VIEWS
from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources
from tests.sql_lint.lint import is_fan_out, lint_statement
from tests.sql_lint.literals import SqlCall, built_texts, sql_calls
from tests.sql_lint.plans import is_small, readings

FOLDERS = ("domain", "jobs", "api")


def _calls() -> list[SqlCall]:
    return [call for file in sources(ROOT, *FOLDERS) for call in sql_calls(file)]


async def _misfits(connection: asyncpg.Connection, calls: list[SqlCall]) -> list[str]:
    found = []
    for call in calls:
        try:
            prepared = await connection.prepare(call.sql)
        except asyncpg.PostgresError as error:
            found.append(f"{call.where}: {error}")
            continue
        wanted = len(prepared.get_parameters())
        if call.arguments is not None and call.arguments != wanted:
            found.append(f"{call.where}: {wanted} parameters, {call.arguments} arguments")
    return found


async def test_every_statement_fits_the_migrated_schema(owner_url: str) -> None:
    calls = _calls()
    connection = await asyncpg.connect(owner_url)
    try:
        assert "\n".join(await _misfits(connection, calls)) == ""
    finally:
        await connection.close()
    assert len(calls) > 50, "the search for statements finds too few of them to be believed"


def test_every_statement_can_be_routed() -> None:
    tables = {**TABLES, **VIEWS}
    assert [f"{call.where}: {finding}" for call in _calls() for finding in lint_statement(call.sql, tables)] == []


def test_no_statement_is_put_together_at_run_time() -> None:
    assert [finding for file in sources(ROOT, *FOLDERS) for finding in built_texts(file)] == []


def test_only_files_of_a_fanout_folder_read_every_shard() -> None:
    assert [call.where for call in _calls() if is_fan_out(call.sql) and "/fanout/" not in call.where] == []


async def test_an_index_serves_every_statement_about_what_grows(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        found = await readings(connection, _calls(), {**TABLES, **VIEWS}, indexes_only=True)
    finally:
        await connection.close()
    assert [str(each) for each in found if each.how == "Seq Scan" and not is_small(each)] == []


async def test_a_statement_that_no_index_serves_is_found(database_url: str) -> None:
    text = """
async def f(db):
    await db.fetch("SELECT customer_id FROM invoice WHERE purchase_order = $1", 1)
    await db.fetch("SELECT customer_id FROM invoice WHERE shard_key = $1 AND id = $2", 1, 2)
"""
    connection = await asyncpg.connect(database_url)
    try:
        found = await readings(connection, sql_calls(Source("domain/a.py", text)), TABLES, indexes_only=True)
    finally:
        await connection.close()
    assert [str(each) for each in found] == ["domain/a.py:3: Seq Scan on invoice"]


async def test_a_statement_that_does_not_fit_is_found(owner_url: str) -> None:
    text = """
async def f(db, rest):
    await db.fetch("SELECT slug FROM tenant WHERE id = $1")
    await db.fetch("SELECT slug FROM tenant WHERE id = $1", 1, 2)
    await db.fetch("SELECT slug FROM tenant WHERE id = $1", *rest)
    await db.fetchval("SELECT slug FROM tenant WHERE id = $1" if rest else "SELECT name FROM tenant", 1)
    await db.execute("DELETE FROM tenant WHERE colour = $1", 1)
"""
    connection = await asyncpg.connect(owner_url)
    try:
        misfits = await _misfits(connection, sql_calls(Source("domain/a.py", text)))
    finally:
        await connection.close()
    assert [misfit.split(": ", 1)[1] for misfit in misfits] == [
        "1 parameters, 0 arguments",
        "1 parameters, 2 arguments",
        "0 parameters, 1 arguments",
        'column "colour" does not exist',
    ]


@pytest.mark.parametrize(
    "call",
    [
        'db.fetch(f"SELECT id FROM {table}")',
        'db.fetch("SELECT id " + rest)',
        'db.fetch("SELECT id FROM %s" % table)',
        'db.fetch("SELECT id FROM {}".format(table))',
        'db.fetch(" ".join(parts))',
        "db.fetchrow(SQL, 1)",
        "db.fetchval(self.sql)",
        "tx.execute(query)",
        'tx.execute("SELECT 1" if short else long)',
    ],
)
def test_a_text_that_is_not_a_literal_is_found(plant: Plant, call: str) -> None:
    root = plant("domain/a.py", f"async def f(): await {call}")
    assert len([finding for file in sources(root, "domain") for finding in built_texts(file)]) == 1


def test_what_is_no_sql_is_left_alone(plant: Plant) -> None:
    plant("domain/a.py", 'async def f(): await db.fetch("SELECT " "1"); pipeline.execute()')
    plant("domain/db.py", "async def f(sql): await connection.fetch(sql)")
    root = plant("api/app.py", "async def f(): await schema.execute(document)")
    assert [finding for file in sources(root, *FOLDERS) for finding in built_texts(file)] == []
