"""Money that went back outside of its payments, beside a dispute: nobody has more back than was paid."""

from itertools import permutations

import pytest

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.payments.payment import payments_of
from domain.payments.payout import RecordPayout, record_payout
from domain.payments.refund import refunds_of
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from tests.domain.invoices.bills import credit, eur, note, owed_and_credit
from tests.domain.payments.test_offline_payments import owing
from tests.lives import buyer, by_finance, give_back, invoices_of, start, wrong_rows
from tests.withheld_kit import lost, paid_by_both
from tests.world import World, fresh


@pytest.mark.row("C4")
@pytest.mark.parametrize("order", list(permutations(("outside", "credit", "dispute"))))
async def test_what_was_settled_outside_is_not_there_for_credit_beside_a_dispute(
    world: World, order: tuple[str, ...]
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    for step in order:
        if step == "dispute":
            await lost(world, ada, paid, 500)
        else:
            outside = 500 if step == "outside" else 0
            await note(world, ada, first.id, 500, out_of_band=outside, credit=500 - outside)
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (0, [])


@pytest.mark.row("C4")
async def test_more_settled_outside_than_is_left_of_a_payment_leaves_no_credit(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    (first,) = await invoices_of(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, first.id)
    await note(world, ada, first.id, 1000, out_of_band=600, credit=400)
    await lost(world, ada, paid, 700)
    assert (await credit(world, ada), await wrong_rows(world, ada)) == (0, [])


@pytest.mark.row("C4")
@pytest.mark.parametrize("bounced_first", [False, True])
async def test_what_was_paid_out_of_a_cheque_that_bounced_is_of_the_other_payment(
    world: World, bounced_first: bool
) -> None:
    ada = await owing(world)
    cheque, by_card = await paid_by_both(world, ada, 200)
    await give_back(world, ada, cheque.payment, eur(200))
    (sent,) = await refunds_of(world.house.db.primary, ada.id, cheque.payment)
    await by_finance(world, ada, record_payout, RecordPayout(sent.id, fresh("transfer")))
    for step in (bounced_first, not bounced_first):
        if step:
            await by_finance(world, ada, reverse_offline, ReverseOfflinePayment(cheque.payment, "It bounced."))
        else:
            await note(world, ada, by_card.invoice, 800, credit=800 - (200 if bounced_first else 0))
            await lost(world, ada, by_card, 400)
    owed, left = await owed_and_credit(world, ada)
    assert (left - owed, await wrong_rows(world, ada)) == (200, []), "it has paid 8.00, and 6.00 went back"


@pytest.mark.row("C4")
async def test_what_was_settled_outside_of_an_invoice_that_is_void_stays_gone(world: World) -> None:
    ada = await owing(world)
    cheque, by_card = await paid_by_both(world, ada, 600)
    await note(world, ada, by_card.invoice, 300, out_of_band=300)
    await by_finance(world, ada, reverse_offline, ReverseOfflinePayment(cheque.payment, "It bounced."))
    await by_finance(world, ada, void_invoice, VoidInvoice(by_card.invoice, "Billed by mistake.", replace=False))
    assert await credit(world, ada) == 100
    await lost(world, ada, by_card, 100)
    assert (await owed_and_credit(world, ada), await wrong_rows(world, ada)) == ((0, 0), [])
