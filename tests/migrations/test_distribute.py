"""The distribute step is derived from the registry and the foreign keys, in an order that a cluster accepts."""

import pytest

from migrations.distribute import ForeignKey, distribute, distribution_order, plan_step
from migrations.files import MigrationRefused
from migrations.registry import TABLES
from tests.migrations.conftest import session


def _key(table: str, parent: str, *, deferrable: bool = False) -> ForeignKey:
    return ForeignKey(table, parent, f"{table}_{parent}_fkey", f"FOREIGN KEY (k) REFERENCES {parent}(k)", deferrable)


def test_parents_come_before_children() -> None:
    keys = [_key("a", "c"), _key("c", "b"), _key("c", "c"), _key("a", "elsewhere")]
    assert distribution_order(["a", "b", "c", "d"], keys) == ["b", "c", "a", "d"]


def test_a_circle_is_opened_at_the_key_that_is_checked_late() -> None:
    keys = [_key("entry", "book", deferrable=True), _key("book", "entry"), _key("page", "entry")]
    assert distribution_order(["book", "entry", "page"], keys) == ["entry", "book", "page"]


def test_reference_tables_come_first_and_each_group_has_an_anchor() -> None:
    tables = {"b": "S", "a": "S", "z": "R", "d": "D:x", "e": "D:x", "f": "D:y"}
    step = plan_step(tables, {"d": "k1", "e": "k2", "f": "k3"}, [_key("a", "b"), _key("b", "z")])
    assert [statement for statement in step.inside if statement.startswith("SELECT")] == [
        "SELECT create_reference_table('z')",
        "SELECT create_distributed_table('b', 'shard_key', shard_count => 32, colocate_with => 'none')",
        "SELECT create_distributed_table('a', 'shard_key', colocate_with => 'b')",
        "SELECT create_distributed_table('d', 'k1', shard_count => 32, colocate_with => 'none')",
        "SELECT create_distributed_table('e', 'k2', colocate_with => 'd')",
        "SELECT create_distributed_table('f', 'k3', shard_count => 32, colocate_with => 'none')",
    ]
    assert step.after == [
        f"SELECT truncate_local_data_after_distributing_table('{name}')" for name in ("d", "e", "f", "z")
    ]


def test_a_key_that_closes_a_circle_stands_aside_and_comes_back() -> None:
    keys = [_key("entry", "book", deferrable=True), _key("book", "entry")]
    step = plan_step({"book": "S", "entry": "S"}, {}, keys)
    assert [statement for statement in step.inside if not statement.startswith("SET")] == [
        "ALTER TABLE entry DROP CONSTRAINT entry_book_fkey",
        "SELECT create_distributed_table('entry', 'shard_key', shard_count => 32, colocate_with => 'none')",
        "SELECT create_distributed_table('book', 'shard_key', colocate_with => 'entry')",
        "ALTER TABLE entry ADD CONSTRAINT entry_book_fkey FOREIGN KEY (k) REFERENCES book(k)",
    ]


def test_tables_that_are_distributed_already_are_left_alone() -> None:
    tables = {"a": "S", "b": "S", "z": "R"}
    step = plan_step(tables, {}, [_key("b", "z")], done={"a", "z"})
    assert [statement for statement in step.inside if statement.startswith("SELECT")] == [
        "SELECT create_distributed_table('b', 'shard_key', colocate_with => 'a')"
    ]
    assert step.after == ["SELECT truncate_local_data_after_distributing_table('b')"]
    assert plan_step(tables, {}, [], done={"a", "b", "z"}).inside == []


async def test_the_script_names_every_table_once_and_the_keys_of_the_schema_allow_its_order(owner_url: str) -> None:
    script, hindrance = await distribute(owner_url, run=False)
    calls = [line.split("'")[1] for line in script if "create_" in line]
    assert sorted(calls) == sorted(TABLES)
    aside = [line.split()[2] for line in script if "DROP CONSTRAINT" in line]
    async with session(owner_url) as connection:
        rows = await connection.fetch(
            """SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint
               WHERE contype = 'f' AND conparentid = 0"""
        )
    assert [
        row for row in rows if row["child"] not in aside and calls.index(row["parent"]) > calls.index(row["child"])
    ] == []
    assert hindrance == "this server has no Citus extension, so its tables cannot be distributed"


async def test_a_server_without_citus_refuses_to_run_it(owner_url: str) -> None:
    with pytest.raises(MigrationRefused, match="this server has no Citus extension"):
        await distribute(owner_url, run=True)
