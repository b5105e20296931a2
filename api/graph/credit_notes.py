"""Credit notes: what was taken back of an invoice."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.legal_entities import KEPT_UNTIL, last_day
from api.graph.money import Money, Period
from api.graph.node import Node
from api.graph.note_explanations import NoteLineExplanation
from api.graph.taxes import TaxAmount
from api.scalars import GlobalId
from domain.invoices import credit_note as domain
from domain.invoices import note_line as lines
from domain.invoices.line import Line
from domain.invoices.line_tax import TaxPart


@strawberry.enum(description="Where a credit note stands. More values may come.")
class CreditNoteState(Enum):
    """The states of the credit note's machine."""

    ISSUED = strawberry.enum_value("issued", description="It holds.")
    VOID = strawberry.enum_value("void", description="It was taken back: what it gave back is owed again.")


@strawberry.type(description="One line of a credit note; one that takes a credit back is negative.")
class CreditNoteLine:
    """A line."""

    invoice_line: int = strawberry.field(description="The position of the invoice's line, from 1.")
    description: str = strawberry.field(description="What it is for.")
    amount: Money = strawberry.field(description="As the invoice's line counts: with the tax where that is included.")
    net: Money = strawberry.field(description="Before tax.")
    tax: Money = strawberry.field(description="The tax that goes with it.")
    period: Period | None = strawberry.field(description="The time that is given back, where it is for time.")
    explanation: NoteLineExplanation | None = strawberry.field(
        description="Why it is that much; null on old ones, whose working was not kept."
    )

    @classmethod
    def of(cls, line: lines.CreditNoteLine, taxes: Sequence[TaxPart], billed: Line) -> "CreditNoteLine":
        """The domain's line."""
        span, why = line.unused, lines.explain_note_line(line, taxes, billed)
        return cls(
            invoice_line=line.of.position,
            description=line.description,
            amount=Money.of(line.amount),
            net=Money.of(line.net),
            tax=Money.of(line.tax),
            period=Period(start=span.starts_at, end=span.ends_at) if span else None,
            explanation=NoteLineExplanation.of(why, line.of)
            if (why := lines.explain_note_line(line, taxes, billed))
            else None,
        )


@strawberry.type(
    description="What was taken back of an invoice: total = reduced + refunded + credited + settledOutside."
)
class CreditNote(Node):
    """A credit note."""

    source: strawberry.Private[domain.CreditNote]
    invoice_id: GlobalId = strawberry.field(description="The invoice it takes back a part of.")
    number: str = strawberry.field(description="The number people see; gapless in its series.")
    state: CreditNoteState = strawberry.field(description="Where it stands.")
    kind: str = strawberry.field(description="What it is for, for example goodwill, refund or unused_time.")
    reason: str = strawberry.field(description="Why, in words.")
    subtotal: Money = strawberry.field(description="Before tax.")
    tax: Money = strawberry.field(description="The tax that was taken back.")
    total: Money = strawberry.field(description="With tax.")
    reduced: Money = strawberry.field(description="How much it lowered what was owed on the invoice.")
    refunded: Money = strawberry.field(description="How much of the rest goes back to the payment method.")
    credited: Money = strawberry.field(description="How much of the rest became credit for the next invoices.")
    settled_outside: Money = strawberry.field(description="How much of the rest was settled in another way.")
    issued_at: datetime = strawberry.field(description="When it was issued.")
    pdf_url: str = strawberry.field(
        description="The path of the PDF; it wants the same bearer token or session, of staff with ?surface=staff."
    )
    e_invoice_url: str = strawberry.field(
        description="The path of the e-invoice (EN 16931, XML), which the PDF holds too; 409 says why there is none."
    )

    @classmethod
    def of(cls, note: domain.CreditNote) -> "CreditNote":
        """The domain's credit note."""
        return cls(
            source=note,
            id=GlobalId(str(note.id)),
            invoice_id=GlobalId(str(note.invoice)),
            number=note.number,
            state=CreditNoteState(note.state.name),
            kind=note.kind,
            reason=note.reason,
            subtotal=Money.of(note.subtotal),
            tax=Money.of(note.tax),
            total=Money.of(note.total),
            reduced=Money.of(note.reduced),
            refunded=Money.of(note.refunded),
            credited=Money.of(note.credited),
            settled_outside=Money.of(note.out_of_band),
            issued_at=note.issued_at,
            pdf_url=f"/documents/credit-notes/{note.id}.pdf",
            e_invoice_url=f"/documents/credit-notes/{note.id}.xml",
        )

    @strawberry.field(description=KEPT_UNTIL)
    async def kept_until(self, info: Info) -> date:
        """The end of its retention."""
        return await last_day(info, self.source)

    @strawberry.field(description="Its lines, in order.")
    async def lines(self, info: Info) -> list[CreditNoteLine]:
        """The lines."""
        loaders, owner = info.context.loaders, self.source.customer
        found = await loaders.note_lines.load((owner, self.source.id))
        billed = await loaders.lines.load((owner, self.source.invoice))
        taxes = await loaders.note_line_taxes.load((owner, self.source.id))
        return [
            CreditNoteLine.of(line, taxes.get(place, ()), billed[line.of.position - 1])
            for place, line in enumerate(found, 1)
        ]

    @strawberry.field(description="Its taxes by rate.")
    async def taxes(self, info: Info) -> list[TaxAmount]:
        """The taxes."""
        found = await info.context.loaders.note_taxes.load((self.source.customer, self.source.id))
        return [TaxAmount.of(part) for part in found]
