"""Voiding: an open invoice is taken back whole and may be replaced; what was given up is written off."""

import pytest

from domain.actor import Grant
from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.corrections.void_invoice import InvoiceVoided, VoidInvoice, void_invoice
from domain.ids import InvoiceId
from domain.invoices.edit_draft import EditInvoiceLine, edit_invoice_line
from domain.invoices.manual_line import ManualLine
from domain.ledger.account import Account
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.policy import SubscriptionPolicy, Unused
from tests.domain.invoices.bills import SETUP, draft, eur, issue, note, notes, now, on
from tests.lives import buyer, by_finance, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.subscription_lives import cancel, rules
from tests.world import Someone, World, fresh, make_world


async def owing(world: World) -> tuple[Someone, InvoiceId]:
    """A customer whose card declined an invoice of staff of 100.00 EUR."""
    ada = await buyer(world, "tok_insufficient_funds")
    id = await draft(world, ada, SETUP)
    await issue(world, ada, id)
    return ada, id


async def void(
    world: World, of: Someone, id: InvoiceId, *, replace: bool = False, role: Grant = Grant.LEAD
) -> InvoiceVoided:
    """Staff voids it."""
    command = VoidInvoice(id, "It was for somebody else.", replace)
    done = await perform(world.house.db, void_invoice, world.staff(role), of.id, command, fresh("void"))
    await do_now(world.house, of.id)
    return done.outcome


async def refused(world: World, of: Someone, id: InvoiceId, role: Grant = Grant.LEAD) -> RefusalCode:
    """Why it was not voided, which left it as it was."""
    before = await now(world, of, id)
    with pytest.raises(Refused) as refusal:
        await void(world, of, id, role=role)
    assert await now(world, of, id) == before
    return refusal.value.code


@pytest.mark.row("E9")
async def test_a_void_invoice_is_replaced_by_one_that_is_right(world: World) -> None:
    ada, id = await owing(world)
    replacement = (await void(world, ada, id, replace=True)).replacement
    assert replacement is not None
    await by_finance(world, ada, edit_invoice_line, EditInvoiceLine(replacement, 1, ManualLine("Set-up", 1, eur(5000))))
    await issue(world, ada, replacement)
    assert [(each.state.name, each.total.minor) for each in await invoices_of(world, ada)] == [
        ("void", 10000),
        ("open", 5000),
    ]
    assert await on(world.house.db.primary, ada.id, Account.RECEIVABLE) == 5000
    assert await wrong_rows(world, ada) == []


async def test_credit_notes_are_void_with_their_invoice(world: World) -> None:
    ada, id = await owing(world)
    await note(world, ada, id, 2500)
    await void(world, ada, id)
    assert [each.state.name for each in await notes(world, ada, id)] == ["void"]
    billed = await now(world, ada, id)
    assert (billed.voided, billed.noted, billed.due) == (eur(10000), eur(0), eur(0))
    assert await on(world.house.db.primary, ada.id, Account.REVENUE) == 0
    assert await wrong_rows(world, ada) == []


async def test_nothing_is_given_back_of_a_period_whose_invoice_is_void(house: House) -> None:
    own = await make_world(house)
    await rules(own, SubscriptionPolicy(cancel_now=Unused.CREDIT))
    ada = await buyer(own)
    await start(own, ada)
    await own.card(ada, "tok_insufficient_funds")
    await until(own, ada, day(2, 1, 3))
    await void(own, ada, (await invoices_of(own, ada))[-1].id)
    await until(own, ada, day(2, 15))
    assert (await cancel(own, ada, CancelAt.NOW)).given_back is None
    assert await on(house.db.primary, ada.id, Account.CUSTOMER_CREDIT) == 0
    assert await wrong_rows(own, ada) == []


async def test_an_invoice_that_is_paid_or_being_paid_is_not_voided(world: World) -> None:
    ada = await buyer(world)
    paid = (await start(world, ada)).invoice
    assert await refused(world, ada, paid) is RefusalCode.STATE_CONFLICT
    bob = await buyer(world, "tok_bank_held")
    id = await draft(world, bob, SETUP)
    await issue(world, bob, id)
    assert await refused(world, bob, id) is RefusalCode.PAYMENT_IN_PROGRESS
    assert await refused(world, bob, id, Grant.SUPPORT) is RefusalCode.FORBIDDEN


async def test_the_first_invoice_of_a_subscription_that_waits_for_it_is_not_voided(world: World) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    assert await refused(world, ada, (await start(world, ada)).invoice) is RefusalCode.STATE_CONFLICT


async def test_a_void_renewal_ends_its_dunning(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 3))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    _, renewal = await invoices_of(world, ada)
    await void(world, ada, renewal.id)
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E10")
async def test_an_invoice_is_given_up_and_money_that_comes_later_is_recovered(world: World) -> None:
    ada, id = await owing(world)
    command = GiveUpInvoice(id, "The company is gone.")
    await by_finance(world, ada, give_up_invoice, command)
    billed = await now(world, ada, id)
    assert (billed.state.name, billed.written_off, billed.due) == ("uncollectible", eur(10000), eur(0))
    with pytest.raises(Refused) as refusal:
        await by_finance(world, ada, give_up_invoice, command)
    assert refusal.value.code is RefusalCode.STATE_CONFLICT
    await note(world, ada, id, 4000)  # bad debt is taken back with its tax
    billed = await now(world, ada, id)
    assert (billed.noted, billed.written_off, billed.state.name) == (eur(4000), eur(6000), "uncollectible")
    assert await on(world.house.db.primary, ada.id, Account.WRITE_OFFS) == 6000
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E10")
async def test_an_invoice_that_a_subscription_waits_for_is_not_given_up(world: World) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    begun = await start(world, ada)  # incomplete until its first invoice is paid
    with pytest.raises(Refused) as refusal:
        await by_finance(world, ada, give_up_invoice, GiveUpInvoice(begun.invoice, "The company is gone."))
    assert refusal.value.code is RefusalCode.STATE_CONFLICT
