"""Taking what a payment holds, all or a part of it, before it runs out."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.invoices.invoice import invoice
from domain.money import Money
from domain.operation import operation
from domain.payments.payment import Ask, Asked, Payment, payment
from domain.payments.store_payment import ask_of, store_payment
from domain.refusals import RefusalCode, Refused

_TAKERS = frozenset({Grant.SYSTEM, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """Take an amount of what a payment holds, or (None) all of it that is still owed; ``final`` lets the rest go."""

    payment: PaymentId
    amount: Money | None
    final: bool


@dataclass(frozen=True, slots=True)
class CaptureAsked:
    """The payment of which the provider is now asked to take so much."""

    payment: PaymentId
    invoice: InvoiceId
    amount: Money


@operation("payments.capture", allowed=_TAKERS, moves_money=True)
async def capture_payment(tx: Tx, command: CapturePayment) -> CaptureAsked:
    """What is held beyond what the invoice still owes, as where a part of it came by hand, is let go with the capture.

    NOT_FOUND; STATE_CONFLICT for a payment that holds nothing, and beyond what is owed; AUTHORIZATION_EXPIRED;
    PAYMENT_IN_PROGRESS while something else was asked of it; CURRENCY_MISMATCH; INVALID_AMOUNT for nothing;
    EXCEEDS_AUTHORIZED.
    """
    of = await payment(tx, tx.customer, command.payment)
    refuse_unless_held(of)
    if of.expires_at is not None and of.expires_at <= tx.recorded_at:
        message = f"What the payment held ran out at {of.expires_at.isoformat()}."
        raise Refused(RefusalCode.AUTHORIZATION_EXPIRED, message, ("paymentId",))
    owed = (await invoice(tx, tx.customer, of.invoice)).due
    amount = _amount(of, command, owed)
    final = command.final or amount in (of.capturable, owed)
    asked = Asked(Ask.CAPTURE, of.captured + amount, final, None, None)
    await store_payment(tx, await ask_of(tx, of, asked))
    return CaptureAsked(of.id, of.invoice, amount)


def refuse_unless_held(of: Payment) -> None:
    """STATE_CONFLICT where nothing is held, PAYMENT_IN_PROGRESS while the answer to an earlier ask is open."""
    if of.asked is not None:
        message = "What was asked of this payment before is not answered yet."
        raise Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, ("paymentId",))
    if of.state.name != "authorized":
        message = f"A payment that is {of.state.name} holds nothing."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("paymentId",))


def _amount(of: Payment, command: CapturePayment, owed: Money) -> Money:
    amount = min(of.capturable, owed if owed.minor else of.capturable) if command.amount is None else command.amount
    if amount.currency != of.amount.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The payment is in {of.amount.currency}.", ("amount", "currency"))
    if amount.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A capture is of more than nothing.", ("amount",))
    if amount > of.capturable:
        raise Refused(RefusalCode.EXCEEDS_AUTHORIZED, f"At most {of.capturable} can still be taken.", ("amount",))
    if amount > owed:
        message = f"Only {owed} is still owed of the invoice; a payment of which nothing is to be taken is voided."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("amount",))
    return amount
