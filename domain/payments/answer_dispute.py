"""Answering a dispute, by evidence or by giving in: committed here, told to the provider right after the commit."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import STAFF, Grant
from domain.db import Tx
from domain.ids import DisputeId, PaymentId
from domain.operation import operation
from domain.payments.dispute import ASK_DISPUTE, AnswerKind, Dispute, dispute
from domain.payments.evidence import FileGiven, TextGiven, pieces_of, store_evidence
from domain.payments.pay_invoice import HEAD_START
from domain.refusals import RefusalCode, Refused

REASON_LENGTH = 500  # a sentence or two for the audit trail


@dataclass(frozen=True, slots=True)
class SubmitEvidence:
    """The whole answer to a dispute: it is given once."""

    dispute: DisputeId
    texts: tuple[TextGiven, ...]
    files: tuple[FileGiven, ...]


@dataclass(frozen=True, slots=True)
class DisputeAnswered:
    """The dispute, which waits for the provider to take the answer; ``hashes`` are those of what was said, in order."""

    dispute: DisputeId
    payment: PaymentId
    hashes: tuple[str, ...]


@operation("payments.submit_evidence", allowed=STAFF)
async def submit_evidence(tx: Tx, command: SubmitEvidence) -> DisputeAnswered:
    """Keeps the evidence and makes it due to be sent.

    NOT_FOUND; INVALID_INPUT for evidence that is none; STATE_CONFLICT for a dispute that is answered or decided.
    """
    pieces = pieces_of(command.texts, command.files)
    of = await dispute(tx, tx.customer, command.dispute)
    _require_unanswered(of, of.state.name == "open")
    await store_evidence(tx, of.id, of.asks + 1, pieces)
    await _ask(tx, of, AnswerKind.EVIDENCE)
    return DisputeAnswered(of.id, of.payment, tuple(piece.sha256.hex() for piece in pieces))


@dataclass(frozen=True, slots=True)
class AcceptDispute:
    """Giving in, and why."""

    dispute: DisputeId
    reason: str


@operation("payments.accept_dispute", allowed=STAFF - {Grant.SUPPORT}, moves_money=True)
async def accept_dispute(tx: Tx, command: AcceptDispute) -> DisputeAnswered:
    """Makes it due to tell the provider; the dispute is lost once the provider says so.

    NOT_FOUND; INVALID_INPUT without a reason; STATE_CONFLICT for one that is decided, or of which something is asked.
    """
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    of = await dispute(tx, tx.customer, command.dispute)
    _require_unanswered(of, of.is_open)
    await _ask(tx, of, AnswerKind.ACCEPT)
    return DisputeAnswered(of.id, of.payment, ())


def _require_unanswered(of: Dispute, is_waiting: bool) -> None:
    if not is_waiting or of.asked is not None:
        said = "is being answered" if of.asked is not None else f"is {of.state.name.replace('_', ' ')}"
        raise Refused(RefusalCode.STATE_CONFLICT, f"The dispute {said}.", ("disputeId",))


async def _ask(tx: Tx, of: Dispute, asked: AnswerKind) -> None:
    await tx.execute(
        """UPDATE dispute SET asked = $4, asked_sent_at = NULL, asks = asks + 1, queries = 0, refused_code = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        asked.value,
    )
    soon: datetime = tx.recorded_at + HEAD_START
    await due.schedule(tx, ASK_DISPUTE, of.id.uuid, soon, follows="wall")
    tx.emit("dispute.asked", dispute=of.id, payment=of.payment)
