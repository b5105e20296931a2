"""What a correction of tax would change, how far a run of corrections is, and what of tax was declared."""

from datetime import datetime
from typing import Final

import strawberry

from api.errors import Code, Fault
from api.graph.context import Info
from api.graph.money import Money
from api.graph.refusal import WrongTaxRefusal, as_error
from api.scalars import GlobalId
from domain.corrections.tax_run import scope_of, tax_run
from domain.fanout import taxed_invoices as fanout
from domain.fanout.tax_preview import Found, tax_preview
from domain.ids import CustomerId, InvoiceId, TaxRateId, TaxRunId
from domain.refusals import RefusalCode, Refused

LOOKED_AT: Final = 100  # invoices of one page of a preview, as for lists elsewhere


@strawberry.type(description="By how much tax changes in one currency, signed.")
class TaxChange:
    """A sum."""

    tax: Money = strawberry.field(description="By how much the tax changes.")
    gross: Money = strawberry.field(description="By how much changes what customers owe; less is given back.")


@strawberry.type(description="An invoice whose tax is not what it should be.")
class WrongTax:
    """A row of the preview."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    number: str | None = strawberry.field(description="Its number.")
    charged: Money | None = strawberry.field(description="What of its tax stands, less what was given back.")
    should_be: Money | None = strawberry.field(description="What it should be; null where nobody can say.")
    change: TaxChange | None = strawberry.field(description="What a correction changes.")
    refusal: WrongTaxRefusal | None = strawberry.field(description="Why nobody can say what it should be, if so.")

    @classmethod
    def of(cls, found: Found) -> "WrongTax":
        """The domain's row."""
        of = found.examined
        return cls(
            customer_id=GlobalId(str(found.listed.customer)),
            invoice_id=GlobalId(str(found.listed.invoice)),
            number=of.invoice.number if of else None,
            charged=Money.of(of.charged) if of else None,
            should_be=Money.of(of.should_be) if of else None,
            change=TaxChange(tax=Money.of(of.found.tax), gross=Money.of(of.found.gross)) if of else None,
            refusal=as_error(found.refusal) if found.refusal else None,
        )


@strawberry.type(description="What a run would correct among the next 100 invoices that it looks at.")
class TaxCorrectionPreview:
    """A page."""

    wrong: list[WrongTax] = strawberry.field(description="The invoices that would be corrected, by time of issue.")
    totals: list[TaxChange] = strawberry.field(description="Their sums, by currency.")
    looked_at: int = strawberry.field(description="How many invoices were looked at.")
    next: GlobalId | None = strawberry.field(description="What the next page begins after; null: there is none.")


async def preview_shown(
    info: Info, rate: GlobalId | None, country: str | None, since: datetime | None, until: datetime | None,
    after: GlobalId | None,
) -> TaxCorrectionPreview:  # fmt: skip
    """The page after that invoice."""
    db, tenant = info.context.db, info.context.tenant
    rate_id = TaxRateId.parse(rate) if rate is not None else None
    scope = await scope_of(db.primary, tenant, rate_id, country, since, until)
    start = None
    if after is not None:
        start = await fanout.place_in_list(db.primary, tenant, InvoiceId.parse(after))
        if start is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such invoice.", ("after",))
    found = await tax_preview(db.primary, db.vault, tenant, scope, start, LOOKED_AT)
    return TaxCorrectionPreview(
        wrong=[WrongTax.of(each) for each in found.found],
        totals=[TaxChange(tax=Money.of(tax), gross=Money.of(gross)) for tax, gross in found.totals()],
        looked_at=found.looked_at,
        next=GlobalId(str(found.next.invoice)) if found.next else None,
    )


@strawberry.type(description="A run that corrects the tax of many invoices, and how far it is.")
class TaxCorrectionRun:
    """A run."""

    id: GlobalId = strawberry.field(description="Its id.")
    country: str = strawberry.field(description="The country whose tax it is about.")
    since: datetime = strawberry.field(description="Invoices issued from then on are looked at.")
    until: datetime | None = strawberry.field(description="Invoices issued before then; null: all since.")
    reason: str = strawberry.field(description="Why, as the documents say.")
    started_at: datetime = strawberry.field(description="When it was started.")
    listed: int = strawberry.field(description="How many invoices it has found to look at so far.")
    waiting: int = strawberry.field(description="How many of them nobody has looked at yet.")
    right: int = strawberry.field(description="How many bore the right tax.")
    credited: int = strawberry.field(description="How many got a credit note of tax.")
    charged: int = strawberry.field(description="How many got an adjustment invoice.")
    refused: int = strawberry.field(description="How many could not be corrected; correctTax says why.")
    finished: bool = strawberry.field(description="Whether all is listed and nothing waits.")
    totals: list[TaxChange] = strawberry.field(description="What it has changed so far, by currency.")


async def run_shown(info: Info, home: CustomerId, id: TaxRunId) -> TaxCorrectionRun:
    """The run of the tenant's house; NOT_FOUND for any other id."""
    db = info.context.db.primary
    of = await tax_run(db, home, id)
    counts = await fanout.progress_of(db, id)
    return TaxCorrectionRun(
        id=GlobalId(str(id)),
        country=of.scope.country,
        since=of.scope.since,
        until=of.scope.until,
        reason=of.reason,
        started_at=of.recorded_at,
        listed=of.listed,
        waiting=counts.waiting,
        right=counts.nothing,
        credited=counts.credited,
        charged=counts.charged,
        refused=counts.refused,
        finished=of.listed_all and not counts.waiting,
        totals=[
            TaxChange(tax=Money.of(each.tax), gross=Money.of(each.gross)) for each in await fanout.totals_of(db, id)
        ],
    )


@strawberry.type(description="What is declared of one tax over a span: invoices less credit notes, void ones left out.")
class TaxByRate:
    """A row of the report."""

    country: str | None = strawberry.field(
        description="The country it is owed to; null where nothing is, as of exports."
    )
    region: str | None = strawberry.field(description="The region of it that levies it; null: the country itself.")
    name: str = strawberry.field(description="What documents call the tax.")
    treatment: str = strawberry.field(description="Why it is what it is, such as standard or reverse_charge.")
    rate_ppm: int = strawberry.field(description="The rate in parts of a million.")
    taxable: Money = strawberry.field(description="On how much.")
    amount: Money = strawberry.field(description="How much.")


async def tax_report(info: Info, since: datetime, until: datetime, *, sandbox: bool) -> list[TaxByRate]:
    """By currency, place and rate; BAD_INPUT for a span that is none."""
    if until <= since:
        raise Fault(Code.BAD_INPUT, "A span ends after it begins.")
    found = await fanout.tax_by_rate(info.context.db.primary, info.context.tenant, since, until, sandbox=sandbox)
    return [
        TaxByRate(
            country=each.country,
            region=each.region,
            name=each.name,
            treatment=each.treatment,
            rate_ppm=each.rate_ppm,
            taxable=Money.of(each.taxable),
            amount=Money.of(each.amount),
        )
        for each in found
    ]
