"""The sagas of a tenant over all shard keys, by state: those that are stuck are the desk's."""

from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import CustomerId, TenantId
from domain.sagas.saga import Saga, saga_from

Place = tuple[datetime, UUID]


async def sagas_in(
    db: Primary, tenant: TenantId, state: str, of: CustomerId | None, limit: int, after: Place | None = None
) -> list[Saga]:
    """At most ``limit`` in that state, of one customer where it is named, the oldest first, begun after the place."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, tenant_id, customer_id, kind, subscription_id, invoice_id, credit_note_id, currency,
                  amount, step, step_since, deadline, waits_until, tries, cause, state, seq, begun_at, ended_at,
                  recorded_at
             FROM saga
            WHERE tenant_id = $1 AND state = $2 AND ($3::int IS NULL OR (shard_key = $3 AND customer_id = $4::uuid))
              AND ($5::timestamptz IS NULL OR (recorded_at, id) > ($5, $6::uuid))
            ORDER BY recorded_at, id LIMIT $7""",
        tenant.uuid, state, of.shard if of else None, of.uuid if of else None, *(after or (None, None)), limit,
    )  # fmt: skip
    return [saga_from(row) for row in rows]


async def count_sagas(db: Primary, tenant: TenantId, state: str, of: CustomerId | None, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (SELECT 1 AS one FROM saga
                                  WHERE tenant_id = $1 AND state = $2
                                    AND ($3::int IS NULL OR (shard_key = $3 AND customer_id = $4::uuid))
                                  LIMIT $5) AS n""",
        tenant.uuid, state, of.shard if of else None, of.uuid if of else None, cap,
    )  # fmt: skip
    return count
