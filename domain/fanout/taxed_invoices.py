"""Which issued invoices a corrected tax rate may concern, over all shard keys of a tenant."""

from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, TenantId


async def invoices_taxed_in(
    db: Primary, tenant: TenantId, country: str, since: datetime, until: datetime | None,
    after: tuple[CustomerId, InvoiceId] | None, limit: int,
) -> list[tuple[CustomerId, InvoiceId]]:  # fmt: skip
    """Invoices that bore a tax of the country and were issued in the span, void ones left out, by shard key and id.

    More than a correction changes: a new category or region may meet any of them, and ``difference`` tells. The next
    page begins after the last of this one.
    """
    rows = await db.fetch(
        """-- fanout
           SELECT i.shard_key, i.customer_id, i.id
             FROM invoice i
            WHERE i.tenant_id = $1 AND i.issued_at >= $3 AND ($4::timestamptz IS NULL OR i.issued_at < $4)
              AND i.state <> 'void' AND (i.shard_key, i.id) > ($5, $6)
              AND EXISTS (SELECT FROM invoice_tax t JOIN tax_rate r ON r.id = t.rate_id
                           WHERE t.shard_key = i.shard_key AND t.invoice_id = i.id AND r.country = $2)
            ORDER BY i.shard_key, i.id LIMIT $7""",
        tenant.uuid,
        country,
        since,
        until,
        after[1].shard if after else -1,
        after[1].uuid if after else tenant.uuid,
        limit,
    )
    return [(CustomerId(row["shard_key"], row["customer_id"]), InvoiceId(row["shard_key"], row["id"])) for row in rows]
