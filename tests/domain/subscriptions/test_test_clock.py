"""A test clock does all that falls due on its way, wherever it starts, stands, jumps or is interrupted."""

from contextlib import suppress
from datetime import timedelta

import pytest

from domain import due
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.money import Money
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import buy, buyer, day, invoices_of, publish, start, subscription_of, until, wrong_rows
from tests.world import EUR, World, fresh


@pytest.mark.row("Y3")
@pytest.mark.parametrize("passes", range(4))
async def test_a_worker_that_dies_on_the_way_leaves_the_rest_of_it_to_the_next_one(world: World, passes: int) -> None:
    ada = await buyer(world)
    await start(world, ada)
    renewal = await due.next_on_clock(world.house.db.primary, ada.id, day(3, 1))
    assert renewal is not None
    command = AdvanceClock(renewal.due_at)  # the clock is to stop where the last piece of work is due
    await perform(world.house.db, advance_clock, ada.actor, ada.id, command, fresh("advance"))
    async with killed_at("due.claimed", passes):
        with suppress(Killed):
            await do_now(world.house, ada.id)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    assert (await subscription_of(world, ada)).period.start == day(2, 1)


async def test_what_falls_due_where_the_clock_stands_is_done_although_it_does_not_move(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_stolen_card")
    await until(world, ada, day(1, 31))
    assert (await subscription_of(world, ada)).state.name == "suspended"
    await world.card(ada)
    now = await subscription_of(world, ada)
    assert (now.state.name, now.period.start) == ("active", day(1, 29))


@pytest.mark.row("Y3")
async def test_a_jump_over_two_years_bills_every_month_on_its_own_day(world: World) -> None:
    ada = await buyer(world, clock_at=day(1, 31))
    await start(world, ada)
    await until(world, ada, day(1, 31, 2, year=2029))
    invoices = await invoices_of(world, ada)
    assert [one.period_end for one in invoices[:-1]] == [next.period_start for next in invoices[1:]]
    begun = [one.period_start for one in invoices]
    assert [(each.month, each.day) for each in begun[:15]] == [
        (1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31), (11, 30), (12, 31),
        (1, 31), (2, 29), (3, 31),
    ]  # fmt: skip
    assert begun[-1] == day(1, 31, year=2029)
    # Each was issued on its own day of business time, whatever the hour at which the jump was made.
    assert all(timedelta(hours=1) <= one.issued_at - one.period_start <= timedelta(hours=2) for one in invoices[1:])
    assert await wrong_rows(world, ada) == []
