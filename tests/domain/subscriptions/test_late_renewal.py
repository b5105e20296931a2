"""Renewals that are late: every period that is over is billed, one after the other."""

from datetime import UTC, datetime

from domain.customers.advance_clock import AdvanceClock, SetClock, advance_clock, set_clock
from domain.ids import PaymentId
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.work import do_now
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscription
from tests.lives import buyer, by_house, day, invoices_of, start, until
from tests.world import Someone, World, fresh


async def settled(world: World, of: Someone, payment: PaymentId) -> None:
    """The bank has paid at last, and all follows from it."""
    news = SettlePayment(payment, News.CAPTURED, None, None, None, False, None, confirmed=True)
    await perform(world.house.db, settle_payment, world.house.actor, of.id, news, fresh("news"))
    await do_now(world.house, of.id)


async def test_three_months_that_a_standing_test_clock_left_behind_are_caught_up(world: World) -> None:
    ada = await world.customer()
    await world.card(ada, "tok_bank_held")
    started = (await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))).outcome
    await world.do(ada, advance_clock, AdvanceClock(datetime(2027, 4, 2, tzinfo=UTC)))
    assert started.payment is not None
    await settled(world, ada, started.payment)
    await world.do(ada, advance_clock, AdvanceClock(datetime(2027, 4, 2, 0, 0, 1, tzinfo=UTC)))
    now = await subscription(world.house.db.primary, ada.id, started.subscription)
    assert now.period.start == datetime(2027, 4, 1, tzinfo=UTC)


async def test_who_leaves_while_late_periods_are_drafted_owes_those_that_are_over(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await by_house(world, ada, set_clock, SetClock(day(4, 2)), follow=False)  # nobody worked for three months
    await until(world, ada, day(4, 2, 0, 1))
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    await until(world, ada, day(4, 2, 3))
    billed = sorted(invoice.period_start.month for invoice in await invoices_of(world, ada))
    assert billed == [1, 2, 3]  # April had just begun
