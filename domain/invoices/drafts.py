"""Which drafts there are: of a customer, and those of a tenant that staff has to issue or to throw away."""

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, TenantId


async def drafts_of(db: Primary, customer: CustomerId, limit: int) -> list[InvoiceId]:
    """The customer's drafts, newest first: those of staff, and of a renewal that is in its hour."""
    rows = await db.fetch(
        """SELECT shard_key, id FROM invoice_draft
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY recorded_at DESC, id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
    )
    return [InvoiceId(row["shard_key"], row["id"]) for row in rows]


async def drafts_of_staff(
    db: Primary, tenant: TenantId, shard: int, limit: int
) -> list[tuple[CustomerId, InvoiceId]]:  # fmt: skip
    """Whose drafts on a shard key of the tenant wait for staff, the longest waiting first."""
    rows = await db.fetch(
        """SELECT shard_key, customer_id, id FROM invoice_draft
            WHERE shard_key = $1 AND tenant_id = $2 AND (reason = 'manual' OR reason LIKE 'replacement:%')
            ORDER BY recorded_at, id LIMIT $3""",
        shard,
        tenant.uuid,
        limit,
    )
    return [(CustomerId(row["shard_key"], row["customer_id"]), InvoiceId(row["shard_key"], row["id"])) for row in rows]
