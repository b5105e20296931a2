"""Charges that wait for their customer while their invoice is paid otherwise: nothing is taken beyond what is owed."""

import asyncio
from datetime import timedelta

import pytest

from domain.dunning.open_case import PaymentFailed, payment_failed
from domain.invoices.manual_line import ManualLine
from domain.payments.exception_case import Kind
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment, payment
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.reactions.work import do_now
from tests.domain.invoices.bills import draft, eur, issue, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_offline_payments import answer, record, reverse
from tests.domain.subscriptions.test_change_plan import change
from tests.exception_kit import waiting as cases
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    attempts_at,
    buyer,
    by_house,
    day,
    give_back,
    invoices_of,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.world import Someone, World


async def waiting(world: World, someone: Someone) -> Payment:
    """The charge of the only invoice that waits for its customer."""
    await world.card(someone, "tok_3ds")
    (bill,) = await invoices_of(world, someone)
    if (await attempts_at(world, someone, bill.id))[-1].state.name == "failed":
        await world.do(someone, pay_invoice, PayInvoice(bill.id, None))
    last = (await attempts_at(world, someone, bill.id))[-1]
    assert last.state.name == "requires_action"
    return last


async def approve(world: World, provider: SideDoor, someone: Someone, charge: Payment) -> None:
    await answer(provider, charge)
    await do_now(ahead(world.house, timedelta(hours=2)), someone.id)


async def test_an_invoice_that_an_earlier_charge_has_paid_after_all_is_not_paid_again_by_the_one_that_waits(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    await start(world, ada)
    (bill,) = await invoices_of(world, ada)
    (late,) = await attempts_at(world, ada, bill.id)
    charge = await waiting(world, ada)
    await tell(world, ada, late.id, News.CAPTURED)
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    await approve(world, provider, ada, charge)
    assert (await provider.taken(ada), await owed_and_credit(world, ada)) == (0, (0, 0))
    assert await wrong_rows(world, ada) == []


async def test_an_invoice_that_money_whose_refund_failed_has_paid_is_not_paid_again_by_the_charge_that_waits(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    assert begun.payment is not None
    mistaken = await record(world, ada)
    await tell(world, ada, begun.payment, News.CAPTURED)
    await provider.behave(world, ada, operations=["refund", "query", "void"], fault="error_before")
    await give_back(world, ada, begun.payment, eur(1000))
    (refund,) = await refunds_of(world.house.db.primary, ada.id, begun.payment)
    await reverse(world, ada, mistaken)
    charge = await waiting(world, ada)
    command = SettleRefund(refund.id, RefundNews.FAILED, None, "account_closed")
    await by_house(world, ada, settle_refund, command)
    assert (await invoices_of(world, ada))[0].state.name == "paid"
    await approve(world, provider, ada, charge)
    assert (await provider.taken(ada), await owed_and_credit(world, ada)) == (0, (0, 0))
    assert await wrong_rows(world, ada) == []


async def changing(world: World) -> tuple[Someone, Payment]:
    """A customer whose change of plan waits for it at its bank, and the charge of that."""
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_3ds")
    invoice = (await change(world, ada, "team")).invoice
    assert invoice is not None
    (whole,) = await attempts_at(world, ada, invoice)
    assert whole.state.name == "requires_action"
    return ada, whole


async def charges(world: World, of: Someone, first: Payment) -> list[tuple[str, int]]:
    """What became of each charge of its invoice, and of how much it was."""
    found = await attempts_at(world, of, first.invoice)
    return [(each.state.name, each.amount.minor) for each in found if each.kind == "provider"]


async def approved(world: World, provider: SideDoor, someone: Someone, first: Payment, taken: int) -> None:
    """Its customer agrees to the last charge: the change is there, and so much was taken by all of them."""
    before = await provider.taken(someone)
    await approve(world, provider, someone, (await attempts_at(world, someone, first.invoice))[-1])
    assert await provider.taken(someone) - before == taken
    assert (await subscription_of(world, someone)).pending_invoice is None
    assert await owed_and_credit(world, someone) == (0, 0)
    assert await wrong_rows(world, someone) == []


async def test_a_change_that_waits_for_its_customer_is_kept_when_a_part_comes_by_hand_and_the_rest_is_charged(
    world: World, provider: SideDoor
) -> None:
    ada, whole = await changing(world)
    await record(world, ada, 100)
    rest = whole.amount.minor - 100
    assert await charges(world, ada, whole) == [("voided", rest + 100), ("requires_action", rest)]
    assert (await subscription_of(world, ada)).pending_invoice == whole.invoice
    await approved(world, provider, ada, whole, rest)


@pytest.mark.parametrize(
    "point", ["perform.done", "perform.committed", "attempt.claimed", "attempt.answered", "relay.consumed"]
)
async def test_wherever_a_process_dies_between_a_part_and_the_charge_of_the_rest_that_is_charged_once(
    world: World, provider: SideDoor, point: str
) -> None:
    deaths = 0
    while True:
        ada, whole = await changing(world)
        await record(world, ada, 100, follow=False)
        try:
            async with killed_at(point, deaths):
                await do_now(world.house, ada.id)
        except Killed:
            deaths += 1
        else:
            break
        for times in (1, 2, 3):
            await do_now(ahead(world.house, times * LEASE_OVER), ada.id)
        rest = whole.amount.minor - 100
        assert await charges(world, ada, whole) == [("voided", rest + 100), ("requires_action", rest)]
        await approved(world, provider, ada, whole, rest)
    assert deaths >= 2, "the charge is let go, and the rest is charged"


async def test_parts_that_come_at_once_bar_a_charge_once_and_two_workers_charge_the_rest_once(
    world: World, provider: SideDoor
) -> None:
    ada, whole = await changing(world)
    await asyncio.gather(*(record(world, ada, 100, follow=False) for _ in range(2)))
    await asyncio.gather(*(do_now(house, ada.id) for house in (world.house, ahead(world.house, LEASE_OVER))))
    await do_now(ahead(world.house, 2 * LEASE_OVER), ada.id)
    rest = whole.amount.minor - 200
    assert await charges(world, ada, whole) == [("voided", rest + 200), ("requires_action", rest)]
    assert (await payment(world.house.db.primary, ada.id, whole.id)).asks == 1
    news = PaymentFailed(whole.invoice, whole.id)
    await asyncio.gather(*(by_house(world, ada, payment_failed, news) for _ in range(2)))
    assert len(await charges(world, ada, whole)) == 2, "what is open decides, however often it is told"
    await approved(world, provider, ada, whole, rest)


async def test_a_part_taken_back_before_the_bank_heard_of_it_leaves_no_charge_and_no_change(
    world: World,
) -> None:
    ada, whole = await changing(world)
    await reverse(world, ada, await record(world, ada, 100, follow=False))
    assert await charges(world, ada, whole) == [("voided", whole.amount.minor)]
    now, bills = await subscription_of(world, ada), await invoices_of(world, ada)
    assert (now.pending_invoice, [each.state.name for each in bills]) == (None, ["paid", "void"])
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []


async def test_what_is_taken_of_the_rest_is_credit_where_the_part_was_taken_back_meanwhile(
    world: World, provider: SideDoor
) -> None:
    ada, whole = await changing(world)
    part, rest = await record(world, ada, 100), whole.amount.minor - 100
    await reverse(world, ada, part)
    await approve(world, provider, ada, (await attempts_at(world, ada, whole.invoice))[-1])
    assert await charges(world, ada, whole) == [("voided", rest + 100), ("succeeded", rest)]
    assert await owed_and_credit(world, ada) == (0, rest)
    assert (await subscription_of(world, ada)).pending_invoice is None
    assert await wrong_rows(world, ada) == []


async def test_a_part_that_comes_while_the_rest_waits_bars_that_too(world: World, provider: SideDoor) -> None:
    ada, whole = await changing(world)
    await record(world, ada, 100)
    await record(world, ada, 200)
    all_of_it = whole.amount.minor
    expected = [("voided", all_of_it), ("voided", all_of_it - 100), ("requires_action", all_of_it - 300)]
    assert await charges(world, ada, whole) == expected
    await approved(world, provider, ada, whole, all_of_it - 300)


async def test_a_whole_that_was_taken_after_all_bars_the_charge_of_the_rest_and_its_excess_is_shown(
    world: World, provider: SideDoor
) -> None:
    ada, whole = await changing(world)
    await record(world, ada, 100)
    (*_, rest) = await attempts_at(world, ada, whole.invoice)
    await tell(world, ada, whole.id, News.CAPTURED)
    before = await provider.taken(ada)
    await approve(world, provider, ada, rest)
    assert (await charges(world, ada, whole))[1] == ("voided", rest.amount.minor)
    assert (await provider.taken(ada) - before, await owed_and_credit(world, ada)) == (0, (0, 100))
    assert [(each.kind, each.amount) for each in await cases(world, ada)] == [(Kind.PAYMENT_EXCESS, eur(100))]
    assert (await subscription_of(world, ada)).pending_invoice is None
    assert await wrong_rows(world, ada) == []


async def test_the_rest_is_charged_on_the_default_method_that_came_while_the_whole_waited(
    world: World, provider: SideDoor
) -> None:
    ada, whole = await changing(world)
    card = await world.card(ada)
    await record(world, ada, 100)
    rest = (await attempts_at(world, ada, whole.invoice))[-1]
    assert await charges(world, ada, whole) == [("voided", whole.amount.minor), ("captured", whole.amount.minor - 100)]
    assert (rest.method, await owed_and_credit(world, ada)) == (card, (0, 0))
    assert (await subscription_of(world, ada)).pending_invoice is None
    assert await wrong_rows(world, ada) == []


async def test_the_rest_is_not_charged_on_a_card_that_was_declined_for_good_meanwhile_and_its_change_is_dropped(
    world: World,
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_3ds")
    billed = await issue(world, ada, await draft(world, ada, ManualLine("Work", 1, eur(600))))
    changed = (await change(world, ada, "team")).invoice
    assert changed is not None
    (whole,), (other,) = [await attempts_at(world, ada, each) for each in (changed, billed.invoice)]
    await record(world, ada, 100, follow=False)
    await tell(world, ada, other.id, News.DECLINED, code="stolen_card", hard=True, follow=False)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    assert await charges(world, ada, whole) == [("voided", whole.amount.minor)]
    assert (await subscription_of(world, ada)).pending_invoice is None
    assert await owed_and_credit(world, ada) == (600, 100)
    assert await wrong_rows(world, ada) == []


async def news_for(world: World, of: Someone) -> set[str]:
    """The kinds of events of which nobody has heard yet."""
    rows = await world.house.db.primary.fetch(
        "SELECT kind FROM outbox_event WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return {row["kind"] for row in rows}


async def test_a_charge_that_is_taken_is_not_let_go_by_its_own_money(world: World) -> None:
    ada, whole = await changing(world)
    await tell(world, ada, whole.id, News.CAPTURED, follow=False)
    assert "payment.captured" in (news := await news_for(world, ada))
    assert "payment.asked" not in news, "its provider is told nothing more of it"


async def test_a_charge_that_is_let_go_as_soon_as_it_waits_asks_nobody_to_come(world: World) -> None:
    ada = await buyer(world, "tok_3ds")
    with pytest.raises(Killed):
        async with killed_at("attempt.answered"):
            await start(world, ada)
    await record(world, ada, 400, follow=False)
    (charge, _) = await attempts_at(world, ada, (await invoices_of(world, ada))[0].id)
    await tell(world, ada, charge.id, News.ACTION_REQUIRED, follow=False)
    assert "payment.asked" in (news := await news_for(world, ada))
    assert "payment.action_required" not in news
