"""Dunning where more than one thing is under way: two unpaid renewals, a hard decline that nobody has heard of yet."""

from datetime import UTC, datetime

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.dunning.case import cases
from domain.dunning.retry_payment import RetryPayment, retry_payment
from domain.ids import PaymentId, SubscriptionId
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import payments_of
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscription
from tests.world import Someone, World, fresh


async def subscriber(world: World) -> tuple[Someone, SubscriptionId]:
    """Somebody whose first month is paid."""
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    return ada, started.outcome.subscription


async def until(world: World, of: Someone, month: int, day: int) -> None:
    """Sends the customer's clock forward and does what falls due on the way."""
    await world.do(of, advance_clock, AdvanceClock(datetime(2027, month, day, tzinfo=UTC)))


async def tell(world: World, of: Someone, payment: PaymentId, news: News, *, hard: bool = False) -> None:
    """News of a payment, with nothing yet done about it."""
    code = "declined" if news is News.DECLINED else None
    command = SettlePayment(payment, news, None, None, code, hard, None, confirmed=True)
    await perform(world.house.db, settle_payment, world.house.actor, of.id, command, fresh("news"))


async def test_who_pays_one_of_two_unpaid_months_is_not_active_before_the_other_is_paid(world: World) -> None:
    ada, id = await subscriber(world)
    await world.card(ada, "tok_bank_held")
    await until(world, ada, 3, 2)
    db = world.house.db.primary
    renewals = await db.fetch(
        """SELECT p.id FROM payment p JOIN invoice i ON i.shard_key = p.shard_key AND i.id = p.invoice_id
            WHERE p.shard_key = $1 AND p.customer_id = $2 AND i.reason = 'renewal' ORDER BY p.id""",
        ada.id.shard,
        ada.id.uuid,
    )
    first, second = (PaymentId(ada.id.shard, row["id"]) for row in renewals)
    for payment in (first, second):
        await tell(world, ada, payment, News.DECLINED)
    await do_now(world.house, ada.id)
    for payment, state in ((first, "past_due"), (second, "active")):
        await tell(world, ada, payment, News.CAPTURED)
        await do_now(world.house, ada.id)
        assert (await subscription(db, ada.id, id)).state.name == state


async def test_a_card_that_was_just_reported_stolen_is_not_tried_again(world: World) -> None:
    ada, _ = await subscriber(world)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, 2, 2)
    db, (case,) = world.house.db, await cases(world.house.db.primary, ada.id)
    begun = await perform(db, pay_invoice, ada.actor, ada.id, PayInvoice(case.invoice, None), fresh("pay"))
    await tell(world, ada, begun.outcome.payment, News.DECLINED, hard=True)
    attempts = await payments_of(db.primary, ada.id, case.invoice)
    await perform(db, retry_payment, world.house.actor, ada.id, RetryPayment(case.id), fresh("retry"))
    assert await payments_of(db.primary, ada.id, case.invoice) == attempts
    assert [each.state.name for each in await cases(db.primary, ada.id)] == ["grace"]


async def test_retries_that_were_missed_are_not_made_up_for_in_one_go(world: World) -> None:
    ada, _ = await subscriber(world)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, 2, 2)
    await world.card(ada, "tok_bank_held")
    await until(world, ada, 2, 12)
    db, (case,) = world.house.db.primary, await cases(world.house.db.primary, ada.id)
    held = (await payments_of(db, ada.id, case.invoice))[-1]
    await world.card(ada, "tok_insufficient_funds")
    await tell(world, ada, held.id, News.DECLINED)
    tries = []
    for day in (13, 14, 15, 16):
        await until(world, ada, 2, day)
        tries.append(len(await payments_of(db, ada.id, case.invoice)) - held.attempt_number)
    assert tries == [2, 3, 4, 5]  # the new card at once, then one retry a day
