"""Credit that was away when a payment was taken back: once it is there again it is taken for what was lost."""

from collections.abc import Awaitable, Callable

import pytest

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import PaymentId, RefundId
from domain.payments.exception_case import Kind, Resolution
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment, payments_of
from domain.payments.payout import RecordPayout, record_payout
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refund import refunds_of
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from tests.domain.invoices.bills import SETUP, draft, eur, issue, note, owed_and_credit
from tests.exception_kit import claim, failed_refunds, resolve, waiting
from tests.lives import by_finance, by_house, give_back, invoices_of, start, wrong_rows
from tests.refund_kit import paid
from tests.world import Someone, World, fresh

Act = Callable[[], Awaitable[object]]


async def billed(world: World) -> Someone:
    """Who owes 100.00 on account."""
    ada = await world.customer()
    await issue(world, ada, await draft(world, ada, SETUP, net_days=30))
    return ada


async def came(world: World, of: Someone, minor: int) -> Payment:
    """A cheque for the customer's first invoice."""
    first = (await invoices_of(world, of))[0].id
    command = RecordOfflinePayment(first, Means.CHEQUE, fresh("cheque"), eur(minor))
    id = (await by_finance(world, of, record_offline, command)).payment
    return next(each for each in await payments_of(world.house.db.primary, of.id, first) if each.id == id)


def bounces(world: World, of: Someone, cheque: Payment) -> Act:
    """It is taken back."""
    return lambda: by_finance(world, of, reverse_offline, ReverseOfflinePayment(cheque.id, "It bounced."))


async def kinds(world: World, of: Someone) -> dict[Kind, int]:
    """What the customer's cases are about, and how much of it."""
    return {case.kind: case.amount.minor for case in await waiting(world, of)}


@pytest.mark.row("E10")
@pytest.mark.parametrize("bounced_first", [False, True])
@pytest.mark.parametrize("by_card", [False, True])
async def test_a_refund_that_fails_pays_for_a_cheque_whose_credit_it_had_taken(
    world: World, by_card: bool, bounced_first: bool
) -> None:
    ada = await billed(world)
    await world.card(ada, "tok_refund_pending")
    (first,) = await invoices_of(world, ada)
    if by_card:
        await world.do(ada, pay_invoice, PayInvoice(first.id, None))
        (whole,) = await payments_of(world.house.db.primary, ada.id, first.id)
    else:
        whole = await came(world, ada, 10_000)
    too_much = await came(world, ada, 200)
    await give_back(world, ada, whole.id, eur(200))
    (sent,) = await refunds_of(world.house.db.primary, ada.id, whole.id)

    async def fails() -> None:
        if by_card:
            await by_house(world, ada, settle_refund, SettleRefund(sent.id, RefundNews.FAILED, None, "closed"))
        else:
            await by_finance(world, ada, record_payout, RecordPayout(sent.id, None))

    acts: list[Act] = [fails, bounces(world, ada, too_much)]
    for act in reversed(acts) if bounced_first else acts:
        await act()
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 0), [])
    assert Kind.PAYMENT_LOSS not in await kinds(world, ada)


@pytest.mark.row("E10")
@pytest.mark.parametrize("bounced_first", [False, True])
async def test_credit_that_a_void_invoice_had_used_pays_for_a_cheque_that_had_brought_it(
    world: World, bounced_first: bool
) -> None:
    ada = await billed(world)
    await came(world, ada, 10_000)
    too_much = await came(world, ada, 700)
    other = (await issue(world, ada, await draft(world, ada, SETUP, net_days=30))).invoice
    assert await owed_and_credit(world, ada) == (9300, 0)

    async def void() -> None:
        await by_finance(world, ada, void_invoice, VoidInvoice(other, "Billed by mistake.", replace=False))

    acts: list[Act] = [void, bounces(world, ada, too_much)]
    for act in reversed(acts) if bounced_first else acts:
        await act()
    assert (await owed_and_credit(world, ada), await kinds(world, ada)) == ((0, 0), {})
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E10")
async def test_credit_that_a_customer_has_come_by_since_is_not_taken_for_what_was_lost_before(world: World) -> None:
    ada = await billed(world)
    await came(world, ada, 10_000)
    too_much = await came(world, ada, 700)
    other = (await issue(world, ada, await draft(world, ada, SETUP, net_days=30))).invoice
    await bounces(world, ada, too_much)()
    (first, *_) = await invoices_of(world, ada)
    await note(world, ada, first.id, 500, credit=500)
    third = (await issue(world, ada, await draft(world, ada, SETUP, net_days=30))).invoice
    assert await owed_and_credit(world, ada) == (9300 + 9500, 0)
    await by_finance(world, ada, void_invoice, VoidInvoice(third, "Billed by mistake.", replace=False))
    assert (await owed_and_credit(world, ada), await kinds(world, ada)) == ((9300, 500), {Kind.PAYMENT_LOSS: 700})
    await by_finance(world, ada, void_invoice, VoidInvoice(other, "Billed by mistake.", replace=False))
    assert (await owed_and_credit(world, ada), await kinds(world, ada)) == ((0, 500), {})
    assert await wrong_rows(world, ada) == []


async def decides(world: World, of: Someone, payment: PaymentId, refund: RefundId, how: Resolution) -> None:
    """The provider contradicts what is known of the refund, and finance decides; what is seen there has a name."""
    told = OpenException(Kind.REFUND_CONTRADICTED, payment, refund, "It says so.", eur(400))
    await by_house(world, of, open_exception, told)
    (case,) = [each for each in await waiting(world, of) if each.kind is Kind.REFUND_CONTRADICTED]
    assert await claim(world, of, case.id) == "done"
    named = fresh("seen") if how is Resolution.CONFIRM_REFUNDED else None
    assert await resolve(world, of, case.id, how, named) == "done"


@pytest.mark.row("E10")
async def test_a_refund_whose_credit_was_used_up_and_that_failed_after_all_is_lost_no_more(
    world: World,
) -> None:
    ada, id = await paid(world)
    (failed,) = await failed_refunds(world, ada, id, (400,))
    assert failed.refund is not None
    await start(world, ada, "team")  # with that credit
    await decides(world, ada, id, failed.refund, Resolution.CONFIRM_REFUNDED)
    assert await kinds(world, ada) == {Kind.PAYMENT_LOSS: 400}
    await decides(world, ada, id, failed.refund, Resolution.CONFIRM_NOT_REFUNDED)
    assert ((await owed_and_credit(world, ada))[1], await kinds(world, ada)) == (0, {})
    assert await wrong_rows(world, ada) == []
