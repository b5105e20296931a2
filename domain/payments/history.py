"""A customer's payments, newest first, page by page, from the replica."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.db import Replica
from domain.ids import CustomerId
from domain.payments.payment import Payment, from_row


async def payment_history(
    db: Replica, customer: CustomerId, limit: int, after: tuple[datetime, UUID] | None = None
) -> Sequence[Payment]:
    """At most ``limit`` payments begun before the one that ``after`` names (its instant and id)."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, invoice_id, attempt_number, currency, amount, method_id, provider_account,
                  provider_key, provider_ref, action_url, failure_code, failure_hard, sent_at, queries, captured,
                  refunds_reserved, disputes_reserved, posted_number, state, seq, happened_at, kind, means, reference,
                  capture_mode, authorized, capturable, released, returned, expires_at, expected_at, returnable_until,
                  asked, asked_total, asked_final, asked_code, asked_sent_at, asks
             FROM payment
            WHERE shard_key = $1 AND customer_id = $2
              AND ($4::timestamptz IS NULL OR (happened_at, id) < ($4::timestamptz, $5::uuid))
            ORDER BY happened_at DESC, id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
        after[0] if after else None,
        after[1] if after else None,
    )
    return [from_row(row) for row in rows]


async def count_payments(db: Replica, customer: CustomerId, cap: int) -> int:
    """How many payments a customer has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM payment
                                  WHERE shard_key = $1 AND customer_id = $2 LIMIT $3) AS p""",
        customer.shard,
        customer.uuid,
        cap,
    )
    return count
