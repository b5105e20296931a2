"""Performing a provider's answer or event: the payment moves, money that was taken is posted, a receipt is issued."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, ReceiptId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import invoice
from domain.invoices.settle import apply_capture
from domain.ledger.post import Cause, post
from domain.machine import State
from domain.money import Money
from domain.operation import operation
from domain.payments.pay_invoice import SEND
from domain.payments.payment import OPEN, PAYMENT, TAKEN, Payment, payment
from domain.payments.receipt import issue_receipt
from domain.refusals import RefusalCode, Refused
from domain.wire import learned

CONFIRM_AFTER = timedelta(hours=1)  # a webhook later than this is taken for lost and the provider is asked


class News(StrEnum):
    """What is known of a charge."""

    CAPTURED = "captured"
    DECLINED = "declined"
    ACTION_REQUIRED = "action_required"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class SettlePayment:
    """One piece of news about a payment; ``confirmed`` says that it came from the provider unasked or on a query."""

    payment: PaymentId
    news: News
    provider_ref: str | None
    captured: Money | None
    code: str | None
    hard: bool
    action_url: str | None = learned(None)
    confirmed: bool = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PaymentSettled:
    """Where the payment stands now, and the receipt where money was taken by this."""

    payment: PaymentId
    invoice: InvoiceId
    state: str
    receipt: ReceiptId | None


@operation("payments.settle", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def settle_payment(tx: Tx, command: SettlePayment) -> PaymentSettled:
    """Applies the news if it moves the payment forward; stale or repeated news changes nothing.

    CURRENCY_MISMATCH for money in another currency than was asked for.
    """
    before = await payment(tx, tx.customer, command.payment)
    if command.captured is not None and command.captured.currency != before.amount.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The payment is in {before.amount.currency}.", ("captured",))
    receipt = None
    if command.news is News.CAPTURED:
        state, receipt = await _captured(tx, before, command)
    elif before.state.name in OPEN:
        state = await _open_news(tx, before, command)
    else:
        state = before.state
    # No other news is a reason to stop asking about money that was taken.
    sure = command.confirmed and command.news is News.CAPTURED
    if state.name not in OPEN and (sure or state.name not in TAKEN):
        await due.finish(tx, SEND, before.id.uuid)
    return PaymentSettled(before.id, before.invoice, state.name, receipt)


async def _captured(tx: Tx, before: Payment, command: SettlePayment) -> tuple[State, ReceiptId | None]:
    state, receipt = before.state, None
    if state.name not in TAKEN:
        captured = command.captured or before.amount
        event = "capture" if state.name in OPEN else "capture_late"
        state = await PAYMENT.move(tx, tx.customer, before.id.uuid, state, event)
        billed = await invoice(tx, tx.customer, before.invoice)
        applied = await apply_capture(tx, billed, captured)
        posted = await post(tx, Cause("payment.captured", before.id.uuid), applied.transfers())
        await _store_capture(tx, before, state, captured, posted, command.provider_ref)
        receipt = await issue_receipt(tx, before.id)
        tx.emit("payment.captured", payment=before.id, invoice=before.invoice)
        if billed.collection == AUTOMATIC and applied.receivable < billed.due:
            tx.emit("payment.short", payment=before.id, invoice=before.invoice)
        # Until the provider itself has confirmed it, the row stays due: a lost webhook is made up for by a query.
        await due.schedule(tx, SEND, before.id.uuid, tx.recorded_at + CONFIRM_AFTER, follows="wall")
    if command.confirmed and PAYMENT.allows(state.name, "confirm"):
        state = await PAYMENT.move(tx, tx.customer, before.id.uuid, state, "confirm")
        await _store_state(tx, before, state, command)
    return state, receipt


_EVENTS = {
    News.DECLINED: "fail",
    News.ACTION_REQUIRED: "require_action",
    News.PROCESSING: "process",
    News.UNKNOWN: "lose",
    News.VOIDED: "void",
}


async def _open_news(tx: Tx, before: Payment, command: SettlePayment) -> State:
    event = _EVENTS[command.news]
    if not PAYMENT.allows(before.state.name, event):
        await _store_state(tx, before, before.state, command)
        return before.state
    state = await PAYMENT.move(tx, tx.customer, before.id.uuid, before.state, event)
    await _store_state(tx, before, state, command)
    if state.name in ("failed", "voided"):
        tx.emit("payment.failed", payment=before.id, invoice=before.invoice)
    return state


async def _store_state(tx: Tx, before: Payment, state: State, command: SettlePayment) -> None:
    await tx.execute(
        """UPDATE payment SET state = $4, seq = $5, provider_ref = coalesce($6, provider_ref),
                  action_url = coalesce($7, action_url), failure_code = $8, failure_hard = $9
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, before.id.uuid, state.name, state.seq, command.provider_ref,
        command.action_url, command.code if state.name == "failed" else None,
        command.hard if state.name == "failed" else None,
    )  # fmt: skip


async def _store_capture(
    tx: Tx, before: Payment, state: State, captured: Money, posted: int, provider_ref: str | None
) -> None:
    await tx.execute(
        """UPDATE payment SET state = $4, seq = $5, captured = $6, posted_number = $7,
                  provider_ref = coalesce($8, provider_ref), failure_code = NULL, failure_hard = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, before.id.uuid, state.name, state.seq, captured.minor, posted,
        provider_ref,
    )  # fmt: skip
