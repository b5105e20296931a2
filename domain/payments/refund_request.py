"""What is asked for and waits for another person: who asked, who may decide, until when, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.ids import CustomerId, RefundId
from domain.payments.refund_approval import Approver, Because


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """A request for approval; ``decision`` None while it waits. People are named as the audit trail names them."""

    refund: RefundId
    customer: CustomerId
    asked_by: str
    needs: Approver
    because: Because
    asked_at: datetime
    expires_at: datetime
    decision: str | None
    decided_by: str | None
    decided_why: str | None
    decided_at: datetime | None


def asked_from(row: Row) -> RefundAsked:
    """The request of a row that selects all its columns."""
    shard = row["shard_key"]
    return RefundAsked(
        refund=RefundId(shard, row["refund_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        asked_by=row["asked_by"],
        needs=Approver(row["needs"]),
        because=Because(row["needed_for"]),
        asked_at=row["recorded_at"],
        expires_at=row["expires_at"],
        decision=row["decision"],
        decided_by=row["decided_by"],
        decided_why=row["decided_why"],
        decided_at=row["decided_at"],
    )


async def refund_asked(db: Primary, id: RefundId) -> RefundAsked:
    """The request that the refund began with; every refund that awaits approval has one."""
    (asked,) = (await refunds_asked(db, id.shard, [id])).values()
    return asked


async def refunds_asked(db: Primary, shard: int, ids: Sequence[RefundId]) -> dict[RefundId, RefundAsked]:
    """The requests of those of the refunds that needed approval; all are on one shard key."""
    rows = await db.fetch(
        """SELECT shard_key, refund_id, customer_id, asked_by, needs, needed_for, expires_at, recorded_at, decision,
                  decided_by, decided_why, decided_at
             FROM refund_request WHERE shard_key = $1 AND refund_id = ANY ($2::uuid[])""",
        shard,
        [id.uuid for id in ids],
    )
    return {each.refund: each for each in map(asked_from, rows)}
