"""Whose payment, receipt, refund or dispute an id names, for callers that see all customers of a tenant."""

from domain.db import Primary
from domain.ids import CustomerId, DisputeId, PaymentId, ReceiptId, RefundId, TenantId


async def payment_owner(db: Primary, tenant: TenantId, id: PaymentId) -> CustomerId | None:
    """The tenant's customer that has the payment of that id, or None."""
    found = await db.fetchval(
        "SELECT customer_id FROM payment WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None


async def receipt_owner(db: Primary, tenant: TenantId, id: ReceiptId) -> CustomerId | None:
    """The tenant's customer that has the receipt of that id, or None."""
    found = await db.fetchval(
        """SELECT r.customer_id FROM receipt r
             JOIN payment p ON p.shard_key = r.shard_key AND p.customer_id = r.customer_id AND p.id = r.payment_id
            WHERE r.shard_key = $1 AND r.id = $2 AND p.tenant_id = $3""",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None


async def refund_owner(db: Primary, tenant: TenantId, id: RefundId) -> CustomerId | None:
    """The tenant's customer that has the refund of that id, or None."""
    found = await db.fetchval(
        "SELECT customer_id FROM refund WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None


async def dispute_owner(db: Primary, tenant: TenantId, id: DisputeId) -> CustomerId | None:
    """The tenant's customer that has the dispute of that id, or None."""
    found = await db.fetchval(
        "SELECT customer_id FROM dispute WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None
