"""Drafts of staff that are not issued as they stand, because of what they give back."""

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.edit_draft import RemoveInvoiceLine, remove_invoice_line
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.api_callers import Guest
from tests.domain.invoices.bills import note
from tests.lives import by_finance, start
from tests.world import Someone, World


async def to_replace_a_change(world: World, of: Someone) -> tuple[InvoiceId, InvoiceId]:
    """The first invoice of a customer with a card, of 10.00 EUR, and the draft in the place of the one of a change on
    account, which is void: it gives those 10.00 back and charges 20.00."""
    begun = await start(world, of)
    await by_finance(world, of, set_billing_terms, SetBillingTerms(30, None))
    changed = (await world.do(of, change_plan, ChangePlan(begun.subscription, world.prices["team"]))).outcome
    assert changed.invoice
    done = await by_finance(world, of, void_invoice, VoidInvoice(changed.invoice, "Wrong.", replace=True))
    assert done.replacement
    return begun.invoice, done.replacement


async def refused_drafts(world: World, twice: Guest, alone: Guest) -> dict[str, str]:
    """One gives back what a credit note has given back meanwhile, the other gives back and charges nothing."""
    first, again = await to_replace_a_change(world, twice.who)
    await note(world, twice.who, first, 1000, credit=1000)
    _, credit = await to_replace_a_change(world, alone.who)
    await by_finance(world, alone.who, remove_invoice_line, RemoveInvoiceLine(credit, 2))
    return {"given back again": str(again), "credit alone": str(credit)}
