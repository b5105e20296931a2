"""Whose invoice or credit note an id names, for callers that see all customers of a tenant."""

from domain.db import Primary
from domain.ids import CreditNoteId, CustomerId, InvoiceId, TenantId


async def invoice_owner(db: Primary, tenant: TenantId, id: InvoiceId) -> CustomerId | None:
    """The tenant's customer that has the invoice of that id, or None."""
    found = await db.fetchval(
        "SELECT customer_id FROM invoice WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None


async def credit_note_owner(db: Primary, tenant: TenantId, id: CreditNoteId) -> CustomerId | None:
    """The tenant's customer that has the credit note of that id, or None."""
    found = await db.fetchval(
        "SELECT customer_id FROM credit_note WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None
