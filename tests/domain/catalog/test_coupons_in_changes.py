"""A coupon and changes of what it reduced: the period that a change bills anew is the one that was used up before."""

import asyncio

import pytest

from domain.catalog.coupon import Duration
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.change import Timing
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from tests.domain.catalog.coupon_lives import holding, left
from tests.domain.invoices.bills import eur
from tests.interruptions import Killed, killed_at
from tests.lives import buy, buyer, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.subscription_lives import BY_DAY, plan_of, seats, switch
from tests.world import Someone, World, fresh

ONCE = {"duration": Duration.ONCE}
TWICE = {"duration": Duration.PERIODS, "periods": 2}
FIVE_OFF = {"duration": Duration.ONCE, "percent_ppm": None, "amount": eur(500)}


async def totals(world: World, of: Someone) -> list[int]:
    """What the customer's invoices come to, oldest first."""
    assert await wrong_rows(world, of) == []
    return [each.total.minor for each in await invoices_of(world, of)]


@pytest.mark.row("I14")
@pytest.mark.parametrize(
    ("coupon", "billed"),
    [
        (TWICE, [500, 500, 500, 1500, 3000]),
        (ONCE, [500, 500, 500, 3000, 3000]),
        (FIVE_OFF, [500, 1000, 1000, 3000, 3000]),
    ],
    ids=["two periods", "one", "an amount"],
)
async def test_seats_that_are_added_at_once_use_no_other_period_up(
    world: World, coupon: dict[str, object], billed: list[int]
) -> None:
    ada = await buyer(world)
    await holding(world, ada, **coupon)
    await start(world, ada)
    for quantity in (2, 3):
        await seats(world, ada, quantity)
    assert await left(world, ada) == (1 if coupon is TWICE else 0)
    await until(world, ada, day(3, 1, 3))
    assert await totals(world, ada) == billed


@pytest.mark.row("I14")
async def test_fewer_seats_in_the_instant_of_the_purchase_keep_the_coupon(world: World) -> None:
    ada = await buyer(world)
    await holding(world, ada, **ONCE)
    await start(world, ada, quantity=3)
    await seats(world, ada, 2, Timing.NOW)
    assert await totals(world, ada) == [1500, 1000]  # of the first invoice 15.00 are credit, and 5.00 of that are left
    await until(world, ada, day(2, 1, 3))
    assert await totals(world, ada) == [1500, 1000, 2000]


@pytest.mark.row("I14")
async def test_on_a_plan_by_days_the_whole_first_day_is_the_beginning(world: World) -> None:
    ada, price = await buyer(world), await plan_of(world, 3100, BY_DAY)
    await holding(world, ada, **TWICE)
    await buy(world, ada, price)
    await until(world, ada, day(1, 1, 15))
    await seats(world, ada, 2)
    assert (await totals(world, ada), await left(world, ada)) == ([1550, 1550], 1)


@pytest.mark.row("I14")
async def test_the_last_period_of_a_coupon_is_reduced_to_its_end_whatever_changes_in_it(world: World) -> None:
    ada = await buyer(world)
    await holding(world, ada, **{**TWICE, "periods": 1})
    await start(world, ada)
    await until(world, ada, day(1, 16, 12))
    await seats(world, ada, 2)
    await until(world, ada, day(1, 24, 6))
    await seats(world, ada, 4)
    assert (await totals(world, ada), await left(world, ada)) == ([500, 250, 250], 0)
    await seats(world, ada, 1, Timing.NOW)
    assert (await totals(world, ada))[3:] == [125]  # a note gave the rest of the four seats back
    await until(world, ada, day(2, 1, 3))
    assert (await totals(world, ada))[4:] == [1000]


@pytest.mark.row("I14")
async def test_a_new_period_that_begins_with_a_change_is_another_one(world: World) -> None:
    ada = await buyer(world)
    await holding(world, ada, **TWICE)
    await start(world, ada)
    await until(world, ada, day(1, 16, 12))
    await switch(world, ada, world.prices["yearly"])
    assert (await totals(world, ada), await left(world, ada)) == ([500, 9750], 0)


@pytest.mark.row("I14")
async def test_a_change_that_is_not_paid_gives_back_no_period_that_it_did_not_use(world: World) -> None:
    ada = await buyer(world)
    await holding(world, ada, **TWICE)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await seats(world, ada, 2)
    *_, change = await invoices_of(world, ada)
    assert (change.state.name, await left(world, ada)) == ("void", 1)


@pytest.mark.row("I14")
@pytest.mark.parametrize("point", ["perform.key_stored", "perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_while_it_changes_uses_no_other_period_up(world: World, point: str) -> None:
    ada, key = await buyer(world), fresh("change")
    await holding(world, ada, **ONCE)
    await start(world, ada)
    command, db = ChangeQuantity((await subscription_of(world, ada)).id, 2), world.house.db
    async with killed_at(point):
        with pytest.raises(Killed):
            await perform(db, change_quantity, ada.actor, ada.id, command, key)
    for _ in range(2):
        await perform(db, change_quantity, ada.actor, ada.id, command, key)
        await do_now(world.house, ada.id)
    assert (await totals(world, ada), await left(world, ada)) == ([500, 500], 0)


@pytest.mark.row("I14")
async def test_changes_at_once_use_no_other_period_up(world: World) -> None:
    ada = await buyer(world)
    await holding(world, ada, **TWICE)
    await start(world, ada)
    id, db = (await subscription_of(world, ada)).id, world.house.db

    async def change(quantity: int) -> bool:
        try:
            await perform(db, change_quantity, ada.actor, ada.id, ChangeQuantity(id, quantity), fresh("change"))
        except Refused:  # the other's payment comes first
            return False
        return True

    assert any(await asyncio.gather(*(change(quantity) for quantity in (2, 3, 4))))
    await do_now(world.house, ada.id)
    quantity = (await subscription_of(world, ada)).quantity
    assert (sum(await totals(world, ada)), await left(world, ada)) == (500 * quantity, 1)
