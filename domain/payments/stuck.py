"""Payments whose outcome nobody knows: staff look at them while the provider is being asked; then they decide."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.db import Primary
from domain.ids import TenantId
from domain.payments.payment import Payment, from_row

SILENT_FOR = timedelta(minutes=5)  # a charge is answered in seconds and sent again by a worker within a minute


async def stuck_payments(
    db: Primary, tenant: TenantId, shard: int, now: datetime, limit: int, after: UUID | None = None
) -> list[Payment]:
    """The tenant's payments on the shard key that are unknown, or that no answer has reached for five minutes of wall
    time; oldest first, begun after that one.

    A bank that takes its days over a debit it accepted is not silent; what is an exception already stands there.
    """
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, invoice_id, attempt_number, currency, amount, method_id, provider_account,
                  provider_key, provider_ref, action_url, failure_code, failure_hard, sent_at, queries, captured,
                  refunds_reserved, disputes_reserved, posted_number, state, seq, happened_at, kind, means, reference,
                  capture_mode, authorized, capturable, released, returned, expires_at, expected_at, returnable_until,
                  asked, asked_total, asked_final, asked_code, asked_sent_at, asks
             FROM payment
            WHERE shard_key = $1 AND tenant_id = $2 AND state IN ('processing', 'unknown')
              AND (state = 'unknown' OR (provider_ref IS NULL AND recorded_at <= $3))
              AND NOT EXISTS (SELECT FROM exception_case e
                               WHERE e.shard_key = $1 AND e.subject = payment.id AND e.state <> 'resolved')
              AND ($5::uuid IS NULL OR id > $5)
            ORDER BY id LIMIT $4""",
        shard,
        tenant.uuid,
        now - SILENT_FOR,
        limit,
        after,
    )
    return [from_row(row) for row in rows]
