"""Subscriptions that could not renew for want of a price: what staff has to find one for."""

from domain.db import Primary
from domain.ids import CustomerId, SubscriptionId, TenantId


async def without_price(
    db: Primary, tenant: TenantId, shard: int, limit: int
) -> list[tuple[CustomerId, SubscriptionId]]:  # fmt: skip
    """Those of a shard key of the tenant, the longest waiting first. They give no access.

    Once there is a contract or a public price for its plan, currency and interval, one is resumed; or it is cancelled.
    """
    rows = await db.fetch(
        """SELECT shard_key, customer_id, id FROM subscription
            WHERE shard_key = $1 AND tenant_id = $2 AND pause_cause IS NOT NULL AND pause_cause = 'no_price'
              AND state = 'paused' ORDER BY paused_at, id LIMIT $3""",
        shard,
        tenant.uuid,
        limit,
    )
    return [(CustomerId(shard, row["customer_id"]), SubscriptionId(shard, row["id"])) for row in rows]
