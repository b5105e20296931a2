"""Requesting a refund: the amount is reserved on the locked payment and posted as payable before anything is sent."""

from dataclasses import dataclass
from datetime import timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import PaymentId, RefundId
from domain.invoices.settle import BECAME_CREDIT
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.operation import operation
from domain.payments.pay_invoice import provider_key
from domain.payments.payment import Payment, payment
from domain.payments.refund import REFUND, refunds_of
from domain.refusals import RefusalCode, Refused

SEND_REFUND = "send_refund"
HEAD_START = timedelta(seconds=5)  # as for payments: the process that took the call sends at once
REASON_LENGTH = 500  # a sentence or two for the audit trail


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """Give part or all of a captured payment back to its method."""

    payment: PaymentId
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """The refund that is now under way."""

    refund: RefundId
    payment: PaymentId
    amount: Money


@operation(
    "payments.request_refund",
    allowed=frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
    moves_money=True,
)
async def request_refund(tx: Tx, command: RequestRefund) -> RefundRequested:
    """INVALID_AMOUNT, CURRENCY_MISMATCH, or EXCEEDS_CAPTURED beyond what was captured and not yet given back."""
    of = await payment(tx, tx.customer, command.payment)
    _check(of, command)
    id = tx.new_id(RefundId)
    reserved = of.refunds_reserved + command.amount
    await tx.execute(
        "UPDATE payment SET refunds_reserved = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        reserved.minor,
    )
    posted = await post(tx, Cause("refund.requested", id.uuid), await _transfers(tx, of, command.amount))
    await _insert(tx, id, of, command, posted)
    await due.schedule(tx, SEND_REFUND, id.uuid, tx.recorded_at + HEAD_START, follows="wall")
    tx.emit("refund.requested", refund=id, payment=of.id)
    return RefundRequested(id, of.id, command.amount)


async def _transfers(tx: Tx, of: Payment, amount: Money) -> list[Transfer]:
    """What of the payment became credit and is still there is taken back first; only the rest lessens the revenue."""
    refunds = [each.posted_number for each in await refunds_of(tx, tx.customer, of.id) if each.state.name != "failed"]
    gone = await numbers_of(tx, tx.customer, BECAME_CREDIT, of.invoice.uuid)
    numbers = [*refunds, *gone, *([of.posted_number] if of.posted_number else [])]
    excess = await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, amount.currency)
    credit = min(amount, excess, await credit_available(tx, tx.customer, amount.currency))
    parts = ((Account.CUSTOMER_CREDIT, credit), (Account.REVENUE, amount - credit))
    return [Transfer(account, Account.REFUNDS_PAYABLE, part) for account, part in parts if part.minor]


def _check(of: Payment, command: RequestRefund) -> None:
    if command.amount.currency != of.amount.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The payment is in {of.amount.currency}.", ("amount", "currency"))
    if command.amount.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A refund is of more than nothing.", ("amount",))
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    if command.amount > of.refundable:
        message = f"At most {of.refundable.decimal} {of.refundable.currency} of this payment can be given back."
        raise Refused(RefusalCode.EXCEEDS_CAPTURED, message, ("amount",))


async def _insert(tx: Tx, id: RefundId, of: Payment, command: RequestRefund, posted: int) -> None:
    state = await REFUND.begin(tx, tx.customer, id.uuid, "request")
    await tx.execute(
        """INSERT INTO refund (shard_key, id, tenant_id, customer_id, payment_id, currency, amount, reason,
               provider_key, queries, posted_number, state, seq, happened_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.id.uuid, str(command.amount.currency),
        command.amount.minor, command.reason, provider_key(tx, str(id), 1), posted, state.name, state.seq, tx.now,
        tx.recorded_at,
    )  # fmt: skip
