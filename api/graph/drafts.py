"""Drafts as staff see them: rated as they would be issued now."""

from collections.abc import Sequence

import strawberry

from api.graph.context import Info
from api.graph.invoices import Invoice, InvoiceLine, invoice_lines, issued_or_none
from api.graph.money import Money, MoneyInput, Period, amount_of
from api.graph.refusal import FinalizeInvoiceError, as_error
from api.graph.taxes import TaxAmount
from api.graph.texts import NAME, text
from api.scalars import GlobalId
from domain.customers.customer import customer
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.draft import read_draft
from domain.invoices.edit_draft import is_of_staff
from domain.invoices.finalize import require_issuable
from domain.invoices.line import Line
from domain.invoices.manual_line import ManualLine
from domain.invoices.rate import Bill, Rated, rate
from domain.refusals import Refused


@strawberry.type(description="An invoice before it is issued: lines, discounts and taxes as they would be now.")
class InvoiceDraft:
    """A draft."""

    owner: strawberry.Private[CustomerId]
    draft: strawberry.Private[InvoiceId]
    id: GlobalId = strawberry.field(description="The id that the issued invoice will have.")
    customer_id: GlobalId = strawberry.field(description="Whose invoice it will be.")
    subscription_id: GlobalId | None = strawberry.field(description="The subscription it bills, if it bills one.")
    by_staff: bool = strawberry.field(description="Whether it waits for staff; else it is issued by itself.")
    period: Period = strawberry.field(description="The billing period it belongs to.")
    reason: str = strawberry.field(description="manual, renewal, or what it stands in the place of.")
    lines: list[InvoiceLine] = strawberry.field(description="Its lines, in order.")
    subtotal: Money = strawberry.field(description="Before tax.")
    taxes: list[TaxAmount] = strawberry.field(description="Its taxes by rate.")
    tax: Money = strawberry.field(description="The sum of its taxes.")
    total: Money = strawberry.field(description="subtotal and tax.")
    purchase_order: str | None = strawberry.field(description="Instead of the customer's own, where it is given.")
    net_days: int | None = strawberry.field(description="Instead of the customer's own terms, where they are given.")
    refusal: FinalizeInvoiceError | None = strawberry.field(
        description="Why it would not be issued as it is now: its lines, their tax, what they come to and give back, "
        "or that its customer was erased. Lines that cannot be rated are shown without discounts and taxes."
    )

    @strawberry.field(description="The void invoice that it will replace, if it does.")
    async def replaces(self, info: Info) -> Invoice | None:
        """What it replaces."""
        pair = await info.context.loaders.replacing.load((self.owner, self.draft))
        return await issued_or_none(info, self.owner, pair.replaces)


async def draft_shown(info: Info, owner: CustomerId, id: InvoiceId) -> InvoiceDraft | None:
    """The customer's draft of that id, or None."""
    db = info.context.db
    found = await read_draft(db.primary, owner.shard, owner.uuid, id)
    if found is None:
        return None
    whose = await customer(db.primary, info.context.tenant, owner)
    at = await info.context.loaders.times.load(owner)
    bill = Bill(owner, whose.legal_entity, found.subscription, at, found.currency, db.vault)
    rated, refused = await _rated(db.primary, bill, found.lines, erased=whose.erased)
    return InvoiceDraft(
        owner=owner,
        draft=id,
        id=GlobalId(str(id)),
        customer_id=GlobalId(str(owner)),
        subscription_id=GlobalId(str(found.subscription)) if found.subscription else None,
        by_staff=is_of_staff(found),
        period=Period(start=found.period_start, end=found.period_end),
        reason=found.reason,
        lines=invoice_lines(rated.lines),
        subtotal=Money.of(rated.subtotal),
        taxes=[TaxAmount.of(part) for part in rated.taxes],
        tax=Money.of(rated.tax),
        total=Money.of(rated.total),
        purchase_order=found.purchase_order,
        net_days=found.net_days,
        refusal=as_error(refused) if refused else None,
    )


async def _rated(db: Primary, of: Bill, lines: Sequence[Line], *, erased: bool) -> tuple[Rated, Refused | None]:
    """The lines as they would be issued now, or as they are written, and why they would not be issued."""
    shown = Rated(of.currency, tuple(lines), (), (), None)
    try:
        shown = await rate(db, of, lines)
        require_issuable(shown, erased=erased)
    except Refused as refused:
        if refused.retryable:
            raise
        return shown, refused
    return shown, None


@strawberry.input(description="A line that staff writes.")
class InvoiceLineInput:
    """A line."""

    description: str = strawberry.field(description="What it is for, at most 200 characters.")
    quantity: int = strawberry.field(default=1, description="How many units, 1 to 1,000,000.")
    unit_amount: MoneyInput = strawberry.field(description="The price of one unit; not negative.")
    tax_category: str = strawberry.field(
        default="standard",
        description="What it is to a tax engine, in small letters; one that no rate names is taxed as standard.",
    )
    tax_included: bool = strawberry.field(default=False, description="Whether the price holds the tax already.")

    def written(self, part: str) -> ManualLine:
        """The domain's line; INVALID_INPUT or INVALID_AMOUNT under the part of the input that it stands in."""
        return ManualLine(
            description=text(NAME, self.description, part, "description"),
            quantity=self.quantity,
            unit_amount=amount_of(self.unit_amount, part, "unitAmount"),
            category=text(NAME, self.tax_category, part, "taxCategory"),
            tax_inclusive=self.tax_included,
        )
