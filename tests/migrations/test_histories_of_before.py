"""Entities and histories from before keys named the machine: they stand as they stood, or the migration says no."""

from pathlib import Path

import pytest

from migrations.files import MigrationRefused, read_files
from migrations.runner import migrate
from tests.migrations.conftest import session

BEFORE = 14  # the number of the first file that names the machine


async def _written_before(url: str, folder: Path, machine: str, event: str, state: str) -> None:
    """A migrated database of then, with a dunning or other history of one move and a subscription that stands on it."""
    for file in read_files():
        if file.number < BEFORE:
            (folder / f"{file.name}.sql").write_text(file.sql)
    await migrate(url, folder=folder)
    async with session(url) as connection:
        await connection.execute("SET session_replication_role = replica")  # no customer, plan or price is needed here
        await connection.execute(
            """INSERT INTO transition (shard_key, customer_id, entity_id, seq, machine, from_state, event, to_state,
                   operation_id, happened_at, recorded_at)
               VALUES (1, gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 1, $1, 'new', $2, $3,
                       gen_random_uuid(), now(), now())""",
            machine, event, state,
        )  # fmt: skip
        await connection.execute(
            """INSERT INTO subscription (shard_key, id, tenant_id, customer_id, plan_id, price_id, quantity, currency,
                   unit_amount, cadence_unit, cadence_count, anchor_at, time_zone, period_index, period_start,
                   period_end, state, seq, recorded_at)
               SELECT 1, '00000000-0000-7000-8000-000000000001', any_id, any_id, any_id, any_id, 1, 'EUR', 1000,
                      'month', 1, now(), 'UTC', 0, now(), now() + interval '1 month', $1, 1, now()
                 FROM gen_random_uuid() AS any_id""",
            state,
        )


async def test_what_stood_on_its_own_history_stands_on_it_still(empty_url: str, tmp_path: Path) -> None:
    await _written_before(empty_url, tmp_path, "subscription", "start", "incomplete")
    await migrate(empty_url)
    async with session(empty_url) as connection:
        row = await connection.fetchrow("SELECT machine, state, seq FROM subscription")
        assert row is not None and tuple(row) == ("subscription", "incomplete", 1)
        assert not await connection.fetch(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'subscription'::regclass AND NOT convalidated"
        )


async def test_what_stood_on_a_history_of_another_machine_is_named(empty_url: str, tmp_path: Path) -> None:
    await _written_before(empty_url, tmp_path, "dunning", "open", "retrying")
    with pytest.raises(MigrationRefused, match=r"0016_keys_hold failed.*subscription_history_fkey"):
        await migrate(empty_url)
