"""What staff decide on a refund in doubt, or on money that waits for somebody to say where it goes."""

from domain import due
from domain.db import Tx
from domain.ids import InvoiceId, RefundId
from domain.payments.begin_refund import SEND_REFUND, Wanted, begin_refund, refund_outside
from domain.payments.exception_case import ExceptionCase
from domain.payments.excess import excess_of
from domain.payments.payment import OFFLINE, Payment, payment
from domain.payments.refund import IN_FLIGHT, Means, Refund, refund
from domain.payments.settle_refund import RefundNews, SettleRefund, revoke_refund, settle_refund, succeed_late
from domain.refusals import RefusalCode, Refused

NOT_REFUNDED = "not_refunded"  # why such a refund has failed


async def _about(tx: Tx, case: ExceptionCase) -> Refund:
    assert case.refund is not None, "a case about a refund names it"
    return await refund(tx, tx.customer, case.refund)


async def confirm_refunded(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """The money went back, under the provider's reference; also where the refund had failed before.

    INVALID_INPUT where the provider calls the refund otherwise; ALREADY_EXISTS where it calls another one so.
    """
    of = await _about(tx, case)
    if of.provider_ref not in (None, reference):
        message = "The provider calls this refund otherwise; look for that one."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("reference",))
    if of.state.name == "failed":
        await succeed_late(tx, await payment(tx, tx.customer, of.payment), of, reference)
    else:
        await settle_refund.run(tx, SettleRefund(of.id, RefundNews.SUCCEEDED, reference, None))
    return None


async def confirm_not_refunded(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """Nothing went back: the refund has failed, which is an exception of its own."""
    of = await _about(tx, case)
    if of.state.name == "succeeded":
        await revoke_refund(tx, await payment(tx, tx.customer, of.payment), of, NOT_REFUNDED)
    else:
        await settle_refund.run(tx, SettleRefund(of.id, RefundNews.FAILED, None, NOT_REFUNDED))
    return None


async def ask_about_refund(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """The provider is asked once more, and in vain opens another case. STATE_CONFLICT for one that is over."""
    of = await _about(tx, case)
    if of.state.name not in IN_FLIGHT:
        message = f"This refund is {of.state.name}: there is nothing to ask about."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    await due.schedule(tx, SEND_REFUND, of.id.uuid, tx.recorded_at, follows="wall")
    return None


async def give_back(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """What waits as the customer's credit goes back to the method that paid, by a refund of its own.

    INSUFFICIENT_BALANCE where this payment's credit was used up; STATE_CONFLICT where the bank took the payment back;
    EXCEEDS_CAPTURED where it was given back otherwise.
    """
    of, of_invoice = await _still_credit(tx, case)
    if of.kind == OFFLINE:
        message = "What came without a provider is paid by hand: say that it was, with its reference."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("resolution",))
    return await begin_refund(tx, of, Wanted(case.amount, reason, of_invoice=of_invoice), None)


async def keep_as_credit(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """It is the customer's credit, and stays that: nothing more is done."""
    return None


async def pay_out_of_band(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """It was paid by another way, under that reference; refusals as for ``give_back``."""
    of, of_invoice = await _still_credit(tx, case)
    return await refund_outside(tx, of, Wanted(case.amount, reason, Means.OUTSIDE, of_invoice=of_invoice))


async def _still_credit(tx: Tx, case: ExceptionCase) -> tuple[Payment, InvoiceId | None]:
    """The payment that it goes back to, and the invoice that it is given back of where that is another one."""
    of = await payment(tx, tx.customer, case.money)
    if of.returned.minor:
        message = "The bank took this payment back, so nothing of it can be given back."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    # Credit of something else is not this payment's to give back.
    of_invoice = (await _about(tx, case)).of_invoice if case.refund else None
    if case.amount > await excess_of(tx, tx.customer, of_invoice or of.invoice, case.amount.currency):
        message = "This credit was used up or given back: there is not so much left of it."
        raise Refused(RefusalCode.INSUFFICIENT_BALANCE, message, ("exceptionId",))
    return of, of_invoice
