"""Credit notes of staff: by line or over a whole invoice; first what is owed is lowered, then money is given back."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import CreditNoteId, InvoiceId, RefundId
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.issue_note import Split, issue_note, owed, total_of
from domain.invoices.line import lines_of
from domain.money import Money
from domain.operation import operation
from domain.payments.begin_refund import refund_invoice
from domain.payments.note_parts import NoteLine, charges_of, named, spread
from domain.payments.paid_from import paid_from
from domain.payments.payment import payments_of
from domain.payments.refund_approval import needs_another
from domain.payments.still_open import still_open
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused

KINDS = frozenset({"goodwill", "correction", "duplicate", "dissatisfaction"})  # what staff issue credit notes for
REASON_LENGTH = 500  # a sentence or two for the audit trail and the document


@dataclass(frozen=True, slots=True)
class IssueCreditNote:
    """Lines, or else an amount with tax that is taken of all charges by what is left of them.

    What exceeds the amount owed is ``refund`` + ``credit`` + ``out_of_band``, exactly; None is nothing. Of the credit
    the customer has what no dispute took as well.
    """

    invoice: InvoiceId
    kind: str
    reason: str
    lines: tuple[NoteLine, ...]
    amount: Money | None
    refund: Money | None
    credit: Money | None
    out_of_band: Money | None


@dataclass(frozen=True, slots=True)
class CreditNoteIssued:
    """The credit note, what of it lowered the invoice, and the refunds that are under way for it."""

    credit_note: CreditNoteId
    invoice: InvoiceId
    number: str
    total: Money
    tax: Money
    reduced: Money
    refunds: tuple[RefundId, ...]


@operation("invoices.issue_credit_note", allowed=frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def issue_credit_note(tx: Tx, command: IssueCreditNote) -> CreditNoteIssued:
    """NOT_FOUND; INVALID_INPUT for a kind, a reason or lines that cannot be meant; CURRENCY_MISMATCH; INVALID_AMOUNT
    for nothing, less, or parts that are not the excess; EXCEEDS_INVOICED beyond what is left of lines; EXCEEDS_CAPTURED
    for a refund beyond what was paid; FORBIDDEN for one that needs another person; STATE_CONFLICT for a void invoice;
    PAYMENT_IN_PROGRESS while a payment of what would be lowered is under way."""
    of = await invoice(tx, tx.customer, command.invoice)
    _check(of, command)
    charges = charges_of(of, (await lines_of(tx, tx.customer, [of.id]))[of.id])
    if command.amount is None:
        parts = [named(dict(charges), of, line) for line in command.lines]
    else:
        parts = spread(charges, command.amount)
    nothing = Money.zero(of.currency)
    excess = [part or nothing for part in (command.refund, command.credit, command.out_of_band)]
    split = Split(min(total_of(of, parts), owed(of)), *excess)
    if split.reduced.minor:
        await refuse_while_paying(tx, of)
    await _refuse_beyond_alone(tx, of, split.refunded)
    issued = await issue_note(tx, of, command.kind, command.reason, parts, split)
    refunds = await refund_invoice(tx, issued, command.reason)
    await withhold(tx, of.id)
    return CreditNoteIssued(
        issued.credit_note, of.id, issued.number, issued.total, issued.tax, split.reduced, refunds
    )  # fmt: skip


async def _refuse_beyond_alone(tx: Tx, of: Invoice, refunded: Money) -> None:
    """A credit note is no way round the approval of a refund, nor are many small ones."""
    if not refunded.minor:
        return
    paid = [each for each, _ in await paid_from(tx, of.id, refunded)]
    if paid and await needs_another(tx, paid, refunded):
        message = "This refund needs another person: ask for it as a refund of the payment."
        raise Refused(RefusalCode.FORBIDDEN, message, ("refund",))


def _check(of: Invoice, command: IssueCreditNote) -> None:
    if command.kind not in KINDS:
        raise Refused(RefusalCode.INVALID_INPUT, f"A credit note is for one of {', '.join(sorted(KINDS))}.", ("kind",))
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    if bool(command.lines) == (command.amount is not None):
        raise Refused(RefusalCode.INVALID_INPUT, "Name either lines or an amount.", ("lines",))
    if len({line.position for line in command.lines}) < len(command.lines):
        raise Refused(RefusalCode.INVALID_INPUT, "Each line is named once.", ("lines",))
    amounts = [command.refund, command.credit, command.out_of_band, command.amount]
    for amount in (*amounts, *(line.amount for line in command.lines)):
        if amount is not None and amount.currency != of.currency:
            raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The invoice is in {of.currency}.", ("amount",))
        if amount is not None and amount.minor < 0:
            raise Refused(RefusalCode.INVALID_AMOUNT, "No part of a credit note is negative.", ("amount",))


async def refuse_while_paying(tx: Tx, of: Invoice, field: str = "invoiceId") -> None:
    """PAYMENT_IN_PROGRESS while a payment of the invoice may still succeed; ``field`` is what the caller had named."""
    if await still_open(tx, await payments_of(tx, tx.customer, of.id)):
        message = "A payment of this invoice is under way; its outcome will be known first."
        raise Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, (field,))
