"""Invoices and their lines."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache, partial
from operator import attrgetter
from typing import ClassVar

import strawberry

from api.graph.catalog import Price
from api.graph.context import Info
from api.graph.credit_notes import CreditNote
from api.graph.disputes import PaymentCondition, conditions_of, disputed_of
from api.graph.dunning_case import Dunning
from api.graph.explanations import LineExplanation
from api.graph.installments import InstallmentPlan, newest_plan
from api.graph.legal_entities import KEPT_UNTIL, last_day
from api.graph.money import Money, Period
from api.graph.node import Node
from api.graph.payments import Payment
from api.graph.taxes import DiscountAmount, TaxAmount
from api.lazily import Lazily, Made, made_of
from api.loaded import Less, each_as, loaded
from api.scalars import GlobalId
from domain.ids import CustomerId, InvoiceId
from domain.invoices import invoice as invoices
from domain.invoices import line as lines
from domain.invoices import tax_correction as corrections
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.explanation import Explanation, explain
from domain.money import Money as Amount
from domain.payments.outlook import resolves_by


@strawberry.enum(description="Where an invoice stands. More values may come.")
class InvoiceState(Enum):
    """The states of the invoice machine."""

    OPEN = strawberry.enum_value("open", description="Something is still due on it.")
    PAID = strawberry.enum_value("paid", description="Nothing is due on it any more.")
    VOID = strawberry.enum_value("void", description="It was taken back before it was paid.")
    UNCOLLECTIBLE = strawberry.enum_value("uncollectible", description="It was given up.")


_STATES = {each.value: each for each in InvoiceState}  # a call of the class takes ten times as long


@strawberry.type(description="One line of an invoice; a credit has a negative amount.")
class InvoiceLine(Lazily):
    """A line."""

    later: ClassVar = {
        "source": lambda of: of[0],
        "description": lambda of: of[0].description,
        "period": lambda of: Period(start=of[0].starts_at, end=of[0].ends_at),
        "quantity": lambda of: of[0].quantity,
        "unit_amount": Made(Money, lambda of: of[0].unit_amount),
        "list_amount": Made(Money, lambda of: of[0].list_amount),
        "discount": Made(Money, lambda of: of[0].discount),
        "amount": Made(Money, lambda of: of[0].amount),
        "tax_included": lambda of: of[0].tax_inclusive,
        "net": Made(Money, lambda of: of[0].net),
        "tax": Made(Money, lambda of: of[0].tax),
        "taxes": lambda of: [TaxAmount.of(part) for part in of[0].components],
        "given_back": Made(Money, lambda of: of[0].given_back),
        "explanation": lambda of: LineExplanation.of(of[1]()),
    }

    source: strawberry.Private[lines.Line]
    description: str = strawberry.field(description="What it is for.")
    period: Period = strawberry.field(description="The span it is for.")
    quantity: int = strawberry.field(description="How many units.")
    unit_amount: Money = strawberry.field(description="The price of one unit for a whole period.")
    list_amount: Money = strawberry.field(description="What it costs before the discount.")
    discount: Money = strawberry.field(description="What coupons took off.")
    amount: Money = strawberry.field(description="listAmount less discount; with the tax where taxIncluded.")
    tax_included: bool = strawberry.field(description="Whether the amount holds the tax already.")
    net: Money = strawberry.field(description="Before tax.")
    tax: Money = strawberry.field(description="Its tax, signed as the line is.")
    taxes: list[TaxAmount] = strawberry.field(description="Its taxes one by one.")
    given_back: Money = strawberry.field(description="What of the amount was given back since.")
    explanation: LineExplanation = strawberry.field(description="Why it is that much.")

    @classmethod
    def of(cls, line: lines.Line, why: Callable[[], Explanation]) -> "InvoiceLine":
        """The domain's line; it is explained when somebody asks why."""
        return made_of(cls, (line, why))

    @strawberry.field(description="The price version it was made from; null for a line that staff wrote.")
    async def price(self, info: Info) -> Price | None:
        """The price."""
        if self.source.price is None:
            return None
        return Price.of(await info.context.loaders.prices.load((info.context.tenant, self.source.price)))


# The fields of a line for which its row is enough, without its span and with it.
LISTED = frozenset(
    {"description", "quantity", "unitAmount", "listAmount", "discount", "amount", "taxIncluded", "givenBack"}
)
SPANNED = LISTED | {"period"}
LISTED_LINES = Made(InvoiceLine, lambda found: [(line, None) for line in found], many=True)


def invoice_lines(found: Sequence[lines.Line]) -> list[InvoiceLine]:
    """All lines of one invoice; each is explained beside the others."""
    explained = cache(lambda: explain(found))  # all at once, for whichever line is asked why first
    return [InvoiceLine.of(line, partial(_one_of, explained, place)) for place, line in enumerate(found)]


def _one_of(explained: Callable[[], Sequence[Explanation]], place: int) -> Explanation:
    return explained()[place]


@strawberry.type(description="A correction of an invoice's tax: what it was and what it should have been.")
class TaxCorrection:
    """A correction."""

    invoice_id: GlobalId = strawberry.field(description="The invoice whose tax was corrected.")
    credit_note_id: GlobalId | None = strawberry.field(description="The credit note of what was charged too much.")
    adjustment_id: GlobalId | None = strawberry.field(description="The invoice of what was charged too little.")
    tax_before: Money = strawberry.field(description="The tax that stood, of what was not given back by then.")
    tax_after: Money = strawberry.field(description="The same as it should have been at the invoice's tax point.")
    gross: Money = strawberry.field(description="By how much it changed what is owed; less was given back.")
    reason: str = strawberry.field(description="Why.")

    @classmethod
    def of(cls, of: corrections.TaxCorrection) -> "TaxCorrection":
        """The domain's correction."""
        return cls(
            invoice_id=GlobalId(str(of.invoice)),
            credit_note_id=GlobalId(str(of.credit_note)) if of.credit_note else None,
            adjustment_id=GlobalId(str(of.adjustment)) if of.adjustment else None,
            tax_before=Money.of(of.tax_before),
            tax_after=Money.of(of.tax_after),
            gross=Money.of(of.gross),
            reason=of.reason,
        )


def _own(of: "Invoice") -> tuple[CustomerId, InvoiceId]:
    return of.source.customer, of.source.id


@strawberry.type(description="An issued invoice. What it says never changes; only what became of it does.")
class Invoice(Lazily, Node):
    """An invoice."""

    later: ClassVar = {
        "id": lambda of: GlobalId(str(of.id)),
        "subscription_id": lambda of: GlobalId(str(of.subscription)) if of.subscription else None,
        "number": attrgetter("number"),
        "state": lambda of: _STATES[of.state_name],
        "subtotal": Made(Money, attrgetter("subtotal")),
        "tax": Made(Money, attrgetter("tax")),
        "total": Made(Money, attrgetter("total")),
        "credited": Made(Money, attrgetter("credited")),
        "noted": Made(Money, attrgetter("noted")),
        "paid": Made(Money, attrgetter("paid")),
        "due": Made(Money, attrgetter("due")),
        "partially_paid": attrgetter("is_partially_paid"),
        "period": lambda of: Period(start=of.period_start, end=of.period_end),
        "issued_at": attrgetter("issued_at"),
        "due_at": attrgetter("due_at"),
        "charged_automatically": lambda of: of.collection == AUTOMATIC,
        "purchase_order": attrgetter("purchase_order"),
        "pdf_url": lambda of: f"/documents/invoices/{of.id}.pdf",
        "e_invoice_url": lambda of: f"/documents/invoices/{of.id}.xml",
    }

    source: strawberry.Private[invoices.Invoice]
    subscription_id: GlobalId | None = strawberry.field(description="The subscription it bills, if it bills one.")
    number: str = strawberry.field(description="The number people see; gapless in its series.")
    state: InvoiceState = strawberry.field(description="Where it stands.")
    subtotal: Money = strawberry.field(description="The sum of its lines before tax.")
    tax: Money = strawberry.field(description="The sum of its taxes.")
    total: Money = strawberry.field(description="subtotal and tax.")
    credited: Money = strawberry.field(description="How much of it the customer's credit paid.")
    noted: Money = strawberry.field(description="How much credit notes lowered what was owed.")
    paid: Money = strawberry.field(description="How much was paid with money.")
    due: Money = strawberry.field(description="How much is still due.")
    partially_paid: bool = strawberry.field(description="Whether it is open and less than its total is due.")
    period: Period = strawberry.field(description="The billing period it belongs to.")
    issued_at: datetime = strawberry.field(description="When it was issued.")
    due_at: datetime = strawberry.field(description="Until when it is to be paid.")
    charged_automatically: bool = strawberry.field(description="Else the customer pays it by itself until dueAt.")
    purchase_order: str | None = strawberry.field(description="The customer's own number of the order.")
    pdf_url: str = strawberry.field(
        description="The path of the PDF; it wants the same bearer token or session, of staff with ?surface=staff."
    )
    e_invoice_url: str = strawberry.field(
        description="The path of the e-invoice (EN 16931, XML), which the PDF holds too; 409 says why there is none."
    )

    lines: list[InvoiceLine] = loaded(
        lambda of: of.lines, _own, invoice_lines, Less(LISTED, lambda of: of.listed_lines, LISTED_LINES),
        Less(SPANNED, lambda of: of.spanned_lines, LISTED_LINES), description="Its lines, in order.",
    )  # fmt: skip
    taxes: list[TaxAmount] = loaded(lambda of: of.taxes, _own, each_as(TaxAmount.of), description="Its taxes by rate.")
    discounts: list[DiscountAmount] = loaded(
        lambda of: of.discounts, _own, each_as(DiscountAmount.of), description="What each coupon took off it."
    )
    credit_notes: list[CreditNote] = loaded(
        lambda of: of.notes, _own, each_as(CreditNote.of), description="What was taken back of it, oldest first."
    )
    payments: list[Payment] = loaded(
        lambda of: of.payments, _own, each_as(Payment.of), description="The attempts to collect it, in order."
    )

    @classmethod
    def of(cls, invoice: invoices.Invoice) -> "Invoice":
        """The domain's invoice."""
        return made_of(cls, invoice, source=invoice)

    @strawberry.field(description="How its tax was corrected since, or which correction it is itself; oldest first.")
    async def tax_corrections(self, info: Info) -> list[TaxCorrection]:
        """The corrections."""
        db, of = info.context.db.primary, self.source
        made = (await corrections.tax_corrections_of(db, of.customer, [of.id])).get(of.id, ())
        own = await corrections.made_by(db, of.customer, of.id.uuid)
        return [TaxCorrection.of(each) for each in ((own, *made) if own else made)]

    @strawberry.field(description="Whether something is still due after dueAt, in the customer's business time.")
    async def overdue(self, info: Info) -> bool:
        """Whether its day has passed."""
        if self.state is not InvoiceState.OPEN:
            return False
        return self.source.is_overdue(await info.context.loaders.times.load(self.source.customer))

    @strawberry.field(description=KEPT_UNTIL)
    async def kept_until(self, info: Info) -> date:
        """The end of its retention."""
        return await last_day(info, self.source)

    @strawberry.field(description="What stands in its place, where it is void and that is issued.")
    async def replacement(self, info: Info) -> "Invoice | None":
        """What replaces it."""
        pair = await info.context.loaders.replacing.load((self.source.customer, self.source.id))
        return await issued_or_none(info, self.source.customer, pair.replacement)

    @strawberry.field(description="The void invoice in whose place it stands.")
    async def replaces(self, info: Info) -> "Invoice | None":
        """What it replaces."""
        pair = await info.context.loaders.replacing.load((self.source.customer, self.source.id))
        return await issued_or_none(info, self.source.customer, pair.replaces)

    @strawberry.field(description="Its dunning; null where it was never overdue nor a payment of it failed.")
    async def dunning(self, info: Info) -> Dunning | None:
        """The case."""
        found = await info.context.loaders.cases.load(self.source.customer)
        return next((Dunning.of(case) for case in found if case.invoice == self.source.id), None)

    @strawberry.field(description="How much of what was paid for it is in dispute, or was lost by one.")
    async def disputed(self, info: Info) -> Money:
        """The sum over its payments."""
        found = await info.context.loaders.payments.load((self.source.customer, self.source.id))
        return Money.of(await disputed_of(info, found) if found else Amount.zero(self.source.currency))

    @strawberry.field(description="What became of what was paid for it, by refunds and disputes.")
    async def conditions(self, info: Info) -> list[PaymentCondition]:
        """The conditions of all its payments together."""
        found = await info.context.loaders.payments.load((self.source.customer, self.source.id))
        return await conditions_of(info, found)

    @strawberry.field(description="In which parts it is or was paid, by its newest plan; null: never in parts.")
    async def installments(self, info: Info) -> InstallmentPlan | None:
        """The plan."""
        return await newest_plan(info, self.source)

    @strawberry.field(
        description="By when at the latest it is known what became of the payment under way; null where none is."
    )
    async def resolves_by(self, info: Info) -> datetime | None:
        """When the open attempt ends at the latest."""
        found = await info.context.loaders.payments.load((self.source.customer, self.source.id))
        now = info.context.db.clock.now()
        return next((resolves_by(each, now) for each in found if each.is_open), None)


async def issued_or_none(info: Info, owner: CustomerId, id: InvoiceId | None) -> Invoice | None:
    """The customer's issued invoice of that id; None for a draft, for what was thrown away, and for no id."""
    found = await info.context.loaders.invoices.load((owner, id)) if id else None
    return Invoice.of(found) if found else None
