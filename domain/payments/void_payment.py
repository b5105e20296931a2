"""Letting a payment go of which nothing more is to be taken: no refund, for no money has moved."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.operation import operation
from domain.payments.capture_payment import refuse_unless_held
from domain.payments.payment import Ask, Asked, payment
from domain.payments.store_payment import ask_of, store_payment
from domain.refusals import RefusalCode, Refused

_VOIDERS = frozenset({Grant.SYSTEM, Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class VoidPayment:
    """Let go what a payment holds, or what waits for its customer."""

    payment: PaymentId


@dataclass(frozen=True, slots=True)
class VoidAsked:
    """The payment of which the provider is now asked to take nothing more."""

    payment: PaymentId
    invoice: InvoiceId


@operation("payments.void", allowed=_VOIDERS, moves_money=True)
async def void_payment(tx: Tx, command: VoidPayment) -> VoidAsked:
    """NOT_FOUND; STATE_CONFLICT for a payment that was taken (refund it) or is over; PAYMENT_IN_PROGRESS while its
    outcome is not known, or something else was asked of it."""
    of = await payment(tx, tx.customer, command.payment)
    if of.state.name in ("processing", "unknown"):
        message = "The outcome of this payment is not known yet; then it can be voided or refunded."
        raise Refused(RefusalCode.PAYMENT_IN_PROGRESS, message, ("paymentId",))
    if not of.awaits_customer:
        refuse_unless_held(of)
    await store_payment(tx, await ask_of(tx, of, Asked(Ask.VOID, None, False, None, None)))
    return VoidAsked(of.id, of.invoice)
