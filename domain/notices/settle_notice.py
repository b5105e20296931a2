"""Performing what came of a notice: it was sent, refused, parked, or not sent at all."""

from dataclasses import dataclass
from enum import StrEnum

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import NoticeId
from domain.notices.notice import NOTICE, SEND_NOTICE, notice
from domain.operation import operation


class Outcome(StrEnum):
    """What came of it, as the event of its machine."""

    SENT = "send"
    FAILED = "fail"
    PARKED = "park"
    SUPPRESSED = "suppress"


@dataclass(frozen=True, slots=True)
class SettleNotice:
    """A notice and what came of it; ``reason`` is a word of ours or the mail server's code, None where it was sent."""

    notice: NoticeId
    outcome: Outcome
    reason: str | None


@dataclass(frozen=True, slots=True)
class NoticeStands:
    """Where the notice stands now."""

    notice: NoticeId
    state: str


@operation("notices.settle", allowed=frozenset({Grant.SYSTEM}))
async def settle_notice(tx: Tx, command: SettleNotice) -> NoticeStands:
    """Moves the notice, whose due work is over; one that stands elsewhere already stays there."""
    of = await notice(tx, tx.customer, command.notice)
    await due.finish(tx, SEND_NOTICE, of.id.uuid)
    if not NOTICE.allows(of.state.name, command.outcome.value):
        return NoticeStands(of.id, of.state.name)
    state = await NOTICE.move(tx, tx.customer, of.id.uuid, of.state, command.outcome.value)
    await tx.execute(
        """UPDATE notice SET state = $4, seq = $5, reason = $6, sent_at = $7
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        state.name,
        state.seq,
        command.reason,
        tx.recorded_at if command.outcome is Outcome.SENT else None,
    )
    return NoticeStands(of.id, state.name)
