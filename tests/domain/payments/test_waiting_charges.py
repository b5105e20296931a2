"""Charges that wait for their customer while their invoice is paid otherwise: nothing is taken beyond what is owed."""

from datetime import timedelta

from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.reactions.work import do_now
from tests.domain.invoices.bills import eur, owed_and_credit
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_offline_payments import answer, record, reverse
from tests.domain.subscriptions.test_change_plan import change
from tests.interruptions import ahead
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


async def test_a_change_that_waits_for_its_customer_is_kept_when_a_part_comes_by_hand_and_the_rest_is_charged(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_3ds")
    changing = await change(world, ada, "team")
    assert changing.invoice is not None
    (whole,) = await attempts_at(world, ada, changing.invoice)
    assert whole.state.name == "requires_action"
    await record(world, ada, 100)
    barred, rest = [each for each in await attempts_at(world, ada, changing.invoice) if each.kind == "provider"]
    assert (barred.state.name, rest.state.name, rest.amount) == ("voided", "requires_action", whole.amount - eur(100))
    assert (await subscription_of(world, ada)).pending_invoice == changing.invoice
    await approve(world, provider, ada, rest)
    assert (await subscription_of(world, ada)).pending_invoice is None
    assert await owed_and_credit(world, ada) == (0, 0)
    assert await wrong_rows(world, ada) == []
