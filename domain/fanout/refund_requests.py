"""The support desk's queue: what waits for another person, over all shard keys of a tenant."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import TenantId
from domain.payments.refund import Refund, refund_from
from domain.payments.refund_request import RefundAsked, asked_from


@dataclass(frozen=True, slots=True)
class Waiting:
    """A refund that awaits approval, and what was asked for it."""

    refund: Refund
    asked: RefundAsked


async def waiting_refunds(
    db: Primary, tenant: TenantId, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Waiting]:
    """At most ``limit`` of them, the longest waiting first, that were asked for after the place."""
    rows = await db.fetch(
        """-- fanout
           SELECT q.shard_key, q.refund_id, q.customer_id, q.asked_by, q.needs, q.needed_for, q.expires_at,
                  q.recorded_at, q.decision, q.decided_by, q.decided_why, q.decided_at, r.id, r.payment_id, r.currency,
                  r.amount, r.reason, r.provider_key, r.provider_ref, r.failure_code, r.sent_at, r.queries,
                  r.posted_number, r.state, r.seq, r.happened_at, r.means, r.of_invoice_id
             FROM refund_request q
             JOIN refund r ON r.shard_key = q.shard_key AND r.id = q.refund_id
            WHERE q.tenant_id = $1 AND q.decision IS NULL
              AND ($2::timestamptz IS NULL OR (q.recorded_at, q.refund_id) > ($2, $3::uuid))
            ORDER BY q.recorded_at, q.refund_id LIMIT $4""",
        tenant.uuid,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [Waiting(refund_from(row), asked_from(row)) for row in rows]


async def count_waiting_refunds(db: Primary, tenant: TenantId, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (SELECT 1 AS one FROM refund_request
                                  WHERE tenant_id = $1 AND decision IS NULL LIMIT $2) AS n""",
        tenant.uuid,
        cap,
    )
    return count
