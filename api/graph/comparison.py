"""Why one invoice is more or less than another."""

import asyncio
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.money import Money
from api.graph.refusal import InvoiceComparisonError, as_error
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.ids import CustomerId, InvoiceId
from domain.invoices import compare as comparing
from domain.invoices import invoice as invoices
from domain.refusals import RefusalCode, Refused


@strawberry.enum(description="Why a bill changed. More values may come.")
class ChangeReasonKind(Enum):
    """The kinds of reasons."""

    PRICE = strawberry.enum_value("price", description="Another plan or another version of the price.")
    PERIOD_LENGTH = strawberry.enum_value("period_length", description="Another price for periods of another length.")
    QUANTITY = strawberry.enum_value("quantity", description="More or fewer units.")
    PRORATION = strawberry.enum_value("proration", description="A part of a period, or unused time given back.")
    DISCOUNT_STARTED = strawberry.enum_value("discount_started", description="A coupon that was not there before.")
    DISCOUNT_ENDED = strawberry.enum_value("discount_ended", description="A coupon that is not there any more.")
    DISCOUNT_CHANGED = strawberry.enum_value("discount_changed", description="A coupon that takes off another amount.")
    TAX_RATE = strawberry.enum_value("tax_rate", description="Another tax or another rate.")
    TAX_TREATMENT = strawberry.enum_value("tax_treatment", description="Taxed in another way, for example exempt.")
    ROUNDING = strawberry.enum_value("rounding", description="The odd minor units of a tax.")
    ONE_OFF = strawberry.enum_value("one_off", description="A line that staff wrote, or a contract's true-up.")
    ADDED = strawberry.enum_value("added", description="Something that was not billed before.")
    REMOVED = strawberry.enum_value("removed", description="Something that is not billed any more.")


@strawberry.type(description="One reason for a difference between two invoices.")
class ChangeReason:
    """A reason."""

    kind: ChangeReasonKind = strawberry.field(description="Why.")
    amount: Money = strawberry.field(description="How much of the difference it makes, with tax.")
    line_before: int | None = strawberry.field(description="The line of the first invoice, from 1.")
    line_after: int | None = strawberry.field(description="The line of the second invoice, from 1.")
    redemption_id: GlobalId | None = strawberry.field(description="The coupon's redemption, for a discount.")
    name: str | None = strawberry.field(description="The coupon's name, for a discount.")

    @classmethod
    def of(cls, reason: comparing.Reason) -> "ChangeReason":
        """The domain's reason."""
        return cls(
            kind=ChangeReasonKind(reason.why.value),
            amount=Money.of(reason.amount),
            line_before=reason.before.position if reason.before else None,
            line_after=reason.after.position if reason.after else None,
            redemption_id=GlobalId(str(reason.redemption)) if reason.redemption else None,
            name=reason.name,
        )


@strawberry.type(description="Why the second of two invoices is more or less than the first.")
class InvoiceComparison:
    """A comparison."""

    before: Invoice = strawberry.field(description="The first.")
    after: Invoice = strawberry.field(description="The second.")
    difference: Money = strawberry.field(description="The second's total less the first's.")
    reasons: list[ChangeReason] = strawberry.field(description="Their amounts sum exactly to the difference.")


@strawberry.type(description="Why the bill changed, or why the two cannot be compared; refused as a mutation would be.")
class ComparisonAnswer:
    """The answer of invoiceComparison."""

    comparison: InvoiceComparison | None = strawberry.field(description="The reasons; null where it is refused.")
    errors: list[InvoiceComparisonError] = strawberry.field(
        description="Why it is refused: one is not the customer's, or the two are in different currencies."
    )


async def comparison_of(info: Info, customer: CustomerId, before: GlobalId, after: GlobalId) -> ComparisonAnswer:
    """The comparison, or why there is none."""
    try:
        return ComparisonAnswer(comparison=await compared(info, customer, before, after), errors=[])
    except Refused as refused:
        return ComparisonAnswer(comparison=None, errors=[as_error(refused)])


async def compared(info: Info, customer: CustomerId, before: GlobalId, after: GlobalId) -> InvoiceComparison:
    """NOT_FOUND for what is no invoice of the customer, CURRENCY_MISMATCH for two in different currencies."""
    db = info.context.db.primary
    one = await invoices.invoice(db, customer, id_of(InvoiceId.parse, before, "before"))
    other = await invoices.invoice(db, customer, id_of(InvoiceId.parse, after, "after"))
    if one.currency != other.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, "Two currencies have no difference.", ("after",))
    sides = await asyncio.gather(_lines(info, customer, one.id), _lines(info, customer, other.id))
    alike = one.subscription is not None and one.subscription == other.subscription
    reasons = comparing.compare(*sides, one.currency, alike=alike)
    return InvoiceComparison(
        before=Invoice.of(one),
        after=Invoice.of(other),
        difference=Money.of(other.total - one.total),
        reasons=[ChangeReason.of(reason) for reason in reasons],
    )


async def _lines(info: Info, customer: CustomerId, id: InvoiceId) -> list[comparing.BilledLine]:
    loaders, found = info.context.loaders, []
    for position, line in enumerate(await loaders.lines.load((customer, id)), 1):
        price = await loaders.prices.load((info.context.tenant, line.price)) if line.price else None
        found.append(comparing.BilledLine(position, line, price.cadence if price else None))
    return found
