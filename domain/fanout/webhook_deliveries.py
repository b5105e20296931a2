"""Deliveries to tenants' endpoints over all shard keys: what is due, and what staff of a tenant look at."""

from datetime import datetime
from uuid import UUID

from domain.db import Primary, Replica
from domain.ids import TenantId, WebhookDeliveryId, WebhookEndpointId
from domain.webhooks.delivery import WebhookDelivery, delivery_from

OF_EACH = 10  # of an endpoint in one look: one that does not answer holds so many of a worker's places at most


async def deliveries_due(db: Primary, now: datetime) -> list[WebhookDeliveryId]:
    """What may be tried now and nobody tries, a few of each endpoint, so that no backlog of one hides the others.

    Whoever delivers one goes on with the next of its endpoint, so that this bounds places and not how fast it goes.
    """
    rows = await db.fetch(
        """-- fanout
           SELECT n.shard_key, n.id
             FROM (SELECT shard_key, id, due_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY due_at) AS place
                     FROM webhook_delivery
                    WHERE state = 'waiting' AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)) AS n
            WHERE n.place <= $2 ORDER BY n.due_at""",
        now,
        OF_EACH,
    )
    return [WebhookDeliveryId(row["shard_key"], row["id"]) for row in rows]


async def deliveries_of(
    db: Primary | Replica, tenant: TenantId, endpoint: WebhookEndpointId | None, state: str | None, limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[WebhookDelivery]:  # fmt: skip
    """At most ``limit`` of the tenant's deliveries, the newest first, that were written before the place."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, endpoint_id, kind, body, state, attempts, due_at, last_status, last_cause,
                  last_at, recorded_at
             FROM webhook_delivery
            WHERE tenant_id = $1 AND ($2::uuid IS NULL OR endpoint_id = $2) AND ($3::text IS NULL OR state = $3)
              AND ($4::timestamptz IS NULL OR (recorded_at, id) < ($4, $5::uuid))
            ORDER BY recorded_at DESC, id DESC LIMIT $6""",
        tenant.uuid,
        endpoint.uuid if endpoint else None,
        state,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [delivery_from(row) for row in rows]


async def count_deliveries(
    db: Primary | Replica, tenant: TenantId, endpoint: WebhookEndpointId | None, state: str | None, cap: int
) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (SELECT 1 AS one FROM webhook_delivery
                                  WHERE tenant_id = $1 AND ($2::uuid IS NULL OR endpoint_id = $2)
                                    AND ($3::text IS NULL OR state = $3) LIMIT $4) AS n""",
        tenant.uuid,
        endpoint.uuid if endpoint else None,
        state,
        cap,
    )
    return count
