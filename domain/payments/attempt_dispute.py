"""Answering a dispute at the provider and asking how it stands, outside any transaction; the rules are those of
``attempt``."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Actor
from domain.database import Database
from domain.ids import CustomerId, DisputeId
from domain.payments.attempt import QUERY_AFTER, UNAVAILABLE_AFTER
from domain.payments.dispute import ASK_DISPUTE, AnswerKind, Dispute, dispute
from domain.payments.evidence import answer_of
from domain.payments.gateway import (
    AnswerRefused,
    DisputeAnswer,
    DisputeFacts,
    DisputeFound,
    EvidenceRequest,
    Gateway,
    NotFound,
    Unavailable,
)
from domain.payments.settle_dispute import LOOK_AFTER, DisputeSettled, SettleDispute, settle_dispute
from domain.perform import perform
from domain.points import reached


@dataclass(frozen=True, slots=True)
class _Heard:
    answer: DisputeFound
    refused: str | None = None


async def attempt_dispute(
    db: Database, gateway: Gateway, actor: Actor, customer: CustomerId, id: DisputeId
) -> DisputeSettled | None:
    """Takes the dispute one step on with the provider; None where nothing is left to do or nothing was heard. Safe to
    call at any time."""
    sent = await db.marks.fetchval(
        """UPDATE dispute SET asked_sent_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND asked IS NOT NULL AND asked_sent_at IS NULL
            RETURNING id""",
        customer.shard, customer.uuid, id.uuid, db.clock.now(),
    )  # fmt: skip
    known = await dispute(db.primary, customer, id)
    if not known.is_open:
        return None
    reached("dispute.claimed")
    heard = await _ask(db, gateway, known, first=sent is not None)
    reached("dispute.answered")
    if not isinstance(heard.answer, DisputeFacts):
        await _ask_again(db, known, heard.answer)
        return None
    await _count(db, known, 0)  # also where the same was heard before, and nothing is performed
    settled = await _settle(db, actor, known, heard.answer, heard.refused)
    now = await dispute(db.primary, customer, id)
    if now.is_open and now.asks == known.asks:
        await _later(db, known, LOOK_AFTER if now.asked is None else QUERY_AFTER[0])
    return settled


async def _ask(db: Database, gateway: Gateway, known: Dispute, *, first: bool) -> _Heard:
    """What was asked is sent, again only where the provider still waits for it; it is safe under its own key."""
    if known.asked is None:
        return _Heard(await gateway.find_dispute(known.provider_ref))
    if not first:
        found = await gateway.find_dispute(known.provider_ref)
        if not isinstance(found, DisputeFacts) or found.status.value != known.state.name:
            return _Heard(found)
    answer = await _answer(db, gateway, known)
    if isinstance(answer, AnswerRefused):
        return _Heard(await gateway.find_dispute(known.provider_ref), answer.code)
    return _Heard(answer)


async def _answer(db: Database, gateway: Gateway, known: Dispute) -> DisputeAnswer:
    if known.asked is AnswerKind.ACCEPT:
        return await gateway.accept_dispute(answer_key(known), known.provider_ref)
    texts, files = await answer_of(db.primary, known.customer, known.id, known.asks)
    return await gateway.submit_evidence(EvidenceRequest(answer_key(known), known.provider_ref, texts, files))


def answer_key(known: Dispute) -> str:
    """The key at the provider of what was asked last: a repeated request answers nothing twice."""
    return hashlib.sha256(f"{known.id}|answer|{known.asks}".encode()).hexdigest()


async def _settle(
    db: Database, actor: Actor, known: Dispute, told: DisputeFacts, refused: str | None
) -> DisputeSettled:
    command = SettleDispute(
        known.payment, told.dispute_ref, told.status, told.money, told.fee, told.reason, told.due_at, refused
    )  # fmt: skip
    key = f"{told_key(known.id, known.state.seq, told)}:{known.asks}:{refused or ''}"
    return (await perform(db, settle_dispute, actor, known.customer, command, key)).outcome


def told_key(subject: object, seq: int, told: DisputeFacts) -> str:
    """One key per state that the news was met in and what it says, so that a repeated look performs nothing new."""
    return f"dispute:{subject}:{seq}:{told.status.value}:{told.fee.minor}:{_stamp(told.due_at)}"


def _stamp(at: datetime | None) -> str:
    return at.isoformat() if at else ""


async def _ask_again(db: Database, known: Dispute, answer: DisputeFound) -> None:
    if isinstance(answer, Unavailable):
        return await _later(db, known, answer.retry_after or UNAVAILABLE_AFTER)
    # Nobody else tells how a dispute stands where a webhook is lost, so it is asked about until it is over.
    missing = isinstance(answer, NotFound) or known.queries >= len(QUERY_AFTER)
    await _later(db, known, QUERY_AFTER[-1] if missing else QUERY_AFTER[known.queries])
    return await _count(db, known, known.queries + 1)


async def _count(db: Database, known: Dispute, queries: int) -> None:
    """How often the provider was asked in vain since it was last heard."""
    await db.marks.execute(
        """UPDATE dispute SET queries = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND queries <> $4""",
        known.customer.shard, known.customer.uuid, known.id.uuid, queries,
    )  # fmt: skip


async def _later(db: Database, known: Dispute, after: timedelta) -> None:
    work = await due.find(db.primary, known.customer, ASK_DISPUTE, known.id.uuid)
    if work is not None:
        await due.postpone(db.marks, work, db.clock.now() + after)
