"""Balances of the past: yesterday's is the same whenever it is asked for, and today's is the kept one."""

from datetime import datetime, timedelta

import pytest

from domain.ledger.balance import balance, balance_as_of
from domain.money import Money
from domain.payments.settle_payment import News
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.lives import buyer, day, give_back, start, tell, until
from tests.world import EUR, Someone, World


async def owed_at(world: World, of: Someone, at: datetime) -> tuple[int, int, int]:
    """What was owed and in credit at an instant, and the last posting that counts."""
    then = await balance_as_of(world.house.db.primary, of.id, EUR, at)
    return then.receivable.minor, then.credit.minor, then.through


async def eventful(world: World) -> Someone:
    """Somebody who pays 13.00 for 10.00 in January, and whose renewals of February and March wait at the bank."""
    ada = await world.customer()
    await world.card(ada, "tok_bank_held")
    first = await start(world, ada)
    await until(world, ada, day(1, 2))
    await tell(world, ada, first.payment, News.CAPTURED, captured=Money(1300, EUR))
    await until(world, ada, day(3, 5))
    return ada


@pytest.mark.row("H7")
async def test_the_balance_of_a_day_is_the_same_before_and_after_what_came_later(world: World) -> None:
    ada = await eventful(world)
    days = [day(1, 1) - timedelta(seconds=1), day(1, 1), day(1, 2), day(2, 1), day(2, 1, 3), day(3, 1, 3)]
    owed = [await owed_at(world, ada, at) for at in days]
    assert owed == [(0, 0, 0), (1000, 0, 1), (0, 300, 2), (0, 300, 2), (700, 0, 3), (1700, 0, 4)]
    await until(world, ada, day(3, 6))
    await world.card(ada)
    assert [await owed_at(world, ada, at) for at in days] == owed


async def test_the_balance_as_of_now_is_the_one_that_is_kept(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
    assert begun.payment is not None
    await give_back(world, ada, begun.payment, Money(300, EUR))
    db = world.house.db.primary
    now, then = await balance(db, ada.id, EUR), await balance_as_of(db, ada.id, EUR, day(1, 11, 18))
    assert (then.receivable, then.credit) == (now.receivable, now.credit)


async def test_a_posting_in_the_last_second_of_a_month_is_booked_in_it_and_the_next_one_is_not(world: World) -> None:
    last = day(2, 1) - timedelta(seconds=1)
    ada, eve = await buyer(world, clock_at=last), await buyer(world, clock_at=day(2, 1))
    for each in (ada, eve):
        await start(world, each)
    months = [
        await world.house.db.primary.fetchval(
            "SELECT period_starts_on FROM ledger_transaction WHERE shard_key = $1 AND customer_id = $2 AND number = 1",
            each.id.shard,
            each.id.uuid,
        )
        for each in (ada, eve)
    ]
    assert months == [day(1, 1).date(), day(2, 1).date()]
