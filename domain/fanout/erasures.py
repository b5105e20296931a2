"""The desk's lists of privacy, over all shard keys of a tenant: erasures that wait, and legal holds that are set."""

from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import TenantId
from domain.privacy.erasure import Erasure, erasure_from
from domain.privacy.legal_hold import LegalHold, hold_from


async def waiting_erasures(
    db: Primary, tenant: TenantId, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Erasure]:
    """At most ``limit`` of them, the longest waiting first, that were asked for after the place."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, tenant_id, customer_id, asked_by, reason, erase_at, decided_by, decided_why,
                  decided_at, keep_until, state, seq, recorded_at
             FROM erasure
            WHERE tenant_id = $1 AND state = 'asked'
              AND ($2::timestamptz IS NULL OR (recorded_at, id) > ($2, $3::uuid))
            ORDER BY recorded_at, id LIMIT $4""",
        tenant.uuid, *(after or (None, None)), limit,
    )  # fmt: skip
    return [erasure_from(row) for row in rows]


async def count_waiting_erasures(db: Primary, tenant: TenantId, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (SELECT 1 AS one FROM erasure
                                  WHERE tenant_id = $1 AND state = 'asked' LIMIT $2) AS n""",
        tenant.uuid,
        cap,
    )
    return count


async def standing_holds(
    db: Primary, tenant: TenantId, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[LegalHold]:
    """At most ``limit`` holds that are not lifted, the oldest first, that were set after the place."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, set_by, reason, lifted_by, lifted_why, lifted_at, recorded_at
             FROM legal_hold
            WHERE tenant_id = $1 AND lifted_at IS NULL
              AND ($2::timestamptz IS NULL OR (recorded_at, id) > ($2, $3::uuid))
            ORDER BY recorded_at, id LIMIT $4""",
        tenant.uuid, *(after or (None, None)), limit,
    )  # fmt: skip
    return [hold_from(row) for row in rows]


async def count_standing_holds(db: Primary, tenant: TenantId, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (SELECT 1 AS one FROM legal_hold
                                  WHERE tenant_id = $1 AND lifted_at IS NULL LIMIT $2) AS n""",
        tenant.uuid,
        cap,
    )
    return count
