"""Notices that nobody got, over all shard keys of a tenant."""

from domain.db import Primary
from domain.ids import TenantId
from domain.notices.notice import Notice, from_row


async def unsent_notices(db: Primary, tenant: TenantId, limit: int) -> list[Notice]:
    """At most so many of the tenant's that were refused for good or parked and not sent again, the oldest first."""
    rows = await db.fetch(
        """-- fanout
           SELECT n.shard_key, n.id, n.customer_id, n.tenant_id, n.cause, n.kind, n.copy, n.subject, n.invoice_id,
                  n.sending_at, n.first_tried_at, n.attempts, n.doubts, n.sent_at, n.reason, n.state, n.seq,
                  n.happened_at, n.recorded_at
             FROM notice n
             LEFT JOIN notice c ON c.shard_key = n.shard_key AND c.customer_id = n.customer_id AND c.cause = n.cause
                               AND c.kind = n.kind AND c.copy = n.copy + 1
            WHERE n.tenant_id = $1 AND n.state IN ('failed', 'parked') AND c.id IS NULL
            ORDER BY n.recorded_at, n.id LIMIT $2""",
        tenant.uuid,
        limit,
    )
    return [from_row(row) for row in rows]
