"""The partners of a tenant: programs of others that it lets in."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.ids import TenantId


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's client, let in or not any more."""

    client_id: str
    name: str
    active: bool
    recorded_at: datetime


def _partner(row: Row) -> Partner:
    return Partner(row["client_id"], row["name"], row["active"], row["recorded_at"])


async def partners_of(db: Primary, tenant: TenantId, limit: int, after: str = "") -> list[Partner]:
    """The tenant's partners in the order of their client ids, byte by byte."""
    rows = await db.fetch(
        """SELECT client_id, name, active, recorded_at FROM partner_client
            WHERE tenant_id = $1 AND client_id COLLATE "C" > $3 ORDER BY client_id COLLATE "C" LIMIT $2""",
        tenant.uuid,
        limit,
        after,
    )
    return [_partner(row) for row in rows]


async def count_partners(db: Primary, tenant: TenantId, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        "SELECT count(*) FROM (SELECT 1 FROM partner_client WHERE tenant_id = $1 LIMIT $2) AS found", tenant.uuid, cap
    )
    return count


async def find_partner(db: Primary, tenant: TenantId, client_id: str) -> Partner | None:
    """The tenant's partner of that client id."""
    row = await db.fetchrow(
        "SELECT client_id, name, active, recorded_at FROM partner_client WHERE tenant_id = $1 AND client_id = $2",
        tenant.uuid,
        client_id,
    )
    return _partner(row) if row else None
