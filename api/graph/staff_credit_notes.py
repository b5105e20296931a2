"""Staff issues credit notes, and voids those that were issued by mistake."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.credit_notes import CreditNote
from api.graph.invoices import Invoice
from api.graph.money import MoneyInput, amount_of
from api.graph.outcome import OperationInfo
from api.graph.refusal import IssueCreditNoteError, VoidCreditNoteError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CreditNoteId, InvoiceId
from domain.invoices.credit_note import credit_note
from domain.invoices.invoice import invoice
from domain.money import Money
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.payments.note_parts import NoteLine
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.refusals import Refused


@strawberry.enum(description="What staff issue a credit note for.")
class CreditNoteKind(Enum):
    """The kinds."""

    GOODWILL = strawberry.enum_value("goodwill", description="Nothing was wrong on the invoice.")
    CORRECTION = strawberry.enum_value("correction", description="Something was wrong on the invoice.")
    DUPLICATE = strawberry.enum_value("duplicate", description="It was billed twice.")
    DISSATISFACTION = strawberry.enum_value("dissatisfaction", description="What was sold was not as promised.")


@strawberry.input(description="A part of one charge of the invoice.")
class CreditNoteLineInput:
    """A line to take back."""

    invoice_line: int = strawberry.field(description="The position of the charge, from 1.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="How much, as the line counts (its tax goes with it); left out: all that is left."
    )


@strawberry.input(description="Takes a part of an invoice back, by lines or over all of it.")
class IssueCreditNoteInput:
    """Input of issueCreditNote."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    kind: CreditNoteKind = strawberry.field(description="What it is for.")
    reason: str = strawberry.field(description="Why; it stands on the credit note.")
    lines: list[CreditNoteLineInput] = strawberry.field(default_factory=list, description="The lines; or an amount.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="With tax, of all charges by what is left of each; or lines."
    )
    refund: MoneyInput | None = strawberry.field(default=None, description="Of the excess, back to the method.")
    credit: MoneyInput | None = strawberry.field(default=None, description="Of the excess, as credit.")
    settled_outside: MoneyInput | None = strawberry.field(
        default=None, description="Of the excess, settled in another way. The three make the excess exactly."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The credit note and its invoice.")
class IssueCreditNotePayload:
    """Payload of issueCreditNote."""

    credit_note: CreditNote | None = strawberry.field(description="The credit note.")
    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[IssueCreditNoteError] = strawberry.field(description=ERRORS)


async def issue(info: Info, input: IssueCreditNoteInput) -> IssueCreditNotePayload:
    """For lead and finance."""
    db = info.context.db.primary
    try:
        done = await by_staff(
            info, issue_credit_note, input.customer_id, lambda: _command(input), input.idempotency_key
        )
    except Refused as refused:
        return IssueCreditNotePayload(credit_note=None, invoice=None, operation=None, errors=[as_error(refused)])
    return IssueCreditNotePayload(
        credit_note=CreditNote.of(await credit_note(db, done.customer, done.outcome.credit_note)),
        invoice=Invoice.of(await invoice(db, done.customer, done.outcome.invoice)),
        operation=done.operation,
        errors=[],
    )


def _command(input: IssueCreditNoteInput) -> IssueCreditNote:
    lines = tuple(NoteLine(each.invoice_line, _maybe(each.amount, "lines")) for each in input.lines)
    return IssueCreditNote(
        invoice=id_of(InvoiceId.parse, input.invoice_id, "invoiceId"),
        kind=input.kind.name.lower(),
        reason=text(NOTE, input.reason, "reason"),
        lines=lines,
        amount=_maybe(input.amount, "amount"),
        refund=_maybe(input.refund, "refund"),
        credit=_maybe(input.credit, "credit"),
        out_of_band=_maybe(input.settled_outside, "settledOutside"),
    )


def _maybe(given: MoneyInput | None, name: str) -> Money | None:
    return amount_of(given, name) if given else None


@strawberry.input(description="Takes a credit note back that was issued by mistake.")
class VoidCreditNoteInput:
    """Input of voidCreditNote."""

    customer_id: GlobalId = strawberry.field(description="Whose credit note it is.")
    credit_note_id: GlobalId = strawberry.field(description="The credit note.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The credit note, which is void now, and its invoice.")
class VoidCreditNotePayload:
    """Payload of voidCreditNote."""

    credit_note: CreditNote | None = strawberry.field(description="The credit note.")
    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[VoidCreditNoteError] = strawberry.field(description=ERRORS)


async def void(info: Info, input: VoidCreditNoteInput) -> VoidCreditNotePayload:
    """For lead and finance."""
    db = info.context.db.primary

    def command() -> VoidCreditNote:
        return VoidCreditNote(id_of(CreditNoteId.parse, input.credit_note_id, "creditNoteId"))

    try:
        done = await by_staff(info, void_credit_note, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return VoidCreditNotePayload(credit_note=None, invoice=None, operation=None, errors=[as_error(refused)])
    return VoidCreditNotePayload(
        credit_note=CreditNote.of(await credit_note(db, done.customer, done.outcome.credit_note)),
        invoice=Invoice.of(await invoice(db, done.customer, done.outcome.invoice)),
        operation=done.operation,
        errors=[],
    )
