"""What staff decide on a payment in doubt, performed as if the provider had said it."""

from domain import due
from domain.db import Tx
from domain.ids import RefundId
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.payments.bar_charge import bar_soon
from domain.payments.exception_case import ExceptionCase
from domain.payments.pay_invoice import SEND
from domain.payments.payment import TAKEN, Payment, payment
from domain.payments.receipt import withdraw_receipt
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.payments.still_open import NOT_CHARGED, is_being_barred, is_to_be_barred
from domain.payments.store_payment import store_payment
from domain.payments.take_back import withdraw
from domain.payments.typed_reference import take_reference
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused


async def confirm_charged(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """It was taken, under the provider's reference: booked as a success is, also where it had failed before.

    INVALID_INPUT where the provider calls the payment otherwise, or another one so; STATE_CONFLICT for what the bank
    took back.
    """
    of = await payment(tx, tx.customer, case.money)
    if of.returned.minor:
        message = "The bank took this payment back: it was charged, and nothing of it is there."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    if of.provider_ref not in (None, reference):
        message = "The provider calls this payment otherwise; look for that one."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("reference",))
    await take_reference(tx, of, reference)
    if of.state.name not in TAKEN or of.state.name == "captured":
        await _settle(tx, of, News.CAPTURED, reference, _taken(of))
    return None


def _taken(of: Payment) -> Money:
    """What was taken of it if anything was: all, or what was asked for of a hold."""
    if of.captured.minor:
        return of.captured
    return of.asked.total if of.asked and of.asked.total else of.amount


async def confirm_not_charged(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """Nothing was taken: it has failed as one that was declined, so that the invoice is collected again. The
    provider is told first to take nothing of it any more.

    STATE_CONFLICT for a payment that is held, or of which a part is known to be taken, or was given back or disputed.
    """
    of = await payment(tx, tx.customer, case.money)
    if of.state.name in TAKEN:
        await _withdraw(tx, of)
    elif of.state.name == "authorized" and of.asked is None:
        message = "This payment is held, and nothing was asked of it: void it."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    elif of.captured.minor:
        message = "A part of this payment was taken: let go of the rest of it."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    elif of.is_open:
        await _settle(tx, of, News.DECLINED, None, None)
    if of.state.name in TAKEN or of.is_open:
        await bar_soon(tx, of)
    elif is_to_be_barred(of) and not await is_being_barred(tx, of):
        tx.emit("payment.barred", payment=of.id, invoice=of.invoice)  # other money was found there, and decided on
    return None


async def _withdraw(tx: Tx, of: Payment) -> None:
    if of.refunds_reserved.minor or of.disputes_reserved.minor:
        message = "Of this payment something was given back or is disputed: it was taken."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    await store_payment(tx, await withdraw(tx, of, NOT_CHARGED))
    await withdraw_receipt(tx, of.id)
    await withhold(tx, of.invoice)  # disputes may have what it stood for


async def ask_about_payment(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """The provider is asked once more, and in vain opens another case. STATE_CONFLICT for one that is over."""
    of = await payment(tx, tx.customer, case.money)
    if of.is_settled:
        message = f"This payment is {of.state.name}: there is nothing to ask about."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    await due.schedule(tx, SEND, of.id.uuid, tx.recorded_at, follows="wall")
    return None


async def accept_loss(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """Nobody will pay it: it stays where it stands in the books."""
    return None


async def recovered(tx: Tx, case: ExceptionCase, reason: str, reference: str) -> RefundId | None:
    """The customer has paid it by another way, under that reference. PERIOD_CLOSED."""
    paid = Transfer(Account.CASH_OUTSIDE, Account.RETURNED_PAYMENTS, case.amount)
    await post(tx, Cause("exception.recovered", case.id.uuid), [paid])
    return None


async def _settle(tx: Tx, of: Payment, news: News, reference: str | None, captured: Money | None) -> None:
    code = None if news is News.CAPTURED else NOT_CHARGED
    told = SettlePayment(of.id, news, reference, captured, code, False, confirmed=True)
    await settle_payment.run(tx, told)
