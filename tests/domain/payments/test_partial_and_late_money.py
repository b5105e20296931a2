"""Money that is less, more, later or elsewhere than was asked for: all of it is booked, none of it twice."""

from datetime import timedelta

import asyncpg
import pytest

from domain.money import Money
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import payment
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.lives import (
    Billed,
    attempts_at,
    buyer,
    by_house,
    day,
    give_back,
    invoices_of,
    receipt_numbers,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.world import USD, Someone, World, fresh


async def begun(world: World, of: Someone) -> Billed:
    """A subscription of 10.00 EUR whose first payment waits at the bank."""
    await world.card(of, "tok_bank_held")
    return await start(world, of)


@pytest.mark.row("B10")
async def test_a_part_that_arrives_is_not_taken_for_the_whole(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    await tell(world, ada, first.payment, News.CAPTURED, captured=eur(400))
    (unpaid,) = await invoices_of(world, ada)
    assert (unpaid.state.name, unpaid.paid, unpaid.due, unpaid.is_partially_paid) == (
        "open",
        eur(400),
        eur(600),
        True,
    )
    assert (await subscription_of(world, ada)).state.name == "incomplete"
    await world.card(ada)
    await world.do(ada, pay_invoice, PayInvoice(unpaid.id, None))
    assert [attempt.captured for attempt in await attempts_at(world, ada, unpaid.id)] == [eur(400), eur(600)]
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_a_part_that_was_paid_of_an_invoice_that_expires_becomes_credit(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    await tell(world, ada, first.payment, News.CAPTURED, captured=eur(400))
    await until(world, ada, day(1, 2))
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    (void,) = await invoices_of(world, ada)
    assert (void.state.name, void.due.minor) == ("void", 0)
    assert await owed_and_credit(world, ada) == (0, 400)
    assert first.payment is not None
    await give_back(world, ada, first.payment, eur(400), follow=False)
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_a_part_that_was_given_back_does_not_keep_its_invoice_from_expiring(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    await tell(world, ada, first.payment, News.CAPTURED, captured=eur(400))
    assert first.payment is not None
    await give_back(world, ada, first.payment, eur(400), follow=False)
    (refund,) = await refunds_of(world.house.db.primary, ada.id, first.payment)
    await by_house(world, ada, settle_refund, SettleRefund(refund.id, RefundNews.SUCCEEDED, None, None))
    await until(world, ada, day(1, 2))
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    assert (await invoices_of(world, ada))[0].state.name == "void"
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B10")
async def test_what_is_missing_of_a_renewal_is_collected_like_one_that_failed(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(2, 2))
    renewed = (await invoices_of(world, ada))[-1]
    (held,) = await attempts_at(world, ada, renewed.id)
    await tell(world, ada, held.id, News.CAPTURED, captured=eur(400))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await world.card(ada)
    assert [each.captured for each in await attempts_at(world, ada, renewed.id)] == [eur(400), eur(600)]
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await wrong_rows(world, ada) == []


async def test_a_change_that_was_paid_in_part_does_not_take_effect_and_its_part_becomes_credit(world: World) -> None:
    ada = await buyer(world)
    now = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    change = (await world.do(ada, change_plan, ChangePlan(now.subscription, world.prices["team"]))).outcome
    await tell(world, ada, change.payment, News.CAPTURED, captured=eur(400))
    stands = await subscription_of(world, ada)
    assert (stands.price, stands.pending) == (world.prices["starter"], None)
    assert await owed_and_credit(world, ada) == (0, 400)
    assert await wrong_rows(world, ada) == []


async def test_what_arrives_beyond_the_amount_becomes_credit_and_pays_the_next_invoice(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    await tell(world, ada, first.payment, News.CAPTURED, captured=eur(1300))
    assert await owed_and_credit(world, ada) == (0, 300)
    await world.card(ada)
    await until(world, ada, day(2, 2))
    renewed = (await invoices_of(world, ada))[-1]
    assert (renewed.credited, renewed.paid) == (eur(300), eur(700))
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_credit_that_pays_an_invoice_whole_needs_no_charge(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    await tell(world, ada, first.payment, News.CAPTURED, captured=eur(2500))
    await until(world, ada, day(3, 2))
    second, third = (await invoices_of(world, ada))[1:]
    assert (second.credited, second.state.name, await attempts_at(world, ada, second.id)) == (eur(1000), "paid", [])
    assert (third.credited, third.due) == (eur(500), eur(500))
    assert await wrong_rows(world, ada) == []


async def test_money_in_another_currency_is_refused_and_books_nothing(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    with pytest.raises(Refused) as refused:
        await tell(world, ada, first.payment, News.CAPTURED, captured=Money(1000, USD))
    assert refused.value.code is RefusalCode.CURRENCY_MISMATCH
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert first.payment is not None
    assert (await payment(world.house.db.primary, ada.id, first.payment)).state.name == "processing"


@pytest.mark.row("I1")
async def test_a_success_after_the_invoice_expired_becomes_credit_and_starts_nothing(world: World) -> None:
    ada = await buyer(world)
    command = StartSubscription(world.prices["starter"], 1)
    first = (await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))).outcome
    await tell(world, ada, first.payment, News.VOIDED)
    await until(world, ada, day(1, 2))
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    assert await tell(world, ada, first.payment, News.CAPTURED) == "succeeded"
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    assert (await invoices_of(world, ada))[0].state.name == "void"
    assert await owed_and_credit(world, ada) == (0, 1000)
    assert len(await receipt_numbers(world, ada)) == 1  # the money was taken all the same
    assert await wrong_rows(world, ada) == []


async def test_a_success_after_the_invoice_was_written_off_recovers_it(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(3, 20))
    lost = (await invoices_of(world, ada))[-1]
    assert (lost.state.name, lost.written_off) == ("uncollectible", eur(1000))
    last = (await attempts_at(world, ada, lost.id))[-1]
    await tell(world, ada, last.id, News.CAPTURED)
    found = (await invoices_of(world, ada))[-1]
    assert (found.state.name, found.paid, found.written_off.minor) == ("paid", eur(1000), 0)
    assert (await subscription_of(world, ada)).state.name == "canceled"
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_giving_back_a_change_that_was_paid_too_late_takes_its_credit_back(world: World) -> None:
    ada = await buyer(world)
    now = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    late = (await world.do(ada, change_plan, ChangePlan(now.subscription, world.prices["team"]))).outcome
    await world.card(ada)
    await until(world, ada, day(2, 2))
    await tell(world, ada, late.payment, News.CAPTURED)
    assert await owed_and_credit(world, ada) == (0, 653)
    assert late.payment is not None
    await give_back(world, ada, late.payment, eur(653), follow=False)
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_the_same_news_again_changes_nothing(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    for _ in range(3):
        assert await tell(world, ada, first.payment, News.CAPTURED) == "succeeded"
    for news in (News.DECLINED, News.VOIDED, News.UNKNOWN, News.PROCESSING, News.ACTION_REQUIRED):
        assert await tell(world, ada, first.payment, news) == "succeeded"
    assert await owed_and_credit(world, ada) == (0, 0)
    assert (await invoices_of(world, ada))[0].paid == eur(1000)


async def test_two_attempts_that_both_succeed_pay_once_and_the_rest_is_credit(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    await tell(world, ada, first.payment, News.DECLINED)
    await world.card(ada)
    await world.do(ada, pay_invoice, PayInvoice(first.invoice, None))
    await tell(world, ada, first.payment, News.CAPTURED)
    assert (await invoices_of(world, ada))[0].paid == eur(1000)
    assert await owed_and_credit(world, ada) == (0, 1000)
    assert await wrong_rows(world, ada) == []


async def test_no_hand_can_write_down_a_second_open_attempt(world: World, owner_url: str) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    connection = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError, match="payment_one_open_key"):
            await connection.execute(
                """INSERT INTO payment
                   SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'attempt_number', 2,
                               'provider_key', 'another', 'provider_ref', NULL))).*
                     FROM payment p WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = $3""",
                ada.id.shard,
                ada.id.uuid,
                first.invoice.uuid,
            )
    finally:
        await connection.close()


async def test_no_attempt_begins_while_another_may_still_succeed(world: World) -> None:
    ada = await world.customer()
    first = await begun(world, ada)
    other = await world.card(ada)
    for news in (None, News.UNKNOWN, News.PROCESSING, News.ACTION_REQUIRED):
        if news:
            await tell(world, ada, first.payment, news, follow=False)
        for method in (None, other):
            with pytest.raises(Refused) as refused:
                await world.do(ada, pay_invoice, PayInvoice(first.invoice, method))
            assert refused.value.code is RefusalCode.PAYMENT_IN_PROGRESS
    assert len(await attempts_at(world, ada, first.invoice)) == 1
    await until(world, ada, day(1, 1) + timedelta(hours=25))
    assert (await subscription_of(world, ada)).state.name == "incomplete"  # nothing expires meanwhile
