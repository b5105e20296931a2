"""A catalog that was sold from before plans had versions: every row survives, and the same prices are on offer."""

from datetime import UTC, datetime
from pathlib import Path

from migrations.files import read_files
from migrations.runner import migrate
from tests.migrations.conftest import session

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
BEFORE = 8  # files that landed before plans had versions


async def test_what_was_sold_before_plans_had_versions_is_sold_on(empty_url: str, tmp_path: Path) -> None:
    for file in read_files()[:BEFORE]:
        (tmp_path / f"{file.name}.sql").write_text(file.sql)
    await migrate(empty_url, folder=tmp_path)
    async with session(empty_url) as connection:
        tenant = await connection.fetchval(
            """INSERT INTO tenant (id, slug, name, recorded_at) VALUES (gen_random_uuid(), 'acme', 'Acme', now())
               RETURNING id"""
        )
        plan = await connection.fetchval(
            """INSERT INTO plan (id, tenant_id, code, name, description, rank, active, recorded_at)
               VALUES (gen_random_uuid(), $1, 'team', 'Team', '', 1, true, now()) RETURNING id""",
            tenant,
        )
        for version in (1, 2, 3):  # two of one instant, which nothing forbade then: the later one was on offer
            await connection.execute(
                """INSERT INTO price (id, tenant_id, plan_id, version, currency, unit_amount, cadence_unit,
                       cadence_count, effective_from, recorded_at)
                   VALUES (gen_random_uuid(), $1, $2, $3, 'EUR', $4, 'month', 1, $5, now())""",
                tenant, plan, version, version * 1000, SINCE if version < 3 else datetime(2027, 1, 1, tzinfo=UTC),
            )  # fmt: skip
    await migrate(empty_url)
    async with session(empty_url) as connection:
        offered = """SELECT version, unit_amount, model, private FROM price WHERE plan_id = $1 AND effective_from <= $2
                      ORDER BY version DESC LIMIT 1"""
        at_once = await connection.fetchrow(offered, plan, SINCE)
        assert at_once is not None and tuple(at_once) == (2, 2000, "per_seat", False)
        at_last = await connection.fetchrow(offered, plan, datetime(2028, 1, 1, tzinfo=UTC))
        assert at_last is not None and tuple(at_last)[:2] == (3, 3000)
        assert await connection.fetchval("SELECT count(*) FROM price WHERE plan_id = $1", plan) == 3
        first = await connection.fetchrow(
            "SELECT id, version, family, trial_days FROM plan_version WHERE plan_id = $1", plan
        )
        assert first is not None and tuple(first) == (plan, 1, "team", 0)
