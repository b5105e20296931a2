"""The step that spreads a migrated database over a Citus cluster, derived from the registry and the foreign keys."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from migrations.files import MigrationRefused
from migrations.registry import DIRECTORY_KEYS, TABLES
from migrations.runner import owner_connection

SHARD_COUNT = 32  # a power of two well above the first number of nodes, so that shards can move before they must split

SETTINGS = (
    "SET LOCAL client_min_messages = warning",
    # without it, schema changes after those of the reference tables are refused
    "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
    # without it, the foreign keys of tables whose turn has not come are refused
    "SET LOCAL citus.enable_local_reference_table_foreign_keys = off",
)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key between two tables, as the catalog defines it."""

    table: str
    parent: str
    name: str
    definition: str
    deferrable: bool


@dataclass(frozen=True, slots=True)
class Step:
    """``inside`` are the statements of one transaction, ``after`` those that follow its commit."""

    inside: list[str]
    after: list[str]


def plan_step(
    tables: Mapping[str, str], directory_keys: Mapping[str, str], keys: Sequence[ForeignKey], done: Collection[str] = ()
) -> Step:
    """The statements that distribute every table of the registry that is not done yet; empty where all are."""
    if not set(tables) - set(done):
        return Step([], [])
    order: dict[str, list[str]] = {}
    for place in sorted(set(tables.values()), key=lambda place: ("RSD".index(place[0]), place)):
        order[place] = distribution_order([name for name in tables if tables[name] == place], keys)
    placed: set[str] = set(done)
    cut: list[ForeignKey] = []
    calls: list[str] = []
    for place, names in order.items():
        anchor = next((name for name in names if name in done), names[0])
        for name in names:
            if name in done:
                continue
            cut += [key for key in keys if key.table == name and key.parent not in placed | {name}]
            placed.add(name)
            calls.append(_call(name, place, anchor, "shard_key" if place == "S" else directory_keys.get(name, "")))
    return Step(
        [
            *SETTINGS,
            *(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}" for key in cut),
            *calls,
            *(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}" for key in cut),
        ],
        list(_free_local_copies(placed - set(done), keys)),
    )


def _call(name: str, place: str, anchor: str, column: str) -> str:
    if place == "R":
        return f"SELECT create_reference_table('{name}')"
    if name == anchor:
        target = f"shard_count => {SHARD_COUNT}, colocate_with => 'none'"
    else:
        target = f"colocate_with => '{anchor}'"
    return f"SELECT create_distributed_table('{name}', '{column}', {target})"


def distribution_order(names: Collection[str], keys: Sequence[ForeignKey]) -> list[str]:
    """Parents before children, else by name; a circle is opened where only deferrable keys are left behind."""
    left, order = sorted(names), list[str]()
    while left:
        waits = {
            name: [key for key in keys if key.table == name and key.parent in left and key.parent != name]
            for name in left
        }
        chosen = min(left, key=lambda name: (not all(key.deferrable for key in waits[name]), len(waits[name]), name))
        free = [name for name in left if not waits[name]]
        order.append(free[0] if free else chosen)
        left.remove(order[-1])
    return order


def _free_local_copies(names: Collection[str], keys: Sequence[ForeignKey]) -> Iterator[str]:
    # The call follows foreign keys to the children, so it is made for the tables that are nobody's child.
    for name in sorted(names):
        if not any(key.table == name and key.parent in names and key.parent != name for key in keys):
            yield f"SELECT truncate_local_data_after_distributing_table('{name}')"


async def distribute(owner_dsn: str, *, run: bool) -> tuple[list[str], str]:
    """The script, one line per statement, and why this server could not run it ("" where it can).

    With ``run`` the statements are executed as well, and a server that cannot is refused with MigrationRefused.
    """
    async with owner_connection(owner_dsn) as connection:
        hindrance = await _hindrance(connection)
        if run and hindrance:
            raise MigrationRefused(hindrance)
        step = plan_step(TABLES, DIRECTORY_KEYS, await _foreign_keys(connection), await _distributed(connection))
        if run:
            await _run(connection, step)
    script = ["BEGIN", *step.inside, "COMMIT", *step.after] if step.inside else []
    return [f"{statement};" for statement in script], hindrance


async def _run(connection: asyncpg.Connection, step: Step) -> None:
    async with connection.transaction():
        for statement in step.inside:
            await connection.execute(statement)
    for statement in step.after:
        await connection.execute(statement)


async def _hindrance(connection: asyncpg.Connection) -> str:
    row = await connection.fetchrow(
        """SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus') AS available,
                  EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS created,
                  to_regclass('schema_migration') IS NOT NULL AS migrated"""
    )
    assert row is not None
    if not row["available"]:
        return "this server has no Citus extension, so its tables cannot be distributed"
    if not row["created"]:
        return "this database lacks the Citus extension of its server: run CREATE EXTENSION citus and add the workers"
    return "" if row["migrated"] else "this database was never migrated"


async def _foreign_keys(connection: asyncpg.Connection) -> list[ForeignKey]:
    rows = await connection.fetch(
        """SELECT child.relname AS child, parent.relname AS parent, k.conname, k.condeferrable,
                  pg_get_constraintdef(k.oid) AS definition
           FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid
                                JOIN pg_class parent ON parent.oid = k.confrelid
           WHERE k.contype = 'f' AND k.conparentid = 0 AND k.connamespace = 'public'::regnamespace
           ORDER BY child.relname, k.conname"""
    )
    return [
        ForeignKey(row["child"], row["parent"], row["conname"], row["definition"], row["condeferrable"]) for row in rows
    ]


async def _distributed(connection: asyncpg.Connection) -> set[str]:
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"):
        return set()
    rows = await connection.fetch(
        """SELECT c.relname FROM pg_dist_partition d JOIN pg_class c ON c.oid = d.logicalrelid
           WHERE d.partmethod <> 'n' OR d.repmodel = 't'"""
    )
    return {row["relname"] for row in rows}
