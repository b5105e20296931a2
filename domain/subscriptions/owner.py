"""Whose subscription an id names, for callers that see all customers of a tenant."""

from domain.db import Primary
from domain.ids import CustomerId, SubscriptionId, TenantId


async def subscription_owner(db: Primary, tenant: TenantId, id: SubscriptionId) -> CustomerId | None:
    """The tenant's customer that has the subscription of that id, or None."""
    found = await db.fetchval(
        "SELECT customer_id FROM subscription WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return CustomerId(id.shard, found) if found else None
