"""Queueing: an event of the outbox, or a member of staff, has a notice written and makes it due."""

from dataclasses import dataclass
from uuid import UUID

from domain import due
from domain.actor import STAFF, Grant
from domain.db import Tx
from domain.ids import InvoiceId, NoticeId, PaymentId
from domain.notices.kind import Kind
from domain.notices.notice import SEND_NOTICE, insert_notice, notice
from domain.notices.policy import notice_policy
from domain.operation import operation
from domain.payments.payment import payment
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class QueueNotice:
    """Something that happened, by the number of its event; ``payment`` finds the invoice where none is named."""

    cause: int
    kind: Kind
    subject: UUID
    invoice: InvoiceId | None
    payment: PaymentId | None


@dataclass(frozen=True, slots=True)
class NoticeQueued:
    """The notice; None where nobody is told of that."""

    notice: NoticeId | None


@operation("notices.queue", allowed=frozenset({Grant.SYSTEM}), moves_money=True)  # no money: an event is told for ever
async def queue_notice(tx: Tx, command: QueueNotice) -> NoticeQueued:
    """Writes the notice and makes it due now, in wall time; nothing where its kind is switched off."""
    if command.kind in (await notice_policy(tx, tx.head.legal_entity)).switched_off:
        return NoticeQueued(None)
    invoice = command.invoice
    if invoice is None and command.payment is not None:
        invoice = (await payment(tx, tx.customer, command.payment)).invoice
    id = await insert_notice(tx, command.kind, command.cause, 0, command.subject, invoice)
    await due.schedule(tx, SEND_NOTICE, id.uuid, tx.recorded_at, follows="wall")
    return NoticeQueued(id)


@dataclass(frozen=True, slots=True)
class ResendNotice:
    """A notice that is to be sent again, and why."""

    notice: NoticeId
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeSentAgain:
    """The notice that goes now in its place; it tells what is so now."""

    notice: NoticeId


@operation("notices.resend", allowed=STAFF | {Grant.SYSTEM})
async def resend_notice(tx: Tx, command: ResendNotice) -> NoticeSentAgain:
    """Queues a copy. NOT_FOUND for another customer's; STATE_CONFLICT while it or a copy is still to be sent."""
    of = await notice(tx, tx.customer, command.notice)
    newest = await tx.fetchrow(
        """SELECT copy, state FROM notice WHERE shard_key = $1 AND customer_id = $2 AND cause = $3 AND kind = $4
            ORDER BY copy DESC LIMIT 1""",
        tx.customer.shard, tx.customer.uuid, of.cause, of.kind.value,
    )  # fmt: skip
    assert newest is not None, "it is one of them itself"
    if newest["state"] == "due":
        raise Refused(RefusalCode.STATE_CONFLICT, "The notice is on its way.", ("noticeId",))
    id = await insert_notice(tx, of.kind, of.cause, newest["copy"] + 1, of.subject, of.invoice)
    await due.schedule(tx, SEND_NOTICE, id.uuid, tx.recorded_at, follows="wall")
    return NoticeSentAgain(id)
