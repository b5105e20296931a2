"""Credit notes that are void after money was given back, disputed or taken back: nobody has it twice, or not at all."""

import pytest

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId, PaymentId
from domain.invoices.credit_note import CreditNote
from domain.ledger.account import Account
from domain.payments.exception_case import Kind
from domain.payments.payment import payment
from domain.payments.record_offline import Means as Came
from domain.payments.record_offline import RecordOfflinePayment, record_offline
from domain.payments.refund import Means, refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.refusals import RefusalCode, Refused
from tests.dispute_kit import accounts, disputed_again
from tests.domain.invoices.bills import SETUP, credit, draft, eur, issue, note, notes, now, on, owed_and_credit
from tests.exception_kit import waiting
from tests.lives import (
    attempts_at,
    buyer,
    by_finance,
    day,
    give_back,
    invoices_of,
    start,
    subscription_of,
    until,
    wrong_rows,
)
from tests.refund_kit import MUCH, paid
from tests.webhook_desk import Desk
from tests.world import Someone, World, fresh


async def billed(world: World, of: Someone) -> InvoiceId:
    """An invoice of 100.00 EUR that has time."""
    return (await issue(world, of, await draft(world, of, SETUP, net_days=30))).invoice


async def recorded(world: World, of: Someone, id: InvoiceId, minor: int) -> PaymentId:
    """Money that came by hand."""
    command = RecordOfflinePayment(id, Came.CHEQUE, fresh("cheque"), eur(minor))
    return (await by_finance(world, of, record_offline, command)).payment


async def bounced(world: World, of: Someone, id: PaymentId) -> None:
    """Money that came by hand did not come after all."""
    await by_finance(world, of, reverse_offline, ReverseOfflinePayment(id, "The cheque bounced."))


async def made_credit(world: World, of: Someone, id: PaymentId, minor: int) -> None:
    """A service credit of what the payment paid for."""
    await by_finance(world, of, request_refund, RequestRefund(id, eur(minor), "Sorry.", means=Means.CREDIT))


@pytest.mark.row("J1")
async def test_what_a_void_note_of_credit_did_not_give_back_can_be_given_back(world: World) -> None:
    ada, id = await paid(world)
    await made_credit(world, ada, id, 3000)
    (of,) = await invoices_of(world, ada)
    (given,) = await notes(world, ada, of.id)
    await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    db = world.house.db.primary
    (ended,) = await refunds_of(db, ada.id, id)
    assert (ended.state.name, ended.failure_code, await credit(world, ada)) == ("failed", "credit_note_void", 0)
    assert (await payment(db, ada.id, id)).left == eur(MUCH)
    await give_back(world, ada, id, eur(MUCH // 5))
    assert (await payment(db, ada.id, id)).left == eur(MUCH - MUCH // 5)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E9")
async def test_all_that_paid_a_void_invoice_can_be_given_back_also_after_credit_for_a_part_of_it(world: World) -> None:
    ada = await world.customer()
    id = await billed(world, ada)
    part = await recorded(world, ada, id, 5000)
    await made_credit(world, ada, part, 2000)
    await by_finance(world, ada, void_invoice, VoidInvoice(id, "It was wrong.", replace=False))
    assert await owed_and_credit(world, ada) == (0, 5000)
    assert (await payment(world.house.db.primary, ada.id, part)).left == eur(5000)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C7")
async def test_other_credit_does_not_stand_for_that_of_a_note_which_a_dispute_has_taken(
    world: World, desk: Desk
) -> None:
    ada, _ = await paid(world)
    (of,) = await invoices_of(world, ada)
    await note(world, ada, of.id, 5000, credit=5000)
    dispute = await disputed_again(world, desk, ada, (await attempts_at(world, ada, of.id))[0], MUCH)
    await dispute.told()
    assert await credit(world, ada) == 0, "the bank gives all of it back"
    await recorded(world, ada, await billed(world, ada), 15_000)
    (given,) = await notes(world, ada, of.id)
    with pytest.raises(Refused) as refused:
        await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    assert refused.value.code is RefusalCode.INSUFFICIENT_BALANCE
    await dispute.decided("lost")
    assert await credit(world, ada) == 5000
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E9")
async def test_what_was_settled_outside_stays_in_the_books_when_its_invoice_is_void(world: World) -> None:
    ada = await world.customer()
    id = await billed(world, ada)
    cheque = await recorded(world, ada, id, 10_000)
    await note(world, ada, id, 3000, out_of_band=3000)
    await bounced(world, ada, cheque)
    command = VoidInvoice(id, "It was wrong.", replace=False)
    with pytest.raises(Refused, match=r"30.00 EUR were given back") as refused:
        await by_finance(world, ada, void_invoice, command)
    assert refused.value.code is RefusalCode.INSUFFICIENT_BALANCE
    await recorded(world, ada, id, 4000)
    await by_finance(world, ada, void_invoice, command)
    assert (await now(world, ada, id)).state.name == "void"
    assert await owed_and_credit(world, ada) == (0, 1000)  # what came but for what it was given
    assert await on(world.house.db.primary, ada.id, Account.CASH_OUTSIDE) == 1000
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("L4")
@pytest.mark.parametrize("used", [400, 0], ids=["used up", "still there"])
async def test_a_subscription_that_never_began_ends_though_money_was_given_back_that_never_came(
    world: World, used: int
) -> None:
    ada = await buyer(world, "tok_lost_card")
    first = await start(world, ada)
    cheque = await recorded(world, ada, first.invoice, 400)
    await made_credit(world, ada, cheque, 400)
    if used:
        await billed(world, ada)
    await bounced(world, ada, cheque)
    await until(world, ada, day(1, 3))
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    assert (await now(world, ada, first.invoice)).state.name == "void"
    assert (await accounts(world, ada)).get("returned_payments", 0) == used
    assert [(each.kind, each.amount) for each in await waiting(world, ada)] == (
        [(Kind.PAYMENT_LOSS, eur(used))] if used else []
    )
    assert await owed_and_credit(world, ada) == (9600 if used else 0, 0)
    assert await wrong_rows(world, ada) == []


async def noted(world: World) -> tuple[Someone, PaymentId, CreditNote]:
    """Who paid an invoice by cheque, the cheque, and a credit note that gave 40.00 of credit for it."""
    ada = await world.customer()
    id = await billed(world, ada)
    cheque = await recorded(world, ada, id, 10_000)
    await note(world, ada, id, 4000, credit=4000)
    (given,) = await notes(world, ada, id)
    return ada, cheque, given


@pytest.mark.row("E9")
async def test_credit_beside_an_invoice_that_is_owed_again_lowers_it_once_its_note_is_void_and_issued_again(
    world: World,
) -> None:
    ada, cheque, given = await noted(world)
    await bounced(world, ada, cheque)
    assert await owed_and_credit(world, ada) == (10_000, 4000)
    await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    assert await owed_and_credit(world, ada) == (10_000, 0)
    await note(world, ada, given.invoice, 4000)
    assert await owed_and_credit(world, ada) == (6000, 0), "as where the cheque had bounced first"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E9")
async def test_a_note_whose_credit_pays_for_something_else_stands_beside_an_invoice_that_is_owed_again(
    world: World,
) -> None:
    ada, cheque, given = await noted(world)
    await billed(world, ada)  # less the credit
    await bounced(world, ada, cheque)
    assert await owed_and_credit(world, ada) == (16_000, 0)
    with pytest.raises(Refused) as refused:
        await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    assert refused.value.code is RefusalCode.INSUFFICIENT_BALANCE
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((16_000, 0), [])
