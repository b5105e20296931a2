"""What is shown of a payment as what can be given back is the most that is given back of it."""

import pytest

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.payments.payment import Payment, payments_of
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refundable import refundable_of
from domain.refusals import Refused
from tests.domain.invoices.bills import SETUP, draft, eur, issue
from tests.lives import buyer, by_finance, give_back, start, wrong_rows
from tests.takeover_kit import grown, payments
from tests.world import Someone, World, fresh


@pytest.mark.row("J1")
async def test_what_can_be_given_back_of_a_payment_is_shown_and_no_more_is_given(world: World) -> None:
    ada = await grown(world, 3)
    db = world.house.db.primary
    for each in await payments(world, ada):
        most = (await refundable_of(db, ada.id, [each]))[each]
        assert await asked_for(world, ada, each, most.minor + 1) in ("EXCEEDS_INVOICED", "EXCEEDS_CAPTURED")
        assert await asked_for(world, ada, each, most.minor) == "done"
        (again,) = [one for one in await payments(world, ada) if one.id == each.id]
        assert (await refundable_of(db, ada.id, [again]))[again].minor == 0
    assert await wrong_rows(world, ada) == []


async def asked_for(world: World, of: Someone, paid: Payment, minor: int) -> str:
    """A refund of so much, or the code of the refusal."""
    try:
        await give_back(world, of, paid.id, eur(minor))
    except Refused as refused:
        return refused.code.value
    return "done"


@pytest.mark.row("J1")
async def test_of_a_void_invoice_only_what_is_still_credit_can_be_given_back(world: World) -> None:
    ada, db = await buyer(world), world.house.db.primary
    billed = (await issue(world, ada, await draft(world, ada, SETUP, net_days=30))).invoice
    recorded = RecordOfflinePayment(billed, Means.CHEQUE, fresh("cheque"), eur(400))
    await by_finance(world, ada, record_offline, recorded)
    await by_finance(world, ada, void_invoice, VoidInvoice(billed, "Billed by mistake.", replace=False))
    (paid,) = await payments_of(db, ada.id, billed)
    assert (await refundable_of(db, ada.id, [paid]))[paid] == eur(400)
    await start(world, ada)  # which uses the credit up
    assert (await refundable_of(db, ada.id, [paid]))[paid] == eur(0)
