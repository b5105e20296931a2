"""Credit that came of an invoice, where the invoice is owed again: it pays that first, whatever came before what."""

from datetime import timedelta

import pytest

from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import payments_of
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.refusals import RefusalCode, Refused
from domain.timeline.invoice_as_of import invoice_as_of
from tests.domain.invoices.bills import SETUP, draft, eur, issue, note, notes, now, owed_and_credit
from tests.lives import by_finance, give_back, invoices_of, until, wrong_rows
from tests.world import Someone, World, fresh


async def billed(world: World, *cheques: int) -> Someone:
    """Who was billed 100.00 and paid it by cheques."""
    ada = await world.customer()
    await issue(world, ada, await draft(world, ada, SETUP, net_days=30))
    for minor in cheques or (10_000,):
        await comes(world, ada, minor)
    return ada


async def comes(world: World, of: Someone, minor: int) -> None:
    """A cheque for the customer's first invoice."""
    first = (await invoices_of(world, of))[0].id
    await by_finance(world, of, record_offline, RecordOfflinePayment(first, Means.CHEQUE, fresh("cheque"), eur(minor)))


async def bounces(world: World, of: Someone, which: int = 0) -> None:
    """One of them is taken back."""
    (first, *_) = await invoices_of(world, of)
    cheque = (await payments_of(world.house.db.primary, of.id, first.id))[which]
    await by_finance(world, of, reverse_offline, ReverseOfflinePayment(cheque.id, "It bounced."))


@pytest.mark.row("E10")
@pytest.mark.parametrize("bounced_first", [False, True])
async def test_a_credit_note_and_a_bounce_leave_the_same_to_be_paid_in_either_order(
    world: World, bounced_first: bool
) -> None:
    ada = await billed(world)
    (first,) = await invoices_of(world, ada)
    for step in (bounced_first, not bounced_first):
        if step:
            await bounces(world, ada)
        else:
            await note(world, ada, first.id, 4000, credit=0 if bounced_first else 4000)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((6000, 0), [])
    await world.card(ada)
    await world.do(ada, pay_invoice, PayInvoice(first.id, None))
    *_, by_card = await payments_of(world.house.db.primary, ada.id, first.id)
    assert (by_card.captured, (await now(world, ada, first.id)).state.name) == (eur(6000), "paid")
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 0), [])


@pytest.mark.row("E10")
async def test_what_was_to_be_given_back_of_a_cheque_that_bounces_pays_no_other_invoice(world: World) -> None:
    ada = await billed(world)
    (first,) = await invoices_of(world, ada)
    (cheque,) = await payments_of(world.house.db.primary, ada.id, first.id)
    await give_back(world, ada, cheque.id, eur(10_000))  # by hand, and nobody has yet
    await bounces(world, ada)
    assert await owed_and_credit(world, ada) == (0, 0)
    await issue(world, ada, await draft(world, ada, SETUP, net_days=30))
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((10_000, 0), [])


@pytest.mark.row("E10")
async def test_credit_that_paid_its_invoice_is_there_again_once_another_cheque_has(world: World) -> None:
    ada = await billed(world)
    (first,) = await invoices_of(world, ada)
    await note(world, ada, first.id, 4000, credit=4000)
    await bounces(world, ada)
    (given,) = await notes(world, ada, first.id)
    with pytest.raises(Refused) as refused:
        await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    assert refused.value.code is RefusalCode.INSUFFICIENT_BALANCE
    await comes(world, ada, 10_000)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 4000), [])
    await bounces(world, ada, 1)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((6000, 0), [])


@pytest.mark.row("E10")
async def test_an_invoice_that_its_own_credit_paid_a_part_of_is_void_with_that(world: World) -> None:
    ada = await billed(world, 7000, 3000)
    (first,) = await invoices_of(world, ada)
    await note(world, ada, first.id, 4000, credit=4000)
    await bounces(world, ada)
    assert await owed_and_credit(world, ada) == (3000, 0)
    await by_finance(world, ada, void_invoice, VoidInvoice(first.id, "Billed by mistake.", replace=False))
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 3000), []), "the other cheque"
    await bounces(world, ada, 1)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 0), [])


@pytest.mark.row("E10")
async def test_less_is_given_up_of_an_invoice_that_its_own_credit_pays_a_part_of(world: World) -> None:
    ada = await billed(world, 4000)
    (first,) = await invoices_of(world, ada)
    await by_finance(world, ada, give_up_invoice, GiveUpInvoice(first.id, "Nobody is there any more."))
    await comes(world, ada, 6000)
    await note(world, ada, first.id, 500, credit=500)
    await bounces(world, ada, 1)
    lost = await now(world, ada, first.id)
    assert (lost.state.name, lost.written_off, lost.credited) == ("uncollectible", eur(5500), eur(500))
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 0), [])


@pytest.mark.row("E10")
async def test_what_its_own_credit_has_paid_of_an_invoice_was_due_before(world: World) -> None:
    ada = await billed(world)
    (first,) = await invoices_of(world, ada)
    await note(world, ada, first.id, 4000, credit=4000)
    later = first.issued_at + timedelta(days=1)
    await until(world, ada, later)
    await bounces(world, ada)
    after, db = await now(world, ada, first.id), world.house.db.primary
    then = [await invoice_as_of(db, after, at) for at in (first.issued_at, later)]
    assert [(each.paid, each.credited, each.due) for each in then if each] == [
        (eur(10_000), eur(0), eur(0)),
        (eur(0), eur(4000), eur(6000)),
    ]
