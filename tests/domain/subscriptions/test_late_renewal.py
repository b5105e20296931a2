"""Renewals that are late: every period that is over is billed, one after the other."""

from domain.customers.advance_clock import SetClock, set_clock
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from tests.lives import buyer, by_house, day, invoices_of, start, subscription_of, until
from tests.world import World


async def test_three_months_that_a_standing_test_clock_left_behind_are_caught_up(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await by_house(world, ada, set_clock, SetClock(day(4, 2)), follow=False)
    await until(world, ada, day(4, 2, 3))
    assert (await subscription_of(world, ada)).period.start == day(4, 1)
    assert [invoice.period_start.month for invoice in await invoices_of(world, ada)] == [1, 2, 3, 4]


async def test_who_leaves_while_late_periods_are_drafted_owes_those_that_are_over(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await by_house(world, ada, set_clock, SetClock(day(4, 2)), follow=False)  # nobody worked for three months
    await until(world, ada, day(4, 2, 0, 1))
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    await until(world, ada, day(4, 2, 3))
    billed = sorted(invoice.period_start.month for invoice in await invoices_of(world, ada))
    assert billed == [1, 2, 3]  # April had just begun
