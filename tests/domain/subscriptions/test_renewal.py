"""Renewal: every period is billed once, whatever the calendar, the clock and the customer do."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from domain.period import Unit
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.lives import buy, buyer, day, invoices_of, publish, start, subscription_of, until, wrong_rows
from tests.world import EUR, World


@pytest.mark.row("I8")
async def test_a_day_that_a_zone_leaves_out_is_no_period_and_does_not_stop_the_renewals(world: World) -> None:
    ada = await world.customer(clock_at=datetime(2011, 12, 28, 20, tzinfo=UTC), time_zone="Pacific/Apia")
    await world.card(ada)
    daily = await publish(world, Money(100, EUR), Unit.DAY, since=datetime(2010, 1, 1, tzinfo=UTC))
    await buy(world, ada, daily)
    await until(world, ada, datetime(2012, 1, 1, tzinfo=UTC))
    billed = [(invoice.period_start, invoice.period_end) for invoice in await invoices_of(world, ada)]
    # In Apia 30 December 2011 did not happen: the 31st follows the 29th.
    assert [start.isoformat() for start, _ in billed] == [
        "2011-12-28T20:00:00+00:00",
        "2011-12-29T20:00:00+00:00",
        "2011-12-30T20:00:00+00:00",
        "2011-12-31T20:00:00+00:00",
    ]
    assert [end for _, end in billed[:-1]] == [start for start, _ in billed[1:]]


async def test_who_was_suspended_once_renews_on_a_new_interval_too(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_stolen_card")
    await until(world, ada, day(2, 20))
    await world.card(ada)
    on_yearly = ChangePlan(begun.subscription, world.prices["yearly"], timing=Timing.PERIOD_END)
    await world.do(ada, change_plan, on_yearly)
    await until(world, ada, day(3, 2, year=2028))
    assert [invoice.total.minor for invoice in await invoices_of(world, ada)] == [1000, 1000, 20000, 20000]
    now = await subscription_of(world, ada)
    assert (now.period.start, now.period.end) == (day(3, 1, year=2028), day(3, 1, year=2029))
    assert await wrong_rows(world, ada) == []


async def test_an_interval_that_was_to_change_during_a_suspension_starts_when_access_is_back(world: World) -> None:
    ada = await buyer(world)
    begun = await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await until(world, ada, day(1, 8, 0, 59) + timedelta(seconds=59))  # renewed, and the draft not yet issued
    monthly = ChangePlan(begun.subscription, world.prices["starter"], timing=Timing.PERIOD_END)
    await world.do(ada, change_plan, monthly)
    await world.card(ada, "tok_stolen_card")
    await until(world, ada, day(1, 31))
    await world.card(ada)
    await until(world, ada, day(2, 1))
    # Weeks start on 1, 8, 15, 22 and 29 January; access ended on the 22nd and came back on the 31st.
    assert [(invoice.period_start.day, invoice.total.minor) for invoice in await invoices_of(world, ada)] == [
        (1, 300),
        (8, 300),
        (29, 1000),
    ]


async def test_weeks_that_were_used_before_a_suspension_are_billed_when_access_is_back(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 7))
    await world.card(ada)
    await until(world, ada, day(2, 7, 6))
    # Unpaid from the 8th on, suspended in the second hour of the 22nd, back on 7 February.
    billed = await invoices_of(world, ada)
    assert [invoice.period_start for invoice in billed] == [day(1, 1), day(1, 8), day(1, 15), day(2, 5)]
    assert {invoice.state.name for invoice in billed} == {"paid"}
    assert await wrong_rows(world, ada) == []
