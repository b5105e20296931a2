"""Renewals that are late: every period that is over is billed, one after the other."""

from datetime import UTC, datetime

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ids import PaymentId
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscription
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
