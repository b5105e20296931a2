"""Each fault that would keep a schema from being distributed is planted, and seen."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from migrations.catalog import catalog_faults
from tests.migrations.conftest import session

TABLES = {"small": "R", "parent": "S", "child": "S", "log": "S", "lookup": "D:look", "other_lookup": "D:other"}
KEYS = {"lookup": "look_key", "other_lookup": "other_key"}

SOUND = """
CREATE TABLE small (id uuid, up uuid, CONSTRAINT small_pkey PRIMARY KEY (id),
    CONSTRAINT small_up FOREIGN KEY (up) REFERENCES small (id) ON DELETE SET NULL);
CREATE TABLE parent (shard_key int NOT NULL, id uuid, small_id uuid, CONSTRAINT parent_pkey PRIMARY KEY (shard_key, id),
    CONSTRAINT parent_small FOREIGN KEY (small_id) REFERENCES small (id));
CREATE TABLE child (shard_key int NOT NULL, parent_id uuid, position bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT child_pkey PRIMARY KEY (shard_key, parent_id, position),
    CONSTRAINT child_parent FOREIGN KEY (shard_key, parent_id) REFERENCES parent (shard_key, id) ON DELETE CASCADE
        DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE log (shard_key int NOT NULL, id uuid, recorded_at timestamptz,
    CONSTRAINT log_pkey PRIMARY KEY (shard_key, id, recorded_at)) PARTITION BY RANGE (recorded_at);
CREATE TABLE log_y2026m11 PARTITION OF log FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');
CREATE TABLE lookup (look_key text NOT NULL, id uuid, CONSTRAINT lookup_pkey PRIMARY KEY (look_key));
CREATE TABLE other_lookup (other_key text NOT NULL, CONSTRAINT other_lookup_pkey PRIMARY KEY (other_key));
CREATE VIEW sums AS SELECT shard_key, count(*) AS rows FROM parent GROUP BY shard_key;
"""

FAULTS = {
    "CREATE TABLE new (id uuid, CONSTRAINT new_pkey PRIMARY KEY (id))": ["unclassified table: new"],
    "CREATE MATERIALIZED VIEW kept AS SELECT id FROM parent": [],
    "DROP TABLE other_lookup": ["classified table does not exist: other_lookup"],
    "ALTER TABLE parent ALTER COLUMN shard_key SET DEFAULT 1": ["shard key column: parent"],
    "ALTER TABLE log ADD UNIQUE (shard_key, recorded_at), ALTER COLUMN shard_key SET DEFAULT 1": [
        "shard key column: log"
    ],
    "CREATE UNIQUE INDEX parent_small_idx ON parent (small_id)": ["unique without shard key: parent: parent_small_idx"],
    "CREATE UNIQUE INDEX parent_small_idx ON parent (small_id) INCLUDE (shard_key)": [
        "unique without shard key: parent: parent_small_idx"
    ],
    "CREATE UNIQUE INDEX parent_small_idx ON parent (small_id, shard_key) WHERE small_id IS NOT NULL": [],
    "ALTER TABLE parent ADD CONSTRAINT parent_apart EXCLUDE USING btree (small_id WITH =)": [
        "unique without shard key: parent: parent_apart"
    ],
    "CREATE UNIQUE INDEX lookup_id_idx ON lookup (id)": ["unique without shard key: lookup: lookup_id_idx"],
    "ALTER TABLE child DROP CONSTRAINT child_pkey": ["no primary key: child"],
    """ALTER TABLE child DROP CONSTRAINT child_pkey;
       ALTER TABLE child ADD CONSTRAINT child_pkey PRIMARY KEY (parent_id, position, shard_key)""": [
        "primary key does not begin with the key: child: child_pkey"
    ],
    """ALTER TABLE small ADD COLUMN k int, ADD COLUMN p uuid;
       ALTER TABLE small ADD CONSTRAINT small_parent FOREIGN KEY (k, p) REFERENCES parent""": [
        "FK between these classes: small: small_parent"
    ],
    "ALTER TABLE parent ADD COLUMN look text, ADD CONSTRAINT parent_look FOREIGN KEY (look) REFERENCES lookup": [
        "FK between these classes: parent: parent_look"
    ],
    "ALTER TABLE lookup ADD COLUMN k int, ADD CONSTRAINT lookup_parent FOREIGN KEY (k, id) REFERENCES parent": [
        "FK between these classes: lookup: lookup_parent"
    ],
    "ALTER TABLE lookup ADD CONSTRAINT lookup_other FOREIGN KEY (look_key) REFERENCES other_lookup": [
        "FK between these classes: lookup: lookup_other"
    ],
    """ALTER TABLE parent ADD COLUMN elsewhere int;
       ALTER TABLE parent ADD CONSTRAINT parent_other FOREIGN KEY (elsewhere, id) REFERENCES parent""": [
        "FK does not map key to key: parent: parent_other"
    ],
    """ALTER TABLE child DROP CONSTRAINT child_parent;
       ALTER TABLE child ADD CONSTRAINT child_parent FOREIGN KEY (shard_key, parent_id) REFERENCES parent
           ON UPDATE CASCADE""": ["FK action: child: child_parent"],
    """ALTER TABLE parent DROP CONSTRAINT parent_small;
       ALTER TABLE parent ADD CONSTRAINT parent_small FOREIGN KEY (small_id) REFERENCES small ON DELETE SET NULL""": [
        "FK action: parent: parent_small"
    ],
    """CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER keeper BEFORE UPDATE ON small FOR EACH ROW EXECUTE FUNCTION same()""": [
        "procedural function: same(): plpgsql",
        "trigger: small: keeper",
    ],
    "CREATE RULE nobody AS ON DELETE TO parent DO INSTEAD NOTHING": ["rule: parent: nobody"],
    """CREATE TABLE log_y2026m12 PARTITION OF log FOR VALUES FROM ('2026-12-01') TO ('2027-01-01')
           PARTITION BY RANGE (recorded_at)""": ["multi-level partition: log_y2026m12"],
    "CREATE SEQUENCE short AS int": ["narrow sequence: short: integer"],
    "ALTER TABLE parent ADD COLUMN n int GENERATED ALWAYS AS IDENTITY": ["narrow sequence: parent_n_seq: integer"],
    "ALTER TABLE parent ADD COLUMN n bigserial": ["serial column: parent: n"],
    "ALTER TABLE other_lookup SET UNLOGGED": ["unlogged table: other_lookup"],
    "CREATE TABLE heir (CONSTRAINT heir_pkey PRIMARY KEY (id)) INHERITS (small)": [
        "inherited table: heir",
        "unclassified table: heir",
    ],
    "GRANT UPDATE ON sums TO quittance_app": ["writable view: sums: quittance_app"],
}


@pytest.fixture
async def sound(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A session on a small schema that keeps every rule."""
    async with session(empty_url) as connection:
        await connection.execute(SOUND)
        yield connection


async def test_a_sound_schema_has_no_fault(sound: asyncpg.Connection) -> None:
    assert await catalog_faults(sound, TABLES, KEYS) == []


async def test_each_planted_fault_is_seen_and_nothing_else(sound: asyncpg.Connection) -> None:
    seen = {}
    for planted in FAULTS:
        trial = sound.transaction()
        await trial.start()
        await sound.execute(planted)
        seen[planted] = await catalog_faults(sound, TABLES, KEYS)
        await trial.rollback()
    assert seen == FAULTS


@pytest.mark.parametrize(
    ("tables", "faults"),
    [
        ({"lookup": "S"}, ["shard key column: lookup"]),
        ({"lookup": "D:nowhere", "small": "X"}, ["shard key column: small", "unknown class: small: X"]),
        ({"lookup": "D:"}, ["unknown class: lookup: D:"]),
    ],
)
async def test_a_class_that_does_not_fit_its_table_is_seen(
    sound: asyncpg.Connection, tables: dict[str, str], faults: list[str]
) -> None:
    assert set(faults) <= set(await catalog_faults(sound, TABLES | tables, KEYS))


async def test_a_shard_key_of_another_type_or_without_a_value_is_seen(sound: asyncpg.Connection) -> None:
    for column in ("bigint NOT NULL", "int", "int NOT NULL GENERATED ALWAYS AS IDENTITY", "text NOT NULL"):
        trial = sound.transaction()
        await trial.start()
        await sound.execute(f"CREATE TABLE extra (shard_key {column}, id uuid)")
        assert "shard key column: extra" in await catalog_faults(sound, TABLES | {"extra": "S"}, KEYS)
        await trial.rollback()
