"""Credit notes: they lower what is due first, the rest is given back to the cent, and nothing is given back twice."""

import asyncio
from typing import Any

import pytest

from domain.actor import Grant
from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.ids import InvoiceId
from domain.ledger.account import Account
from domain.payments.issue_credit_note import CreditNoteIssued
from domain.payments.note_parts import NoteLine
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import payments_of
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import credit, eur, note, notes, now, on
from tests.lives import buyer, day, give_back, invoices_of, start, tell, until, wrong_rows
from tests.world import Someone, World, fresh

AT_ONCE = 50


async def paid(world: World, token: str = "tok_visa") -> tuple[Someone, InvoiceId]:
    """A customer that paid 10.00 EUR."""
    ada = await buyer(world, token)
    return ada, (await start(world, ada)).invoice


async def unpaid(world: World) -> tuple[Someone, InvoiceId]:
    """A customer that owes 10.00 EUR, whose first attempt was declined."""
    return await paid(world, "tok_insufficient_funds")


async def refused(world: World, of: Someone, id: InvoiceId, amount: int | None = None, **how: Any) -> RefusalCode:
    """Why a credit note was refused, which left nothing."""
    before = await now(world, of, id), await credit(world, of), await notes(world, of, id)
    with pytest.raises(Refused) as refusal:
        await note(world, of, id, amount, **how)
    assert (await now(world, of, id), await credit(world, of), await notes(world, of, id)) == before
    return refusal.value.code


@pytest.mark.row("E9")
async def test_a_credit_note_first_lowers_what_is_due(world: World) -> None:
    ada, id = await unpaid(world)
    issued = await note(world, ada, id, 300)
    assert (issued.reduced.minor, issued.refunds) == (300, ())
    billed = await now(world, ada, id)
    assert (billed.due.minor, billed.noted.minor, billed.state.name) == (700, 300, "open")
    assert await on(world.house.db.primary, ada.id, Account.RECEIVABLE) == 700
    assert await on(world.house.db.primary, ada.id, Account.REVENUE) == 700
    await note(world, ada, id, 700)
    assert ((await now(world, ada, id)).due.minor, (await now(world, ada, id)).state.name) == (0, "paid")
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J1")
async def test_what_exceeds_the_amount_due_is_refunded_credited_and_settled_outside_to_the_cent(world: World) -> None:
    ada, id = await paid(world)
    issued = await note(world, ada, id, 700, refund=400, credit=200, out_of_band=100)
    assert issued.number.endswith("-C-000001") or "-C-" in issued.number
    (payment,) = await payments_of(world.house.db.primary, ada.id, id)
    (refund,) = await refunds_of(world.house.db.primary, ada.id, payment.id)
    assert (refund.amount, refund.state.name, issued.refunds) == (eur(400), "succeeded", (refund.id,))
    assert await credit(world, ada) == 200
    accounts = (Account.REVENUE, Account.CASH_CLEARING, Account.CASH_OUTSIDE, Account.REFUNDS_PAYABLE)
    assert [await on(world.house.db.primary, ada.id, each) for each in accounts] == [300, 600, -100, 0]
    assert ((await now(world, ada, id)).state.name, await wrong_rows(world, ada)) == ("paid", [])


@pytest.mark.parametrize(
    ("split", "code"),
    [
        ({"refund": 300}, RefusalCode.INVALID_AMOUNT),
        ({"credit": 401}, RefusalCode.INVALID_AMOUNT),
        ({}, RefusalCode.INVALID_AMOUNT),
        ({"refund": 500, "credit": -100}, RefusalCode.INVALID_AMOUNT),
    ],
)
async def test_parts_that_are_not_the_excess_are_refused(
    world: World, split: dict[str, int], code: RefusalCode
) -> None:
    ada, id = await paid(world)
    assert await refused(world, ada, id, 400, **split) is code


@pytest.mark.parametrize(
    ("amount", "how", "code"),
    [
        (0, {}, RefusalCode.INVALID_AMOUNT),
        (-5, {}, RefusalCode.INVALID_AMOUNT),
        (1001, {"credit": 1001}, RefusalCode.EXCEEDS_INVOICED),
        (None, {}, RefusalCode.INVALID_INPUT),
        (100, {"lines": (NoteLine(1, None),), "credit": 100}, RefusalCode.INVALID_INPUT),
        (None, {"lines": (NoteLine(1, eur(1)), NoteLine(1, eur(1)))}, RefusalCode.INVALID_INPUT),
        (None, {"lines": (NoteLine(2, None),)}, RefusalCode.NOT_FOUND),
        (None, {"lines": (NoteLine(1, eur(1001)),), "credit": 1001}, RefusalCode.EXCEEDS_INVOICED),
        (None, {"lines": (NoteLine(1, eur(0)),)}, RefusalCode.INVALID_AMOUNT),
        (100, {"credit": 100, "kind": "whim"}, RefusalCode.INVALID_INPUT),
        (100, {"credit": 100, "reason": ""}, RefusalCode.INVALID_INPUT),
        (100, {"credit": 100, "role": Grant.SUPPORT}, RefusalCode.FORBIDDEN),
    ],
)
async def test_a_credit_note_that_cannot_be_meant_is_refused_and_leaves_nothing(
    world: World, amount: int | None, how: dict[str, object], code: RefusalCode
) -> None:
    ada, id = await paid(world)
    assert await refused(world, ada, id, amount, **how) is code


async def test_what_credit_paid_is_not_refunded_to_a_method(world: World) -> None:
    ada, id = await paid(world)
    await note(world, ada, id, 1000, credit=1000)
    team = (await start(world, ada, "team")).invoice  # 20.00, half of it paid by that credit
    assert await refused(world, ada, team, 1500, refund=1500) is RefusalCode.EXCEEDS_CAPTURED
    issued = await note(world, ada, team, 1500, refund=1000, credit=500)
    assert (len(issued.refunds), await credit(world, ada)) == (1, 500)
    assert await wrong_rows(world, ada) == []


async def test_nothing_is_noted_while_a_payment_of_what_is_due_is_under_way(world: World) -> None:
    ada, id = await paid(world, "tok_bank_held")
    assert await refused(world, ada, id, 100) is RefusalCode.PAYMENT_IN_PROGRESS


async def test_fifty_credit_notes_at_once_give_back_what_was_charged_and_no_more(world: World) -> None:
    ada, id = await paid(world)

    async def ask() -> RefusalCode | None:
        key = fresh("note")
        while True:
            try:
                await note(world, ada, id, 30, credit=30, key=key)
            except Refused as refusal:
                if not refusal.retryable:
                    return refusal.code
                continue
            return None

    answers = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    assert sorted(answers, key=str) == [RefusalCode.EXCEEDS_INVOICED] * (AT_ONCE - 33) + [None] * 33
    assert await credit(world, ada) == 33 * 30
    numbers = [each.number for each in await notes(world, ada, id)]
    assert len(set(numbers)) == 33
    assert await wrong_rows(world, ada) == []


async def test_the_same_call_again_issues_no_second_note(world: World) -> None:
    ada, id = await paid(world)
    key = fresh("note")
    first, again = [await note(world, ada, id, 100, credit=100, key=key) for _ in range(2)]
    assert first == again
    assert len(await notes(world, ada, id)) == 1


@pytest.mark.row("J7")
async def test_a_refunded_payment_has_a_credit_note_for_what_was_invoiced(world: World) -> None:
    ada, id = await paid(world)
    (payment,) = await payments_of(world.house.db.primary, ada.id, id)
    await give_back(world, ada, payment.id, eur(250))
    (issued,) = await notes(world, ada, id)
    assert (issued.kind, issued.total, issued.refunded, issued.reduced) == ("refund", eur(250), eur(250), eur(0))
    assert await on(world.house.db.primary, ada.id, Account.REVENUE) == 750


async def test_money_given_back_of_a_partly_paid_invoice_does_not_lower_what_is_due(world: World) -> None:
    ada, id = await paid(world, "tok_bank_held")
    (payment,) = await payments_of(world.house.db.primary, ada.id, id)
    await tell(world, ada, payment.id, News.CAPTURED, captured=eur(400))
    await give_back(world, ada, payment.id, eur(400), follow=False)
    billed = await now(world, ada, id)
    assert (billed.due.minor, billed.noted.minor, billed.paid.minor) == (600, 0, 400)
    assert await wrong_rows(world, ada) == []


async def void(world: World, of: Someone, issued: CreditNoteIssued) -> None:
    """Staff takes a credit note back."""
    command = VoidCreditNote(issued.credit_note)
    actor = world.staff(Grant.FINANCE)
    await perform(world.house.db, void_credit_note, actor, of.id, command, fresh("void"))
    await do_now(world.house, of.id)


async def test_a_void_credit_note_leaves_everything_as_it_was_before(world: World) -> None:
    ada, id = await unpaid(world)
    before = await now(world, ada, id)
    issued = await note(world, ada, id, 300)
    await void(world, ada, issued)
    assert await now(world, ada, id) == before
    (stands,) = await notes(world, ada, id)
    assert (stands.state.name, stands.voided_number is not None) == ("void", True)
    await note(world, ada, id, 1000)  # all of it is there to be noted again
    assert await wrong_rows(world, ada) == []
    with pytest.raises(Refused) as refusal:
        await void(world, ada, issued)
    assert refusal.value.code is RefusalCode.STATE_CONFLICT


async def test_a_void_credit_note_of_an_invoice_that_was_given_up_since_leaves_nothing_owed(world: World) -> None:
    ada, _ = await paid(world)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 3))
    id = (await invoices_of(world, ada))[-1].id
    issued = await note(world, ada, id, 300)
    command, finance = GiveUpInvoice(id, "The firm is gone."), world.staff(Grant.FINANCE)
    await perform(world.house.db, give_up_invoice, finance, ada.id, command, fresh("give-up"))
    await void(world, ada, issued)
    billed = await now(world, ada, id)
    assert (billed.due.minor, billed.written_off.minor, billed.noted.minor) == (0, 1000, 0)
    assert await on(world.house.db.primary, ada.id, Account.RECEIVABLE) == 0
    assert await on(world.house.db.primary, ada.id, Account.WRITE_OFFS) == 1000
    assert await wrong_rows(world, ada) == []


async def test_a_credit_note_that_gave_credit_can_be_voided_while_that_credit_is_there(world: World) -> None:
    ada, id = await paid(world)
    issued = await note(world, ada, id, 300, credit=300)
    await void(world, ada, issued)
    assert await credit(world, ada) == 0
    used = await note(world, ada, id, 300, credit=300)
    (payment,) = await payments_of(world.house.db.primary, ada.id, id)
    await give_back(world, ada, payment.id, eur(100))
    with pytest.raises(Refused) as refusal:
        await void(world, ada, used)
    assert refusal.value.code is RefusalCode.INSUFFICIENT_BALANCE
    assert await wrong_rows(world, ada) == []


async def test_a_credit_note_that_paid_money_out_or_settled_its_invoice_is_not_voided(world: World) -> None:
    ada, id = await paid(world)
    bob, owed = await unpaid(world)
    cases = [
        (ada, await note(world, ada, id, 100, refund=100)),
        (ada, await note(world, ada, id, 100, out_of_band=100)),
        (bob, await note(world, bob, owed, 1000)),
    ]
    for of, issued in cases:
        with pytest.raises(Refused) as refusal:
            await void(world, of, issued)
        assert refusal.value.code is RefusalCode.STATE_CONFLICT


async def test_a_paid_attempt_after_a_partial_note_pays_only_what_is_left(world: World) -> None:
    ada, id = await unpaid(world)
    await note(world, ada, id, 300)
    await world.card(ada)
    billed = await now(world, ada, id)
    if billed.due.minor:
        await world.do(ada, pay_invoice, PayInvoice(id, None))
    billed = await now(world, ada, id)
    assert (billed.paid.minor, billed.noted.minor, billed.due.minor, billed.state.name) == (700, 300, 0, "paid")
    assert await wrong_rows(world, ada) == []
