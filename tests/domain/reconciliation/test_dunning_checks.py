"""Verification finds a timeline that somebody with every right in the database has put out of order."""

import asyncpg

from domain.reactions.house import House
from tests.dunning_kit import declined
from tests.lives import until, wrong_rows
from tests.world import make_world

TAMPERING = (
    "UPDATE dunning_case SET suspend_at = opened_at + interval '13 days' WHERE id = $1",
    "UPDATE dunning_case SET retry_days = '{5,2,9,14}' WHERE id = $1",
    "UPDATE dunning_case SET notice_days = '{9,5}' WHERE id = $1",
    "UPDATE dunning_case SET notices_told = 9 WHERE id = $1",
    "UPDATE dunning_case SET suspend_at = suspend_at + interval '1 day' WHERE id = $1",
)


async def test_a_timeline_out_of_order_is_found_and_named(house: House, owner_url: str) -> None:
    own = await make_world(house)
    ada, case = await declined(own)
    await until(own, ada, case.suspend_at)
    assert await wrong_rows(own, ada) == []
    connection = await asyncpg.connect(owner_url)
    try:
        for tampering in TAMPERING:
            await connection.execute(tampering, case.id.uuid)
            found = {(each.check, each.row) for each in await wrong_rows(own, ada)}
            assert found == {("timelines_hold", str(case.id.uuid))}, tampering
            await connection.execute(
                """UPDATE dunning_case SET suspend_at = $2, retry_days = $3, notice_days = $4, notices_told = 5
                    WHERE id = $1""",
                case.id.uuid, case.suspend_at, case.retry_days, case.notice_days,
            )  # fmt: skip
            assert await wrong_rows(own, ada) == []
    finally:
        await connection.close()
