"""Refunds: never more than was captured, whoever asks how often at once, and nothing lost where one fails."""

import asyncio
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.ledger.account import Account
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.gateway import RefundSucceeded
from domain.payments.payment import payment
from domain.payments.refund import refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.interruptions import ahead
from tests.lives import buyer, by_house, give_back, start, tell, wrong_rows
from tests.world import ACCOUNT, EUR, USD, Someone, World, fresh

AT_ONCE = 20


async def paid(world: World, token: str = "tok_visa") -> tuple[Someone, PaymentId]:
    """A customer that has paid 10.00 EUR."""
    ada = await buyer(world, token)
    id = (await start(world, ada)).payment
    assert id is not None
    return ada, id


async def sum_of(world: World, of: Someone, account: Account) -> int:
    """An account's debits less its credits, from the transfers alone."""
    value: int = await world.house.db.primary.fetchval(
        """SELECT coalesce(sum(CASE WHEN debit_kind = $3 THEN amount WHEN credit_kind = $3 THEN -amount ELSE 0 END), 0)
             FROM ledger_transfer WHERE shard_key = $1 AND customer_id = $2""",
        of.id.shard,
        of.id.uuid,
        account.value,
    )
    return value


async def states(world: World, of: Someone, id: PaymentId) -> list[str]:
    """The states of a payment's refunds, oldest first."""
    return [refund.state.name for refund in await refunds_of(world.house.db.primary, of.id, id)]


@pytest.mark.row("C6")
async def test_refunds_at_once_never_give_back_more_than_was_captured(world: World) -> None:
    ada, id = await paid(world)
    support, db = world.staff(Grant.SUPPORT), world.house.db

    async def ask() -> RefusalCode | None:
        while True:
            try:
                command = RequestRefund(id, Money(150, EUR), "goodwill")
                await perform(db, request_refund, support, ada.id, command, fresh("refund"))
            except Refused as refused:
                if not refused.retryable:
                    return refused.code
                continue
            return None

    answers = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    assert sorted(answers, key=str) == [RefusalCode.EXCEEDS_CAPTURED] * (AT_ONCE - 6) + [None] * 6
    await do_now(world.house, ada.id)
    assert await states(world, ada, id) == ["succeeded"] * 6
    assert (await payment(db.primary, ada.id, id)).refundable == Money(100, EUR)
    assert await sum_of(world, ada, Account.CASH_CLEARING) == 1000 - 6 * 150
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J1")
async def test_two_equal_parts_under_two_keys_are_two_refunds_and_under_one_key_one(world: World) -> None:
    ada, id = await paid(world)
    command, key = RequestRefund(id, Money(300, EUR), "goodwill"), fresh("refund")
    support = world.staff(Grant.SUPPORT)
    for again, replayed in ((key, False), (key, True), (fresh("refund"), False)):
        done = await perform(world.house.db, request_refund, support, ada.id, command, again)
        assert done.replayed is replayed
    await do_now(world.house, ada.id)
    assert await states(world, ada, id) == ["succeeded", "succeeded"]
    assert await sum_of(world, ada, Account.CASH_CLEARING) == 400


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(0, EUR), RefusalCode.INVALID_AMOUNT),
        (Money(-1, EUR), RefusalCode.INVALID_AMOUNT),
        (Money(1001, EUR), RefusalCode.EXCEEDS_CAPTURED),
        (Money(10**15, EUR), RefusalCode.EXCEEDS_CAPTURED),
        (Money(300, USD), RefusalCode.CURRENCY_MISMATCH),
    ],
)
async def test_a_refund_of_a_bad_amount_is_refused_and_leaves_nothing(
    world: World, amount: Money, code: RefusalCode
) -> None:
    ada, id = await paid(world)
    before = await balance(world.house.db.primary, ada.id, EUR)
    with pytest.raises(Refused) as refused:
        await give_back(world, ada, id, amount)
    assert refused.value.code is code
    assert await states(world, ada, id) == []
    assert await balance(world.house.db.primary, ada.id, EUR) == before


async def test_what_was_never_captured_cannot_be_given_back(world: World) -> None:
    ada, id = await paid(world, "tok_insufficient_funds")
    with pytest.raises(Refused) as refused:
        await give_back(world, ada, id, Money(1, EUR))
    assert refused.value.code is RefusalCode.EXCEEDS_CAPTURED


async def test_another_customers_payment_is_answered_as_one_that_does_not_exist(world: World) -> None:
    (ada, _), (_, of_eve) = await paid(world), await paid(world)
    nobody = PaymentId(ada.id.shard, type(of_eve.uuid)(int=7))
    answers = set()
    for id in (of_eve, nobody, PaymentId(of_eve.shard + 1, of_eve.uuid)):
        with pytest.raises(Refused) as refused:
            await give_back(world, ada, id, Money(100, EUR))
        answers.add((refused.value.code, refused.value.message))
    assert answers == {(RefusalCode.NOT_FOUND, "There is no such payment.")}


@pytest.mark.row("J4")
@pytest.mark.row("J5")
async def test_a_refund_that_fails_gives_the_amount_free_and_leaves_it_to_the_customer_as_credit(world: World) -> None:
    ada, id = await paid(world, "tok_refund_refused")
    await give_back(world, ada, id, Money(1000, EUR))
    assert await states(world, ada, id) == ["failed"]
    assert (await payment(world.house.db.primary, ada.id, id)).refundable == Money(1000, EUR)
    sums = [await sum_of(world, ada, each) for each in (Account.REFUNDS_PAYABLE, Account.CASH_CLEARING)]
    assert (sums, await sum_of(world, ada, Account.REVENUE)) == ([0, 1000], 0)
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit == Money(1000, EUR)
    await give_back(world, ada, id, Money(400, EUR), follow=False)  # it takes the credit, and no second credit note
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit == Money(600, EUR)
    assert await sum_of(world, ada, Account.REVENUE) == 0
    assert await wrong_rows(world, ada) == []


async def test_a_refund_under_way_is_payable_until_it_has_ended(world: World) -> None:
    ada, id = await paid(world, "tok_refund_pending")
    await give_back(world, ada, id, Money(400, EUR))
    (refund,) = await refunds_of(world.house.db.primary, ada.id, id)
    assert refund.state.name == "pending"
    assert [await sum_of(world, ada, each) for each in (Account.REFUNDS_PAYABLE, Account.CASH_CLEARING)] == [-400, 1000]
    for _ in range(2):  # the same news twice
        await by_house(world, ada, settle_refund, SettleRefund(refund.id, RefundNews.SUCCEEDED, None, None))
    assert [await sum_of(world, ada, each) for each in (Account.REFUNDS_PAYABLE, Account.CASH_CLEARING)] == [0, 600]
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("token", ["tok_refund_error_after", "tok_refund_hangup_after", "tok_refund_garbage_before"])
async def test_a_refund_whose_answer_was_lost_is_asked_for_and_given_once(world: World, token: str) -> None:
    ada, id = await paid(world, token)
    await give_back(world, ada, id, Money(400, EUR))
    assert await states(world, ada, id) == ["unknown"]
    assert (await payment(world.house.db.primary, ada.id, id)).refundable == Money(600, EUR)
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    (refund,) = await refunds_of(world.house.db.primary, ada.id, id)
    charge_ref = (await payment(world.house.db.primary, ada.id, id)).provider_ref or ""
    there = await world.house.gateway(ACCOUNT).find_refund(str(refund.id), refund.amount, charge_ref)
    assert (refund.state.name, isinstance(there, RefundSucceeded)) == ("succeeded", True)
    assert await sum_of(world, ada, Account.CASH_CLEARING) == 600


async def test_a_refund_beyond_the_credit_that_is_left_lessens_the_revenue_for_the_rest(world: World) -> None:
    ada = await world.customer()
    await world.card(ada, "tok_bank_held")
    id = (await start(world, ada)).payment
    assert id is not None
    await tell(world, ada, id, News.CAPTURED, captured=Money(1300, EUR))
    await give_back(world, ada, id, Money(500, EUR), follow=False)
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 0
    assert await sum_of(world, ada, Account.REVENUE) == -800
    (refund,) = await refunds_of(world.house.db.primary, ada.id, id)
    assert await wrong_rows(world, ada) == []
    await by_house(world, ada, settle_refund, SettleRefund(refund.id, RefundNews.FAILED, None, "account_closed"))
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 500
    assert await sum_of(world, ada, Account.REVENUE) == -800
    assert await wrong_rows(world, ada) == []
