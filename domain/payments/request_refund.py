"""Requesting a refund: what was paid in excess is taken back first; the rest by a credit note, so with its tax.

The amount is reserved on the locked payment and posted as payable before anything is sent. Where it fails in the end,
it is the customer's credit: a credit note that was issued for it stands, and a later refund takes that credit first.
"""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import CreditNoteId, PaymentId, RefundId
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.invoice import invoice
from domain.invoices.issue_note import NoteIssued, Split, issue_note
from domain.invoices.line import lines_of
from domain.invoices.settle import BECAME_CREDIT
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.money import Money
from domain.operation import operation
from domain.payments.begin_refund import begin_refund
from domain.payments.book_money import CAPTURED
from domain.payments.issue_credit_note import charges_of, spread
from domain.payments.payment import Payment, payment, payments_of
from domain.payments.refund import refunds_of_payments
from domain.payments.take_back import RETURNED, SHORT
from domain.refusals import RefusalCode, Refused

REASON_LENGTH = 500  # a sentence or two for the audit trail
MONEY = (CAPTURED, RETURNED, SHORT)  # causes of what is posted for a payment
REFUND_NOTE = "refund"  # the kind of the credit notes that are issued here


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """Give part or all of a captured payment back to its method."""

    payment: PaymentId
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """The refund that is now under way, and the credit note where revenue and tax were taken back for it."""

    refund: RefundId
    payment: PaymentId
    amount: Money
    credit_note: CreditNoteId | None = None


@operation(
    "payments.request_refund",
    allowed=frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
    moves_money=True,
)
async def request_refund(tx: Tx, command: RequestRefund) -> RefundRequested:
    """INVALID_AMOUNT, CURRENCY_MISMATCH, EXCEEDS_CAPTURED beyond what was captured and not yet given back, or
    EXCEEDS_INVOICED where more than the invoice's lines still have would be given back."""
    of = await payment(tx, tx.customer, command.payment)
    _check(of, command)
    in_excess = min(command.amount, await _excess(tx, of))
    note = await _note(tx, of, command.amount - in_excess, command.reason)
    refund = await begin_refund(tx, of, command.amount, command.reason, note)
    return RefundRequested(refund, of.id, command.amount, note.credit_note if note else None)


async def _excess(tx: Tx, of: Payment) -> Money:
    """What of the invoice's payments and credit notes became credit, was not refunded yet, and is still there."""
    attempts = await payments_of(tx, tx.customer, of.invoice)
    refunds = await refunds_of_payments(tx, tx.customer, [each.id for each in attempts])
    standing = [each.posted_number for some in refunds.values() for each in some if each.state.name != "failed"]
    notes = (await credit_notes_of(tx, tx.customer, [of.invoice])).get(of.invoice, [])
    numbers = [
        *standing,
        *[number for each in attempts for number in await numbers_of(tx, tx.customer, MONEY, each.id.uuid)],
        *(each.posted_number for each in notes if each.state.name == "issued"),
        *await numbers_of(tx, tx.customer, BECAME_CREDIT, of.invoice.uuid),
    ]
    currency = of.amount.currency
    left = await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, currency)
    return max(Money.zero(currency), min(left, await credit_available(tx, tx.customer, currency)))


async def _note(tx: Tx, of: Payment, amount: Money, reason: str) -> NoteIssued | None:
    """A credit note over the invoice's charges. It gives paid money back, so it never lowers what is still due."""
    if amount.minor == 0:
        return None
    paid = await invoice(tx, tx.customer, of.invoice)
    if paid.state.name == "void":
        message = f"Invoice {paid.number} is void, and the credit that its payment became was used up."
        raise Refused(RefusalCode.EXCEEDS_INVOICED, message, ("amount",))
    charges = charges_of(paid, (await lines_of(tx, tx.customer, [paid.id]))[paid.id])
    nothing = Money.zero(amount.currency)
    split = Split(nothing, amount, nothing, nothing)
    return await issue_note(tx, paid, REFUND_NOTE, reason, spread(charges, amount), split)


def _check(of: Payment, command: RequestRefund) -> None:
    if command.amount.currency != of.amount.currency:
        message = f"The payment is in {of.amount.currency}."
        raise Refused(RefusalCode.CURRENCY_MISMATCH, message, ("amount", "currency"))
    if command.amount.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A refund is of more than nothing.", ("amount",))
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    if command.amount > of.refundable:
        message = f"At most {of.refundable.decimal} {of.refundable.currency} of this payment can be given back."
        raise Refused(RefusalCode.EXCEEDS_CAPTURED, message, ("amount",))
