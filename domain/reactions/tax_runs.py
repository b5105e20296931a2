"""The work of a run that corrects tax: a page is listed after the other, and each invoice is corrected on its own."""

from domain.corrections.tax_run import (
    AdvanceTaxRun,
    CorrectItem,
    EnlistInvoices,
    TaxRun,
    advance_tax_run,
    correct_tax_item,
    enlist_invoices,
    tax_run,
)
from domain.due import Due
from domain.fanout.taxed_invoices import Listed, invoices_taxed_in
from domain.ids import TaxRunId, TaxRunItemId
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.runs import PAGE, do_one, enlist, is_listed


async def list_tax_run(house: House, work: Due) -> None:
    """Enlists the next page of the run."""
    id, db = TaxRunId(work.customer.shard, work.subject), house.db
    if await is_listed(house, work):
        return
    run = await tax_run(db.primary, work.customer, id)
    after = Listed(work.customer, run.after[1], run.after[0]) if run.after else None
    scope = run.scope
    page = await invoices_taxed_in(db.primary, run.tenant, scope.country, scope.since, scope.until, after, PAGE)
    await enlist(house, "tax_run", enlist_invoices, page, lambda each: each.customer, lambda own: _enlisted(run, own))
    last = page[-1] if page else None
    step = AdvanceTaxRun(id, len(page), last.issued_at if last else None, last.invoice if last else None)
    await perform(db, advance_tax_run, house.actor, work.customer, step, work.key)


def _enlisted(run: TaxRun, listed: list[Listed]) -> EnlistInvoices:
    invoices = tuple(each.invoice for each in listed)
    return EnlistInvoices(run.id, invoices, run.refund, run.collect, run.reason)


async def correct_item(house: House, work: Due) -> None:
    """Corrects one invoice, or writes down why not."""
    id = TaxRunItemId(work.customer.shard, work.subject)
    await do_one(house, work, correct_tax_item, lambda refusal: CorrectItem(id, refusal), work.key)
