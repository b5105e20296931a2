"""Money of an invoice that was given up, some of it from before that and some from after: it may all be taken back."""

import pytest

from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.ids import InvoiceId, PaymentId
from domain.ledger.account import Account
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from tests.domain.invoices.bills import SETUP, draft, eur, issue, now, on, owed_and_credit
from tests.lives import by_finance, wrong_rows
from tests.world import Someone, World, fresh


async def recorded(world: World, of: Someone, id: InvoiceId, minor: int) -> PaymentId:
    """Money that came by hand."""
    command = RecordOfflinePayment(id, Means.CHEQUE, fresh("cheque"), eur(minor))
    return (await by_finance(world, of, record_offline, command)).payment


@pytest.mark.row("E10")
@pytest.mark.parametrize("first", [0, 1], ids=["what came before", "what came after"])
async def test_what_was_given_up_stays_so_whichever_of_its_money_is_taken_back_first(world: World, first: int) -> None:
    ada = await world.customer()
    billed = (await issue(world, ada, await draft(world, ada, SETUP, net_days=30))).invoice
    before = await recorded(world, ada, billed, 4000)
    await by_finance(world, ada, give_up_invoice, GiveUpInvoice(billed, "Nobody is there any more."))
    came = [before, await recorded(world, ada, billed, 6000)]
    assert (await now(world, ada, billed)).state.name == "paid"
    for step, each in enumerate((came[first], came[1 - first]), 1):
        await by_finance(world, ada, reverse_offline, ReverseOfflinePayment(each, "The cheque bounced."))
        lost = await now(world, ada, billed)
        taken = (4000, 6000)[first] if step == 1 else 10_000
        assert (lost.state.name, lost.written_off, lost.due) == ("uncollectible", eur(taken), eur(0))
        assert await owed_and_credit(world, ada) == (0, 0)
        assert await on(world.house.db.primary, ada.id, Account.WRITE_OFFS) == taken
        assert await wrong_rows(world, ada) == []
    await recorded(world, ada, billed, 10_000)
    assert (await now(world, ada, billed)).state.name == "paid"
    assert await wrong_rows(world, ada) == []
