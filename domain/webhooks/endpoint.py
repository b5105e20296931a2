"""Where a tenant's own systems listen, for which kinds of events, and the secrets that sign what is sent there."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.db import Primary, Row
from domain.ids import CustomerId, TenantId, WebhookEndpointId
from domain.vault import Vault

PREFIX: Final = "whsec_"  # how Standard Webhooks 1.0.0 writes a symmetric secret


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An endpoint; ``sandbox`` ones hear of sandbox customers alone, the others of those who are billed.

    The secret before the current one signs beside it until ``previous_until``.
    """

    id: WebhookEndpointId
    tenant: TenantId
    sandbox: bool
    url: str
    kinds: tuple[str, ...]
    active: bool
    secret_version: int
    previous_until: datetime | None
    recorded_at: datetime

    def secrets(self, vault: Vault, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the current one first; none is stored, each follows from the house's key."""
        both = self.previous_until is not None and now < self.previous_until
        return tuple(self.secret(vault, self.secret_version - back) for back in ((0, 1) if both else (0,)))

    def secret(self, vault: Vault, version: int) -> str:
        """The secret of that number, as the other side's library takes it."""
        raw = bytes.fromhex(vault.token("webhook-secret", f"{self.id}:{version}"))
        return PREFIX + base64.b64encode(raw).decode()


def endpoint_from(row: Row) -> WebhookEndpoint:
    """The endpoint of a row that selects all its columns."""
    return WebhookEndpoint(
        WebhookEndpointId(row["id"]),
        TenantId(row["tenant_id"]),
        row["sandbox"],
        row["url"],
        tuple(row["kinds"]),
        row["active"],
        row["secret_version"],
        row["previous_until"],
        row["recorded_at"],
    )


async def webhook_endpoints(db: Primary, tenant: TenantId) -> list[WebhookEndpoint]:
    """All endpoints of the tenant, the oldest first."""
    rows = await db.fetch(
        """SELECT id, tenant_id, sandbox, url, kinds, active, secret_version, previous_until, recorded_at
             FROM webhook_endpoint WHERE tenant_id = $1 ORDER BY recorded_at, id""",
        tenant.uuid,
    )
    return [endpoint_from(row) for row in rows]


async def webhook_endpoint(db: Primary, id: WebhookEndpointId) -> WebhookEndpoint | None:
    """The endpoint of that id, whosever it is."""
    row = await db.fetchrow(
        """SELECT id, tenant_id, sandbox, url, kinds, active, secret_version, previous_until, recorded_at
             FROM webhook_endpoint WHERE id = $1""",
        id.uuid,
    )
    return endpoint_from(row) if row else None


async def kinds_told(db: Primary) -> list[str]:
    """The kinds of events that any endpoint there is listens to."""
    rows = await db.fetch("SELECT DISTINCT unnest(kinds) AS kind FROM webhook_endpoint WHERE active")
    return [row["kind"] for row in rows]


async def listeners(db: Primary, customer: CustomerId, kind: str) -> list[WebhookEndpoint]:
    """The endpoints that hear of events of that kind of that customer."""
    rows = await db.fetch(
        """SELECT e.id, e.tenant_id, e.sandbox, e.url, e.kinds, e.active, e.secret_version, e.previous_until,
                  e.recorded_at
             FROM customer_head h
             JOIN legal_entity l ON l.id = h.legal_entity_id
             JOIN webhook_endpoint e ON e.tenant_id = h.tenant_id AND e.sandbox = l.sandbox
            WHERE h.shard_key = $1 AND h.customer_id = $2 AND e.active AND $3 = ANY (e.kinds)
            ORDER BY e.recorded_at, e.id""",
        customer.shard,
        customer.uuid,
        kind,
    )
    return [endpoint_from(row) for row in rows]
