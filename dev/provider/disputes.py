"""Disputes: the cardholder takes money back, the merchant answers with evidence or gives in, and somebody decides."""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from msgspec.structs import replace

from dev.provider import records
from dev.provider.events import emit
from dev.provider.records import Dispute, Evidence, Payment, new_id, save
from dev.provider.refusals import Refusal, Why
from dev.provider.settlements import DISPUTE_FEE_MINOR, add_line
from dev.provider.store import moment
from dev.provider.timers import start_timer, stop_timer

DISPUTED: Final = "disputed"  # the outcome of a payment's timer after which its cardholder disputes it
UNANSWERED: Final = "unanswered"  # the outcome of a dispute's timer: its time for evidence is over
TIME_TO_ANSWER: Final = timedelta(days=7)  # card networks give one to three weeks; the shorter keeps people awake

Outcome = Literal["won", "lost"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a cardholder wants back (None: all that is left), why, and how long it can be answered (None: a week)."""

    payment: str
    amount_minor: int | None = None
    reason: str = "fraudulent"
    answer_ms: int | None = None


def left_of(payment: Payment) -> int:
    """What of a payment can still be refunded or disputed."""
    return payment.captured_minor - payment.refunded_minor - payment.disputed_minor


def open_dispute(db: sqlite3.Connection, claim: Claim) -> Dispute:
    """The money leaves the merchant's balance at once, with the flat fee; EXCEEDS_CAPTURED beyond what is left."""
    payment = records.get(db, Payment, claim.payment)
    amount = left_of(payment) if claim.amount_minor is None else claim.amount_minor
    if payment.status != "succeeded" or not 0 < amount <= left_of(payment):
        raise Refusal(Why.EXCEEDS_CAPTURED, "more than is left of the payment")
    now = moment()
    patience = TIME_TO_ANSWER if claim.answer_ms is None else timedelta(milliseconds=claim.answer_ms)
    dispute = Dispute(
        id=new_id(Dispute),
        payment=payment.id,
        reference=payment.reference,
        method=payment.method,
        amount_minor=amount,
        fee_minor=DISPUTE_FEE_MINOR,
        currency=payment.currency,
        reason=claim.reason,
        metadata=payment.metadata,
        status="open",
        due_at=now + patience,
        created_at=now,
    )
    save(db, replace(payment, disputed_minor=payment.disputed_minor + amount))
    add_line(db, "dispute", dispute.id, payment, -amount, DISPUTE_FEE_MINOR)
    start_timer(db, dispute.id, UNANSWERED, int(patience.total_seconds() * 1000))
    return _told(db, dispute, "opened")


def submit_evidence(db: sqlite3.Connection, dispute_id: str, evidence: tuple[Evidence, ...]) -> Dispute:
    """The merchant's answer, given once; NOT_WAITING for a dispute that is answered or decided, or out of time."""
    dispute = records.get(db, Dispute, dispute_id)
    if dispute.status != "open":
        raise Refusal(Why.NOT_WAITING, f"the dispute is {dispute.status}")
    stop_timer(db, dispute.id)
    return _told(db, replace(dispute, status="evidence_submitted", evidence=evidence), "evidence_submitted")


def accept_dispute(db: sqlite3.Connection, dispute_id: str) -> Dispute:
    """The merchant gives in: the dispute is lost."""
    return decide(db, dispute_id, "lost")


def decide(
    db: sqlite3.Connection, dispute_id: str, outcome: Outcome, *, fee_back: bool = False, again: bool = False
) -> Dispute:
    """End a dispute; a won one brings the money back, and the fee where the scheme is generous.

    A decision stands; only one that was lost can still be won, when the cardholder's bank thinks ``again``.
    """
    dispute = records.get(db, Dispute, dispute_id)
    thinks_again = again and (dispute.status, outcome) == ("lost", "won")
    if dispute.status in ("won", "lost") and not thinks_again:
        raise Refusal(Why.NOT_WAITING, f"the dispute is {dispute.status}")
    stop_timer(db, dispute.id)
    fee = 0 if fee_back else dispute.fee_minor
    if outcome == "won":
        payment = records.get(db, Payment, dispute.payment)
        save(db, replace(payment, disputed_minor=payment.disputed_minor - dispute.amount_minor))
        add_line(db, "dispute_reversal", dispute.id, payment, dispute.amount_minor, fee - dispute.fee_minor)
        dispute = replace(dispute, fee_minor=fee)
    return _told(db, replace(dispute, status=outcome), outcome)


def settle_dispute(db: sqlite3.Connection, dispute_id: str, outcome: str | None) -> Dispute:
    """End a dispute as told, or as its timer says: without an answer it is lost."""
    if outcome in ("won", "lost"):
        return decide(db, dispute_id, "won" if outcome == "won" else "lost")
    if outcome is not None:
        raise Refusal(Why.INVALID_REQUEST, "a dispute is won or lost")
    return decide(db, dispute_id, "lost")


def _told(db: sqlite3.Connection, dispute: Dispute, what: str) -> Dispute:
    emit(db, f"dispute.{what}", save(db, dispute))
    return dispute
