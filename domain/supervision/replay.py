"""Doing again what was given up, as staff ask for it: the work is put back under its old key, and is done like any."""

from dataclasses import dataclass

from domain import due, outbox
from domain.actor import Grant
from domain.db import Tx
from domain.dead_letter import buried_event, buried_work, find, mark_replayed
from domain.ids import DeadLetterId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

REPLAYERS = frozenset({Grant.FINANCE, Grant.ADMIN})  # as for exceptions: what is done again may charge somebody
REASON_LENGTH = 500  # a sentence or two for the audit trail


@dataclass(frozen=True, slots=True)
class ReplayDeadLetter:
    """The letter, and why it may go well now."""

    letter: DeadLetterId
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetterReplayed:
    """The letter, and the kind of work it holds."""

    letter: DeadLetterId
    kind: str


@operation("supervision.replay_dead_letter", allowed=REPLAYERS, moves_money=True)
async def replay_dead_letter(tx: Tx, command: ReplayDeadLetter) -> DeadLetterReplayed:
    """NOT_FOUND; INVALID_INPUT for a reason that is none; STATE_CONFLICT for one that was replayed. What fails again
    too often is another letter."""
    letter = await find(tx, command.letter) if command.letter.shard == tx.customer.shard else None
    if letter is None or letter.customer != tx.customer:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such letter.", ("deadLetterId",))
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    if letter.replayed_at is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This letter was replayed already.", ("deadLetterId",))
    if letter.source == "due":
        await due.restore(tx, buried_work(letter))
    else:
        await outbox.restore(tx, buried_event(letter))
    await mark_replayed(tx, letter, tx.recorded_at)
    return DeadLetterReplayed(letter.id, letter.kind)
