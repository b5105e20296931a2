"""Performing what a provider says of a dispute: opened where nobody had heard of it, and moved forward."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import DisputeId, InvoiceId, PaymentId
from domain.money import Money
from domain.operation import operation
from domain.payments.book_dispute import book_fee, book_lost, book_opened, book_won, cover_excess, uncovered
from domain.payments.dispute import ASK_DISPUTE, DISPUTE, AnswerKind, Dispute, dispute, dispute_of
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.dispute_policy import dispute_policy
from domain.payments.payment import OFFLINE, Payment, payment
from domain.payments.provider_reference import Thing, claim_reference
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused

LOOK_AFTER = timedelta(days=1)  # a webhook later than this is taken for lost and the provider is asked
ANSWER_IN = timedelta(days=7)  # where a provider does not say until when: the shortest that card networks give
REASON_LENGTH = 200  # a provider's word for a reason, far above any

_MOVES = {DisputeStatus.EVIDENCE_SUBMITTED: "submit", DisputeStatus.WON: "win", DisputeStatus.LOST: "lose"}


@dataclass(frozen=True, slots=True)
class SettleDispute:
    """What the provider says of a dispute of the payment; ``refused`` is why it did not take our answer, if it did not.

    ``fee`` is what the dispute has cost so far.
    """

    payment: PaymentId
    provider_ref: str
    status: DisputeStatus
    money: Money
    fee: Money
    reason: str
    due_at: datetime | None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeSettled:
    """Where the dispute stands now."""

    dispute: DisputeId
    payment: PaymentId
    invoice: InvoiceId
    state: str


@operation("payments.settle_dispute", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def settle_dispute(tx: Tx, command: SettleDispute) -> DisputeSettled:
    """Applies what moves the dispute forward; what is stale or repeated changes nothing, so any order ends equal.

    NOT_FOUND; CURRENCY_MISMATCH; INVALID_AMOUNT for another amount than was told before; STATE_CONFLICT for a payment
    that no provider was part of; ALREADY_EXISTS where the provider calls another customer's dispute so.
    """
    of = await payment(tx, tx.customer, command.payment)
    known = await dispute_of(tx, tx.customer, of.provider_account, command.provider_ref)
    _check(of, known, command)
    before = known or await _open(tx, of, command)
    after = await _moved(tx, before, command)
    if after.state == before.state and not _is_behind(before, command):
        after = await _answered(tx, before, command)
    await _store(tx, after)
    if after.state.name == "won" and after.state != before.state:
        await cover_excess(tx, of.id)
    await withhold(tx, of.invoice)
    return DisputeSettled(after.id, of.id, of.invoice, after.state.name)


def _check(of: Payment, known: Dispute | None, command: SettleDispute) -> None:
    if of.kind == OFFLINE:
        raise Refused(RefusalCode.STATE_CONFLICT, "What staff recorded is in no provider's books.", ("paymentId",))
    if {command.money.currency, command.fee.currency} != {of.amount.currency}:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The payment is in {of.amount.currency}.", ("money",))
    if command.money.minor <= 0 or command.fee.minor < 0 or (known and known.amount != command.money):
        raise Refused(RefusalCode.INVALID_AMOUNT, "A dispute is of more than nothing, and stays that.", ("money",))


async def _open(tx: Tx, of: Payment, command: SettleDispute) -> Dispute:
    id = tx.new_id(DisputeId)
    state = await DISPUTE.begin(tx, tx.customer, id.uuid, "open")
    covered = await book_opened(tx, of, id, command.money)
    rules = await dispute_policy(tx, tx.head.tenant)
    await claim_reference(tx, Thing.DISPUTE, of.provider_account, command.provider_ref, id.uuid)
    await tx.execute(
        """INSERT INTO dispute (shard_key, id, tenant_id, customer_id, payment_id, provider_account, provider_ref,
               currency, amount, covered, fee, reason, due_at, on_open, state, seq, happened_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13, $14, $15, $16, $17)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.id.uuid, of.provider_account,
        command.provider_ref, str(command.money.currency), command.money.minor, covered.minor,
        command.reason[:REASON_LENGTH], command.due_at or tx.recorded_at + ANSWER_IN, rules.on_open.value,
        state.name, state.seq, tx.now, tx.recorded_at,
    )  # fmt: skip
    await due.schedule(tx, ASK_DISPUTE, id.uuid, tx.recorded_at + LOOK_AFTER, follows="wall")
    tx.emit("dispute.opened", dispute=id, payment=of.id, invoice=of.invoice)
    opened = await dispute(tx, tx.customer, id)
    await book_fee(tx, opened, command.fee)
    return replace(opened, fee=command.fee)


async def _moved(tx: Tx, before: Dispute, command: SettleDispute) -> Dispute:
    event = _MOVES.get(command.status)
    if event == "win" and before.state.name == "lost":
        event = "win_late"
    if event is None or not DISPUTE.allows(before.state.name, event):
        return before
    told = await _fee(tx, before, command)
    if event == "submit":
        told = replace(told, asked=None if told.asked is AnswerKind.EVIDENCE else told.asked, refused_code=None)
    else:
        told = await _closed(tx, told, won=event != "lose")
    return replace(told, state=await DISPUTE.move(tx, tx.customer, before.id.uuid, before.state, event))


async def _closed(tx: Tx, of: Dispute, *, won: bool) -> Dispute:
    await due.finish(tx, ASK_DISPUTE, of.id.uuid)
    paid = await payment(tx, tx.customer, of.payment)
    tx.emit("dispute.won" if won else "dispute.lost", dispute=of.id, payment=of.payment, invoice=paid.invoice)
    closed = replace(of, asked=None, closed_at=tx.now)
    if won:
        await book_won(tx, of)
        return replace(uncovered(closed), on_lost=None, refused_code=None)
    await book_lost(tx, of)
    return replace(closed, on_lost=(await dispute_policy(tx, tx.head.tenant)).on_lost)


def _is_behind(before: Dispute, command: SettleDispute) -> bool:
    """Whether the news is older than what is known."""
    return before.state.name != command.status.value


async def _answered(tx: Tx, before: Dispute, command: SettleDispute) -> Dispute:
    """News of where it stands already: of its fee, and of an answer that the provider did not take."""
    told = await _fee(tx, before, command)
    if command.refused is None or told.asked is None:
        return told
    tx.emit("dispute.answer_refused", dispute=before.id, payment=before.payment)
    return replace(told, asked=None, refused_code=command.refused[:REASON_LENGTH])


async def _fee(tx: Tx, before: Dispute, command: SettleDispute) -> Dispute:
    await book_fee(tx, before, command.fee)
    return replace(before, fee=command.fee, due_at=command.due_at or before.due_at)


async def _store(tx: Tx, of: Dispute) -> None:
    await tx.execute(
        """UPDATE dispute SET covered = $4, fee = $5, due_at = $6, on_lost = $7, asked = $8, queries = 0,
                  asked_sent_at = CASE WHEN $8::text IS NOT NULL THEN asked_sent_at END, refused_code = $9, state = $10,
                  seq = $11, closed_at = $12
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, of.covered.minor, of.fee.minor, of.due_at,
        of.on_lost.value if of.on_lost else None, of.asked.value if of.asked else None, of.refused_code, of.state.name,
        of.state.seq, of.closed_at,
    )  # fmt: skip
