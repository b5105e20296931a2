"""The work of a run that corrects tax: a page is listed after the other, and each invoice is corrected on its own."""

from datetime import timedelta
from itertools import groupby

from domain import due
from domain.corrections.tax_run import (
    LIST_RUN,
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
from domain.refusals import RefusalCode, Refused
from domain.wire import digest

PAGE = 100  # invoices of one listing: as many operations at most, well within the lease of one piece of work
# A payment that is under way has an outcome within the hour as a rule; it is never in a hurry.
PAYMENT_PAUSE = timedelta(hours=1)


async def list_tax_run(house: House, work: Due, key: str) -> None:
    """Enlists the next page of the run; each customer's part under its own key, so that a crash repeats nothing."""
    id, db = TaxRunId(work.customer.shard, work.subject), house.db
    now = await due.find(db.primary, work.customer, work.kind, work.subject)
    if now is None or now.scheduled_at != work.scheduled_at:
        return  # another worker has listed this page
    run = await tax_run(db.primary, work.customer, id)
    after = Listed(work.customer, run.after[1], run.after[0]) if run.after else None
    scope = run.scope
    page = await invoices_taxed_in(db.primary, run.tenant, scope.country, scope.since, scope.until, after, PAGE)
    for customer, listed in groupby(sorted(page, key=lambda each: str(each.customer)), key=lambda each: each.customer):
        command = _enlisted(run, list(listed))
        await perform(db, enlist_invoices, house.actor, customer, command, f"tax_run:{digest(LIST_RUN, command).hex()}")
    last = page[-1] if page else None
    step = AdvanceTaxRun(id, len(page), last.issued_at if last else None, last.invoice if last else None)
    await perform(db, advance_tax_run, house.actor, work.customer, step, key)


def _enlisted(run: TaxRun, listed: list[Listed]) -> EnlistInvoices:
    invoices = tuple(each.invoice for each in listed)
    return EnlistInvoices(run.id, invoices, run.refund, run.collect, run.reason)


async def correct_item(house: House, work: Due, key: str) -> None:
    """Corrects one invoice; a refusal that would not pass is written down as its result."""
    id = TaxRunItemId(work.customer.shard, work.subject)
    try:
        await perform(house.db, correct_tax_item, house.actor, work.customer, CorrectItem(id, None), key)
    except Refused as refused:
        if refused.retryable:
            raise
        if refused.code is RefusalCode.PAYMENT_IN_PROGRESS:
            return await due.postpone(house.db.marks, work, house.db.clock.now() + PAYMENT_PAUSE)
        command = CorrectItem(id, refused.code.value)
        await perform(house.db, correct_tax_item, house.actor, work.customer, command, f"{key}:refused")
