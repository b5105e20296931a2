"""Debits that a bank takes back after they had succeeded: what they paid is owed again, and nothing is doubled."""

import itertools
from datetime import timedelta

import pytest

from domain.ids import PaymentId
from domain.ledger.account import Account
from domain.ledger.balance import moved_by
from domain.payments.payment import payment
from domain.payments.receipt import receipts_of
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.reactions.work import do_now
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import waiting
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    attempts_at,
    buyer,
    by_finance,
    by_house,
    day,
    give_back,
    invoices_of,
    is_entitled,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.webhook_desk import Desk
from tests.world import EUR, Someone, World, fresh


async def debited(world: World, provider: SideDoor) -> tuple[Someone, PaymentId]:
    """A subscription of 10.00 EUR that a bank debit has paid; the bank may still take it back."""
    ada = await buyer(world, "tok_bank_returnable")
    begun = await start(world, ada)
    assert begun.payment is not None
    waiting = await payment(world.house.db.primary, ada.id, begun.payment)
    assert waiting.state.name == "processing"
    assert waiting.expected_at is not None  # when the bank is expected to decide
    await provider.settle(waiting.provider_ref, "succeeded")
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    return ada, begun.payment


@pytest.mark.row("C4")
async def test_a_debit_settles_for_as_long_as_the_bank_may_take_it_back_and_then_has_succeeded(
    world: World, provider: SideDoor
) -> None:
    ada, id = await debited(world, provider)
    settling = await payment(world.house.db.primary, ada.id, id)
    assert (settling.state.name, settling.captured) == ("settling", eur(1000))
    assert await is_entitled(world, ada)
    await do_now(ahead(world.house, timedelta(days=55)), ada.id)
    assert (await payment(world.house.db.primary, ada.id, id)).state.name == "settling"
    await do_now(ahead(world.house, timedelta(days=57)), ada.id)
    assert (await payment(world.house.db.primary, ada.id, id)).state.name == "succeeded"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C4")
async def test_word_of_a_capture_that_comes_when_its_time_is_over_ends_no_look_for_a_return(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, id = await debited(world, provider)
    known = await payment(world.house.db.primary, ada.id, id)
    (told,) = [each for each in await desk.events_of(known.provider_ref) if each["type"] == "payment.succeeded"]
    await provider.settle(known.provider_ref, "account_closed")  # nobody is told of that
    late = ahead(world.house, timedelta(days=57))
    assert await desk.take(told, late) == "applied"
    assert (await payment(world.house.db.primary, ada.id, id)).state.name == "settling"
    await do_now(late, ada.id)
    returned = await payment(world.house.db.primary, ada.id, id)
    assert (returned.state.name, returned.returned) == ("failed", eur(1000))
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C4")
async def test_a_debit_that_is_returned_is_owed_again_and_dunned(world: World, provider: SideDoor) -> None:
    ada, id = await debited(world, provider)
    await tell(world, ada, id, News.RETURNED, captured=eur(1000))
    returned = await payment(world.house.db.primary, ada.id, id)
    assert (returned.state.name, returned.returned, returned.refundable) == ("failed", eur(1000), eur(0))
    (unpaid,) = await invoices_of(world, ada)
    assert (unpaid.state.name, unpaid.paid, unpaid.due) == ("open", eur(0), eur(1000))
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert (await receipts_of(world.house.db.primary, ada.id, [id]))[id].withdrawn_at is not None
    assert (await subscription_of(world, ada)).state.name == "past_due"
    assert await is_entitled(world, ada)  # within grace
    await world.card(ada)
    (paid,) = await invoices_of(world, ada)
    assert (paid.state.name, (await subscription_of(world, ada)).state.name) == ("paid", "active")
    assert await wrong_rows(world, ada) == []


async def test_a_debit_that_ended_a_case_and_is_returned_begins_it_anew(world: World, provider: SideDoor) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 2))
    await world.card(ada, "tok_bank_held")
    owed = (await invoices_of(world, ada))[-1]
    debit = (await attempts_at(world, ada, owed.id))[-1]
    await tell(world, ada, debit.id, News.CAPTURED)
    assert (await subscription_of(world, ada)).state.name == "active"
    await tell(world, ada, debit.id, News.RETURNED, captured=eur(1000))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 20))
    assert (await subscription_of(world, ada)).state.name == "suspended"
    assert await wrong_rows(world, ada) == []


async def test_a_change_whose_debit_is_returned_stays_and_is_dunned(world: World, provider: SideDoor) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    changed = (await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))).outcome
    await tell(world, ada, changed.payment, News.CAPTURED)
    await tell(world, ada, changed.payment, News.RETURNED, captured=eur(653))
    owed = (await invoices_of(world, ada))[-1]
    assert (owed.state.name, owed.due) == ("open", eur(653))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    assert await wrong_rows(world, ada) == []


async def test_a_return_takes_the_credit_that_the_payment_had_become(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    await tell(world, ada, begun.payment, News.CAPTURED, captured=eur(1300))
    assert await owed_and_credit(world, ada) == (0, 300)
    await tell(world, ada, begun.payment, News.RETURNED, captured=eur(1300))
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert await wrong_rows(world, ada) == []


async def test_credit_that_was_used_up_before_the_return_is_kept_apart_as_lost(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    await tell(world, ada, begun.payment, News.CAPTURED, captured=eur(1300))
    await world.card(ada)
    await until(world, ada, day(2, 2))  # the renewal uses the credit up
    assert await owed_and_credit(world, ada) == (0, 0)
    await tell(world, ada, begun.payment, News.RETURNED, captured=eur(1300), follow=False)
    assert await owed_and_credit(world, ada) == (1000, 0)
    numbers = list(range(1, 50))
    lost = await moved_by(world.house.db.primary, ada.id, numbers, Account.RETURNED_PAYMENTS, EUR)
    assert lost == eur(300)
    assert await wrong_rows(world, ada) == []


async def test_a_return_after_a_refund_asks_for_both(world: World, provider: SideDoor) -> None:
    ada, id = await debited(world, provider)
    await give_back(world, ada, id, eur(400))
    await tell(world, ada, id, News.RETURNED, captured=eur(1000), follow=False)
    assert (await owed_and_credit(world, ada))[0] == 1000  # 6.00 for what was not given back, and 4.00 that were
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("over", [0, 400], ids=["with a credit note", "of what was paid in excess"])
async def test_a_refund_that_was_not_sent_when_its_payment_was_returned_is_never_sent(
    world: World, provider: SideDoor, over: int
) -> None:
    ada, id = await debited(world, provider)
    if over:
        await by_finance(world, ada, record_offline, RecordOfflinePayment(
            (await invoices_of(world, ada))[0].id, Means.CASH, fresh("cash"), eur(over)
        ))  # fmt: skip
    await give_back(world, ada, id, eur(400), follow=False)
    await tell(world, ada, id, News.RETURNED, captured=eur(1000))
    (ended,) = await refunds_of(world.house.db.primary, ada.id, id)
    assert (ended.state.name, ended.failure_code, ended.sent_at) == ("failed", "payment_returned", None)
    assert await provider.taken(ada) == 1000, "nothing was given back there"
    assert await owed_and_credit(world, ada) == ((600, 0) if over else (1000, 400))  # the cash was for this invoice
    assert await waiting(world, ada) == []
    assert await wrong_rows(world, ada) == []


async def test_a_refund_whose_worker_died_is_not_begun_anew_once_its_payment_was_returned(
    world: World, provider: SideDoor
) -> None:
    ada, id = await debited(world, provider)
    await give_back(world, ada, id, eur(400), follow=False)
    with pytest.raises(Killed):
        async with killed_at("refund.claimed"):
            await do_now(world.house, ada.id)
    await tell(world, ada, id, News.RETURNED, captured=eur(1000))
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    (waits,) = await refunds_of(world.house.db.primary, ada.id, id)
    assert (waits.state.name, await provider.taken(ada)) == ("unknown", 1000)
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(("back", "lost"), [(400, 0), (100, 300)])
async def test_what_was_on_its_way_back_when_its_payment_was_returned_and_failed_is_neither_lost_nor_kept(
    world: World, back: int, lost: int
) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    assert begun.payment is not None
    await tell(world, ada, begun.payment, News.CAPTURED, captured=eur(1400))
    for minor in (back, 400 - back):
        if minor:
            await give_back(world, ada, begun.payment, eur(minor), follow=False)
    sent = await refunds_of(world.house.db.primary, ada.id, begun.payment)
    for each in sent:
        on_its_way = SettleRefund(each.id, RefundNews.PENDING, fresh("back"), None)
        await by_house(world, ada, settle_refund, on_its_way, follow=False)
    await tell(world, ada, begun.payment, News.RETURNED, captured=eur(1400), follow=False)
    assert [each.amount for each in await waiting(world, ada)] == [eur(400)]
    await by_house(world, ada, settle_refund, SettleRefund(sent[0].id, RefundNews.FAILED, None, "closed"), follow=False)
    assert await owed_and_credit(world, ada) == (1000, 0)
    assert [each.amount for each in await waiting(world, ada)] == ([eur(lost)] if lost else [])
    assert await wrong_rows(world, ada) == []


async def test_a_return_of_what_paid_a_void_or_a_lost_invoice_leaves_it_so(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(3, 20))
    lost = (await invoices_of(world, ada))[-1]
    last = (await attempts_at(world, ada, lost.id))[-1]
    await tell(world, ada, last.id, News.CAPTURED)
    await tell(world, ada, last.id, News.RETURNED, captured=eur(1000))
    found = (await invoices_of(world, ada))[-1]
    assert (found.state.name, found.written_off, found.due) == ("uncollectible", eur(1000), eur(0))
    ben = await buyer(world, "tok_bank_held")
    begun = await start(world, ben)
    await tell(world, ben, begun.payment, News.CAPTURED, captured=eur(400), follow=False)
    await tell(world, ben, begun.payment, News.RETURNED, captured=eur(400))
    await until(world, ben, day(1, 3))
    assert [each.state.name for each in await invoices_of(world, ben)] == ["void"]
    assert await owed_and_credit(world, ben) == (0, 0)
    assert await wrong_rows(world, ada) == []
    assert await wrong_rows(world, ben) == []


NEWS = (
    (News.PROCESSING, None),
    (News.CAPTURED, 1000),
    (News.RETURNED, 1000),
)


@pytest.mark.row("I1")
async def test_the_news_of_a_returned_debit_ends_the_same_in_any_order_and_number(world: World) -> None:
    for order in itertools.permutations(NEWS):
        ada = await buyer(world, "tok_bank_held")
        begun = await start(world, ada)
        for news, minor in (*order, *order):
            captured = eur(minor) if minor else None
            await tell(world, ada, begun.payment, news, captured=captured, follow=False)
        assert begun.payment is not None
        ended = await payment(world.house.db.primary, ada.id, begun.payment)
        assert (ended.state.name, ended.captured, ended.returned) == ("failed", eur(1000), eur(1000))
        assert await owed_and_credit(world, ada) == (1000, 0)
        assert (await receipts_of(world.house.db.primary, ada.id, [ended.id]))[ended.id].withdrawn_at is not None
        assert await wrong_rows(world, ada) == []


@pytest.mark.row("C14")
@pytest.mark.parametrize("point", ["perform.committed", "relay.consumed", "relay.deleted"])
async def test_a_return_is_booked_once_wherever_the_process_dies(world: World, provider: SideDoor, point: str) -> None:
    ada, id = await debited(world, provider)
    known = await payment(world.house.db.primary, ada.id, id)
    await provider.settle(known.provider_ref, "account_closed")
    async with killed_at(point):
        with pytest.raises(Killed):
            await do_now(ahead(world.house, timedelta(days=57)), ada.id)
    await do_now(ahead(world.house, timedelta(days=57) + LEASE_OVER), ada.id)
    returned = await payment(world.house.db.primary, ada.id, id)
    assert (returned.state.name, returned.failure_code, returned.failure_hard) == ("failed", "account_closed", True)
    assert (await owed_and_credit(world, ada))[0] == 1000
    assert await wrong_rows(world, ada) == []


async def test_what_was_returned_can_be_paid_by_another_method_and_is_not_charged_by_itself_meanwhile(
    world: World, provider: SideDoor
) -> None:
    ada, id = await debited(world, provider)
    await tell(world, ada, id, News.RETURNED, captured=eur(1000))
    (unpaid,) = await invoices_of(world, ada)
    assert len(await attempts_at(world, ada, unpaid.id)) == 1
    other = await world.card(ada)
    first, second = await attempts_at(world, ada, unpaid.id)
    assert (first.state.name, second.method) == ("failed", other)
