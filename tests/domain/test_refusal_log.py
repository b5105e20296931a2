"""Refused calls are noted, a flood of them in part; what one process was refused mutes no other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.allowance import ROWS_A_MINUTE
from domain.database import Database
from domain.reactions.house import House
from domain.refusal_log import log_refusal
from domain.refusals import RefusalCode
from tests.world import Someone, World


class Still:
    """A clock that stands, some time ahead of the wall's."""

    def __init__(self, ahead: timedelta) -> None:
        self.at = datetime.now(UTC) + ahead

    def now(self) -> datetime:
        return self.at


def process(house: House, ahead: timedelta) -> House:
    """Another process on the same servers, by a clock that is as much ahead."""
    db = house.db
    return replace(house, db=Database(db.pool, db.pool, db.pool, Still(ahead), db.entropy, db.vault))


async def refuse(house: House, of: Someone, times: int) -> None:
    for _ in range(times):
        await log_refusal(house.db, of.actor, "any", RefusalCode.STATE_CONFLICT)


async def noted(world: World, of: Someone) -> int:
    count: int = await world.house.db.primary.fetchval(
        "SELECT count(*) FROM refusal_log WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return count


async def test_a_flood_of_refused_calls_is_noted_in_part_and_mutes_no_other_process(world: World) -> None:
    ada = await world.customer()
    flooded, other = process(world.house, timedelta(hours=1)), process(world.house, timedelta(0))
    await refuse(flooded, ada, ROWS_A_MINUTE + 5)
    assert await noted(world, ada) == ROWS_A_MINUTE
    await refuse(other, ada, 1)
    assert await noted(world, ada) == ROWS_A_MINUTE + 1
