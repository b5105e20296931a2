"""Taking back what staff recorded: a cheque that bounced, a transfer that was recalled, a mistake."""

from dataclasses import dataclass

from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.operation import operation
from domain.payments.end_unsent import end_unsent
from domain.payments.payment import OFFLINE, payment
from domain.payments.receipt import withdraw_receipt
from domain.payments.record_offline import RECORDERS
from domain.payments.store_payment import store_payment
from domain.payments.take_back import take_back
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused

REASON_LENGTH = 500  # a sentence or two for the audit trail
REVERSED = "reversed"  # why such a payment has failed


@dataclass(frozen=True, slots=True)
class ReverseOfflinePayment:
    """A payment that staff recorded, and why it does not count."""

    payment: PaymentId
    reason: str


@dataclass(frozen=True, slots=True)
class OfflineReversed:
    """The payment, which has failed now, and the invoice that is owed again."""

    payment: PaymentId
    invoice: InvoiceId


@operation("payments.reverse_offline", allowed=RECORDERS, moves_money=True)
async def reverse_offline(tx: Tx, command: ReverseOfflinePayment) -> OfflineReversed:
    """Reverses its postings by linked ones and withdraws its receipt; its reference stays used. What was to be paid
    out of it is not any more.

    NOT_FOUND; INVALID_INPUT without a reason; STATE_CONFLICT for what a provider took (refund it) or was reversed.
    """
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    of = await payment(tx, tx.customer, command.payment)
    if of.kind != OFFLINE or of.returned.minor:
        message = "Only a payment that staff recorded can be reversed, and only once."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("paymentId",))
    await end_unsent(tx, of)
    await store_payment(tx, await take_back(tx, of, REVERSED, hard=False))
    await withdraw_receipt(tx, of.id)
    await withhold(tx, of.invoice)  # disputes may have what it stood for
    return OfflineReversed(of.id, of.invoice)
