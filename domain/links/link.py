"""Links of the portal as they stand, and who their callers are."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.actor import Actor, Grant
from domain.database import Database
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, PortalLinkId, SubscriptionId, TenantId
from domain.portal_link import LinkPurpose, LinkScope, link_of, token_hash


@dataclass(frozen=True, slots=True)
class PortalLink:
    """A link: whose, what it does about what, and its times (aware UTC, wall time)."""

    scope: LinkScope
    tenant: TenantId
    customer: CustomerId
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None

    def caller(self, request_id: str) -> Actor:
        """Who comes by it: nobody knows who that is, so it may do this one thing."""
        name = str(self.scope.id)
        grants = frozenset({Grant.PORTAL})
        return Actor(
            f"link:{name}", name, grants, self.tenant, self.customer, self.customer, request_id=request_id,
            link=self.scope,
        )  # fmt: skip


async def open_link(db: Database, token: str) -> PortalLink | None:
    """The link of a text that we signed, used or not; None for any other text, and for a link that has expired."""
    read = link_of(db.vault, token)
    if read is None or read[1] <= db.clock.now():
        return None
    found = await portal_link(db.primary, read[0])
    if found is None or not hmac.compare_digest(found[1], token_hash(token)):
        return None
    return found[0]


async def portal_link(db: Primary, id: PortalLinkId) -> tuple[PortalLink, str] | None:
    """The link of that id, and the hash of its text; None where there is none."""
    row = await db.fetchrow(
        """SELECT shard_key, id, tenant_id, customer_id, purpose, invoice_id, subscription_id, token_hash, expires_at,
                  used_at, recorded_at
             FROM portal_link WHERE shard_key = $1 AND id = $2""",
        id.shard,
        id.uuid,
    )
    if row is None:
        return None
    shard = row["shard_key"]
    invoice, subscription = row["invoice_id"], row["subscription_id"]
    scope = LinkScope(
        id,
        LinkPurpose(row["purpose"]),
        InvoiceId(shard, invoice) if invoice else None,
        SubscriptionId(shard, subscription) if subscription else None,
    )
    customer: UUID = row["customer_id"]
    link = PortalLink(
        scope, TenantId(row["tenant_id"]), CustomerId(shard, customer), row["recorded_at"], row["expires_at"],
        row["used_at"],
    )  # fmt: skip
    return link, row["token_hash"]


async def portal_origin(db: Primary, tenant: TenantId) -> str | None:
    """Where the tenant's customers have their pages; None where no door was opened for them."""
    origin: str | None = await db.fetchval(
        "SELECT origin FROM web_door WHERE tenant_id = $1 AND surface = 'portal' ORDER BY host LIMIT 1", tenant.uuid
    )
    return origin
