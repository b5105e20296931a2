"""Deciding on a refund that awaits approval: another person approves or rejects it, the asker may take it back."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant, is_same_person
from domain.db import Tx
from domain.ids import CreditNoteId, PaymentId, RefundId
from domain.money import Money
from domain.operation import operation
from domain.payments.begin_refund import Wanted, release
from domain.payments.pay_back import pay_back
from domain.payments.payment import payment
from domain.payments.payout import forget_account
from domain.payments.refund import REFUND, Refund, refund
from domain.payments.refund_approval import DECIDERS
from domain.payments.refund_request import RefundAsked, refund_asked
from domain.payments.request_refund import EXPIRE_REFUND, REASON_LENGTH
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused

_DECIDERS = frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN})
EXPIRED = "Nobody decided in time."


@dataclass(frozen=True, slots=True)
class ApproveRefund:
    """The refund that is to be made after all, and why."""

    refund: RefundId
    reason: str


@dataclass(frozen=True, slots=True)
class RefundApproved:
    """The refund that is now under way, and the credit note that was issued for it."""

    refund: RefundId
    payment: PaymentId
    amount: Money
    credit_note: CreditNoteId | None


@operation("payments.approve_refund", allowed=_DECIDERS, moves_money=True)
async def approve_refund(tx: Tx, command: ApproveRefund) -> RefundApproved:
    """NOT_FOUND; STATE_CONFLICT for a refund that does not await approval, or whose payment the bank took back;
    FORBIDDEN for who asked for it, and where finance has to; else the refusals of a refund that is made now, about the
    refund."""
    of, asked = await _awaiting(tx, command.refund, command.reason)
    _require_decider(tx, asked)
    paid = await payment(tx, tx.customer, of.payment)
    if paid.returned.minor:
        message = "The bank took this payment back, so nothing of it can be given back."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("refundId",))
    wanted = Wanted(of.amount, of.reason, of.means, await _lines(tx, of))
    try:
        _, note = await pay_back(tx, paid, wanted, of)
    except Refused as refused:  # what is wrong with its amount or lines was said by who asked for it
        raise Refused(refused.code, refused.message, ("refundId",) if refused.path else ()) from None
    await withhold(tx, paid.invoice)
    await _decide(tx, of, "approve", command.reason)
    tx.emit("refund.approved", refund=of.id, payment=of.payment)
    return RefundApproved(of.id, of.payment, of.amount, note)


@dataclass(frozen=True, slots=True)
class RejectRefund:
    """The refund that is not to be made, and why."""

    refund: RefundId
    reason: str


@dataclass(frozen=True, slots=True)
class RefundEnded:
    """The refund that will not be made; its amount can be given back again."""

    refund: RefundId
    payment: PaymentId
    state: str


@operation("payments.reject_refund", allowed=_DECIDERS, moves_money=True)
async def reject_refund(tx: Tx, command: RejectRefund) -> RefundEnded:
    """NOT_FOUND; STATE_CONFLICT for a refund that does not await approval; FORBIDDEN for who asked for it, and where
    finance has to decide."""
    of, asked = await _awaiting(tx, command.refund, command.reason)
    _require_decider(tx, asked)
    return await _end(tx, of, "reject", command.reason)


@dataclass(frozen=True, slots=True)
class CancelRefundRequest:
    """The request that its asker takes back, and why."""

    refund: RefundId
    reason: str


@operation(
    "payments.cancel_refund_request",
    allowed=frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
    moves_money=True,
)
async def cancel_refund_request(tx: Tx, command: CancelRefundRequest) -> RefundEnded:
    """NOT_FOUND; STATE_CONFLICT for a refund that does not await approval; FORBIDDEN for anybody but who asked."""
    of, asked = await _awaiting(tx, command.refund, command.reason)
    if asked.asked_by != tx.actor.scope:
        raise Refused(RefusalCode.FORBIDDEN, "Only who asked for a refund takes the request back.", ("refundId",))
    return await _end(tx, of, "withdraw", command.reason)


@dataclass(frozen=True, slots=True)
class ExpireRefundRequest:
    """A request that nobody may have decided on in time."""

    refund: RefundId


@operation("payments.expire_refund_request", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def expire_refund_request(tx: Tx, command: ExpireRefundRequest) -> RefundEnded:
    """Rejects it where it is still undecided; one that was decided stays as it is."""
    of = await refund(tx, tx.customer, command.refund)
    if of.state.name != "awaiting_approval":
        await due.finish(tx, EXPIRE_REFUND, of.id.uuid)
        return RefundEnded(of.id, of.payment, of.state.name)
    return await _end(tx, of, "reject", EXPIRED)


async def _awaiting(tx: Tx, id: RefundId, reason: str) -> tuple[Refund, RefundAsked]:
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    of = await refund(tx, tx.customer, id)
    if of.state.name != "awaiting_approval":
        message = f"A refund that is {of.state.name} waits for nobody's decision."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("refundId",))
    return of, await refund_asked(tx, of.id)


def _require_decider(tx: Tx, asked: RefundAsked) -> None:
    if is_same_person(asked.asked_by, tx.actor.scope):
        raise Refused(RefusalCode.FORBIDDEN, "Another person than who asked for it decides.", ("refundId",))
    if not tx.actor.grants & DECIDERS[asked.needs]:
        raise Refused(RefusalCode.FORBIDDEN, f"This refund is for {asked.needs} to decide on.", ("refundId",))


async def _lines(tx: Tx, of: Refund) -> tuple[tuple[int, Money], ...]:
    rows = await tx.fetch(
        "SELECT position, amount FROM refund_line WHERE shard_key = $1 AND refund_id = $2 ORDER BY position",
        of.id.shard,
        of.id.uuid,
    )
    return tuple((row["position"], Money(row["amount"], of.amount.currency)) for row in rows)


async def _end(tx: Tx, of: Refund, event: str, reason: str) -> RefundEnded:
    state = await REFUND.move(tx, tx.customer, of.id.uuid, of.state, event)
    await tx.execute(
        "UPDATE refund SET state = $4, seq = $5 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq,
    )  # fmt: skip
    await release(tx, of.payment, of.amount)
    await forget_account(tx, of.id)
    await _decide(tx, of, event, reason)
    tx.emit(f"refund.{state.name}", refund=of.id, payment=of.payment)
    return RefundEnded(of.id, of.payment, state.name)


async def _decide(tx: Tx, of: Refund, decision: str, reason: str) -> None:
    await due.finish(tx, EXPIRE_REFUND, of.id.uuid)
    await tx.execute(
        """UPDATE refund_request SET decision = $3, decided_by = $4, decided_why = $5, decided_at = $6
            WHERE shard_key = $1 AND refund_id = $2""",
        of.id.shard, of.id.uuid, decision, tx.actor.scope, reason, tx.recorded_at,
    )  # fmt: skip
