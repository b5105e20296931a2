"""A database comes to the schema of the code once, whoever asks and however often."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from dev.story.client import until
from migrations.catalog import catalog_faults
from migrations.files import MigrationRefused, Phase, read_files
from migrations.runner import migrate
from tests.migrations.conftest import WriteFile, at, session

TABLE = "-- pre\nCREATE TABLE thing (id int, CONSTRAINT thing_pkey PRIMARY KEY (id));"
INDEX = (
    "-- post\n-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS thing_idx;\n"
    "CREATE INDEX CONCURRENTLY thing_idx ON thing (id);"
)
BROKEN = "-- pre\nCREATE TABLE other (id int);\nINSERT INTO thing (id) VALUES (1), (1);"


async def _applied(url: str) -> list[str]:
    async with session(url) as connection:
        return [row["name"] for row in await connection.fetch("SELECT name FROM schema_migration ORDER BY number")]


async def _exists(url: str, relation: str) -> bool:
    async with session(url) as connection:
        return bool(await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", relation))


async def test_an_empty_database_gets_every_file_once(empty_url: str) -> None:
    names = [file.name for file in read_files()]
    assert await migrate(empty_url) == len(names)
    assert await _applied(empty_url) == names
    assert await migrate(empty_url) == 0
    async with session(empty_url) as connection:
        assert await catalog_faults(connection) == []


async def test_pre_alone_leaves_post_for_later(empty_url: str, write_file: WriteFile) -> None:
    write_file("0001_thing", TABLE)
    folder = write_file("0002_index", INDEX)
    assert await migrate(empty_url, "pre", folder) == 1
    assert not await _exists(empty_url, "thing_idx")
    assert await migrate(empty_url, "post", folder) == 1
    assert await _exists(empty_url, "thing_idx")


async def test_a_file_that_lands_late_is_applied_once(empty_url: str, write_file: WriteFile) -> None:
    write_file("0001_thing", TABLE)
    folder = write_file("0004_index", INDEX)
    assert await migrate(empty_url, "all", folder) == 2
    write_file("0002_colour", "-- pre\nALTER TABLE thing ADD COLUMN colour text;")
    assert await migrate(empty_url, "pre", folder) == 1
    assert await _applied(empty_url) == ["0001_thing", "0002_colour", "0004_index"]
    assert await migrate(empty_url, "all", folder) == 0


async def test_two_migrators_at_once_apply_each_file_once(empty_url: str, write_file: WriteFile) -> None:
    # The index is built without a transaction: a migrator that waited with a snapshot would wait for it for ever.
    write_file("0001_thing", TABLE)
    folder = write_file("0002_index", INDEX)
    counts = await asyncio.gather(*(migrate(empty_url, "all", folder) for _ in range(3)))
    assert sorted(counts) == [0, 0, 2]
    async with session(empty_url) as connection:
        assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'thing_idx'::regclass")


async def test_a_file_that_fails_leaves_nothing_and_can_be_mended(empty_url: str, write_file: WriteFile) -> None:
    write_file("0001_thing", TABLE)
    folder = write_file("0002_broken", BROKEN)
    with pytest.raises(MigrationRefused, match="0002_broken failed, nothing of it stayed: duplicate key"):
        await migrate(empty_url, "all", folder)
    assert await _applied(empty_url) == ["0001_thing"]
    assert not await _exists(empty_url, "other")
    assert await migrate(empty_url, "all", write_file("0002_broken", BROKEN.replace("(1), (1)", "(1), (2)"))) == 1
    assert await _exists(empty_url, "other")


async def test_an_index_whose_building_failed_is_built_again(empty_url: str, write_file: WriteFile) -> None:
    write_file("0001_thing", TABLE + "\nALTER TABLE thing ADD COLUMN colour text;\nINSERT INTO thing VALUES (1), (2);")
    folder = write_file("0002_index", INDEX.replace("CREATE INDEX", "CREATE UNIQUE INDEX").replace("(id)", "((1))"))
    with pytest.raises(MigrationRefused, match="0002_index failed, part of it may have stayed"):
        await migrate(empty_url, "all", folder)
    assert await _applied(empty_url) == ["0001_thing"]
    async with session(empty_url) as connection:
        await connection.execute("DELETE FROM thing WHERE id = 2")
    assert await migrate(empty_url, "all", folder) == 1
    async with session(empty_url) as connection:
        assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'thing_idx'::regclass")


async def test_an_edited_file_stops_the_run_before_it_begins(empty_url: str, write_file: WriteFile) -> None:
    await migrate(empty_url, "all", write_file("0001_thing", TABLE))
    write_file("0001_thing", TABLE + "\n-- edited")
    folder = write_file("0002_other", "-- pre\nCREATE TABLE other (id int);")
    with pytest.raises(MigrationRefused, match="0001_thing was edited"):
        await migrate(empty_url, "all", folder)
    assert not await _exists(empty_url, "other")


async def test_older_code_leaves_a_newer_database_alone(empty_url: str, write_file: WriteFile) -> None:
    write_file("0001_thing", TABLE)
    folder = write_file("0002_index", INDEX)
    await migrate(empty_url, "all", folder)
    (folder / "0002_index.sql").unlink()
    with pytest.raises(MigrationRefused, match="newer than this code"):
        await migrate(empty_url, "all", folder)


async def _waits_for_a_lock(connection: asyncpg.Connection) -> bool:
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
               AND application_name = 'quittance-migrate' AND wait_event_type = 'Lock')"""
        )
    )


async def test_a_table_in_use_is_asked_for_again_without_holding_up_its_readers(
    empty_url: str, write_file: WriteFile
) -> None:
    await migrate(empty_url, "all", write_file("0001_thing", TABLE))
    folder = write_file("0002_colour", "-- pre\nALTER TABLE thing ADD COLUMN colour text;")
    # A migration that never gave up would hold this reader for ever; the limit turns that into a failure.
    async with session(empty_url) as user, session(empty_url) as reader, asyncio.timeout(60):
        held = user.transaction()
        await held.start()
        await user.execute("SELECT id FROM thing")
        run = asyncio.create_task(migrate(empty_url, "all", folder))

        async def stuck() -> bool | None:
            return run.done() or await _waits_for_a_lock(reader) or None

        await until(stuck, "the migration's wait for the table")
        # The reader queues behind the migration and is let through when that gives up for the moment.
        assert await reader.fetch("SELECT id FROM thing") == []
        assert not run.done()
        await held.rollback()
    assert await run == 1


async def test_whoever_queues_behind_a_migration_waits_below_half_a_second_also_after_an_index_was_built(
    empty_url: str, write_file: WriteFile
) -> None:
    note = "-- {}\nCREATE TABLE {} AS SELECT current_setting('lock_timeout')::interval AS longest;"
    write_file("0001_thing", TABLE)
    write_file("0002_before", note.format("pre", "before"))
    write_file("0003_index", INDEX)
    await migrate(empty_url, "all", write_file("0004_after", note.format("post", "after")))
    async with session(empty_url) as connection:
        waits = await connection.fetch("SELECT longest FROM before UNION ALL SELECT longest FROM after")
    assert len(waits) == 2 and all(timedelta() < row["longest"] < timedelta(seconds=0.5) for row in waits)


@pytest.mark.parametrize("phase", ["pre", "post", "all"])
async def test_a_replica_is_refused(replica_url: str, phase: Phase) -> None:
    with pytest.raises(MigrationRefused, match="leads to no writable server"):
        await migrate(replica_url, phase)


async def test_a_database_that_is_not_there_is_refused(superuser_url: str, tmp_path: Path) -> None:
    for url in (at(superuser_url, database="nowhere"), f"postgresql://x@/x?host={tmp_path}", "nonsense"):
        with pytest.raises(MigrationRefused, match="leads to no writable server"):
            await migrate(url)
