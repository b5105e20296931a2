"""Notices: one row for each thing that a customer is told by e-mail. A row holds ids and words of ours alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.db import Primary, Replica, Row, Tx
from domain.ids import CustomerId, InvoiceId, NoticeId, TenantId
from domain.machine import Machine, State
from domain.notices.kind import Kind
from domain.refusals import RefusalCode, Refused

NOTICE = Machine(
    "notice",
    {
        ("new", "queue"): "due",
        ("due", "send"): "sent",
        ("due", "fail"): "failed",  # the mail server refused it for good
        ("due", "park"): "parked",  # no mail server took it in time, or nobody knows
        ("due", "suppress"): "suppressed",  # nobody could or should be told any more
    },
)
SEND_NOTICE = "send_notice"  # the due work whose subject is a notice


class Suppressed(StrEnum):
    """Why a notice was not sent at all."""

    ERASED = "erased"  # nobody is there any more to be told
    BAD_ADDRESS = "bad_address"  # no mail can be addressed so, or no address is known
    OUTDATED = "outdated"  # what it would have told is not so any more
    SWITCHED_OFF = "switched_off"  # its kind was switched off after it was queued


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice. ``cause`` is the number of the event that it tells of; a ``copy`` above 0 is one that was sent again.

    ``subject`` is the id of what it is about: an invoice, receipt, payment, refund, subscription, method or dunning
    case, by kind. ``reason`` says why it was not sent, ``sending_at`` when it was tried last, in wall time. ``doubts``
    counts the tries of which nobody knows whether a message left.
    """

    id: NoticeId
    customer: CustomerId
    tenant: TenantId
    cause: int
    kind: Kind
    copy: int
    subject: UUID
    invoice: InvoiceId | None
    sending_at: datetime | None
    first_tried_at: datetime | None
    attempts: int
    doubts: int
    sent_at: datetime | None
    reason: str | None
    state: State
    happened_at: datetime
    recorded_at: datetime


def from_row(row: Row) -> Notice:
    """The notice of a row that selects all its columns."""
    shard, invoice = row["shard_key"], row["invoice_id"]
    return Notice(
        id=NoticeId(shard, row["id"]),
        customer=CustomerId(shard, row["customer_id"]),
        tenant=TenantId(row["tenant_id"]),
        cause=row["cause"],
        kind=Kind(row["kind"]),
        copy=row["copy"],
        subject=row["subject"],
        invoice=InvoiceId(shard, invoice) if invoice else None,
        sending_at=row["sending_at"],
        first_tried_at=row["first_tried_at"],
        attempts=row["attempts"],
        doubts=row["doubts"],
        sent_at=row["sent_at"],
        reason=row["reason"],
        state=State(row["state"], row["seq"]),
        happened_at=row["happened_at"],
        recorded_at=row["recorded_at"],
    )


async def notice(db: Primary, customer: CustomerId, id: NoticeId) -> Notice:
    """The customer's notice of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, tenant_id, cause, kind, copy, subject, invoice_id, sending_at,
                  first_tried_at, attempts, doubts, sent_at, reason, state, seq, happened_at, recorded_at
             FROM notice WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such notice.", ("noticeId",))
    return from_row(row)


async def notice_history(
    db: Replica, customer: CustomerId, limit: int, after: tuple[datetime, UUID] | None = None
) -> Sequence[Notice]:
    """The customer's notices, newest first: at most ``limit`` before the one that ``after`` names."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, tenant_id, cause, kind, copy, subject, invoice_id, sending_at,
                  first_tried_at, attempts, doubts, sent_at, reason, state, seq, happened_at, recorded_at
             FROM notice
            WHERE shard_key = $1 AND customer_id = $2
              AND ($4::timestamptz IS NULL OR (recorded_at, id) < ($4::timestamptz, $5::uuid))
            ORDER BY recorded_at DESC, id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
        after[0] if after else None,
        after[1] if after else None,
    )
    return [from_row(row) for row in rows]


async def count_notices(db: Replica, customer: CustomerId, cap: int) -> int:
    """How many notices a customer has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM notice
                                  WHERE shard_key = $1 AND customer_id = $2 LIMIT $3) AS n""",
        customer.shard,
        customer.uuid,
        cap,
    )
    return count


async def insert_notice(
    tx: Tx, kind: Kind, cause: int, copy: int, subject: UUID, invoice: InvoiceId | None
) -> NoticeId:
    """Writes a notice that is due; a second one of the same event, kind and copy breaks a unique key."""
    id = tx.new_id(NoticeId)
    state = await NOTICE.begin(tx, tx.customer, id.uuid, "queue")
    await tx.execute(
        """INSERT INTO notice (shard_key, id, tenant_id, customer_id, cause, kind, copy, subject, invoice_id, attempts,
               doubts, state, seq, happened_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $12, $13)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, cause, kind.value, copy, subject,
        invoice.uuid if invoice else None, state.name, state.seq, tx.now, tx.recorded_at,
    )  # fmt: skip
    return id
