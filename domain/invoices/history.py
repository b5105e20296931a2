"""A customer's invoices, newest first, page by page, from the replica."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.db import Replica
from domain.ids import CustomerId
from domain.invoices.invoice import Invoice, from_row


async def invoice_history(
    db: Replica, customer: CustomerId, limit: int, after: tuple[datetime, UUID] | None = None
) -> Sequence[Invoice]:
    """At most ``limit`` invoices issued before the one that ``after`` names (its instant and id)."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason, period_start,
                  period_end, number_text, currency, total, tax, credited, noted, paid, written_off, voided, due,
                  posted_number, state, seq, issued_at, due_at, collection, purchase_order,
                  recorded_at
             FROM invoice
            WHERE shard_key = $1 AND customer_id = $2
              AND ($4::timestamptz IS NULL OR (issued_at, id) < ($4::timestamptz, $5::uuid))
            ORDER BY issued_at DESC, id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
        after[0] if after else None,
        after[1] if after else None,
    )
    return [from_row(row) for row in rows]


async def count_invoices(db: Replica, customer: CustomerId, cap: int) -> int:
    """How many invoices a customer has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM invoice
                                  WHERE shard_key = $1 AND customer_id = $2 LIMIT $3) AS i""",
        customer.shard,
        customer.uuid,
        cap,
    )
    return count
