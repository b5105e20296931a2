"""The desk's queue of disputes, over all shard keys of a tenant."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import TenantId
from domain.payments.dispute import Dispute, dispute_from


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which disputes: in one of the states (none: in any), and perhaps only those with an excess."""

    states: tuple[str, ...] = ()
    with_excess: bool = False


async def disputes_in_queue(
    db: Primary, tenant: TenantId, wanted: Wanted, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Dispute]:
    """At most ``limit`` of them after the place, the one first that has to be answered soonest."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, payment_id, provider_account, provider_ref, currency, amount, covered,
                  fee, reason, due_at, on_open, on_lost, asked, asked_sent_at, asks, refused_code, queries, state, seq,
                  happened_at, closed_at
             FROM dispute
            WHERE tenant_id = $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2::text[]))
              AND (NOT $3::boolean OR (covered < amount AND state <> 'won'))
              AND ($4::timestamptz IS NULL OR (due_at, id) > ($4, $5::uuid))
            ORDER BY due_at, id LIMIT $6""",
        tenant.uuid,
        list(wanted.states),
        wanted.with_excess,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [dispute_from(row) for row in rows]


async def count_disputes(db: Primary, tenant: TenantId, wanted: Wanted, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (
               SELECT 1 AS one FROM dispute
                WHERE tenant_id = $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2::text[]))
                  AND (NOT $3::boolean OR (covered < amount AND state <> 'won')) LIMIT $4) AS n""",
        tenant.uuid,
        list(wanted.states),
        wanted.with_excess,
        cap,
    )
    return count


async def looked_through(db: Primary, since: datetime) -> set[str]:
    """The provider accounts whose list of disputes was heard to its end in a round that began after the instant."""
    rows = await db.fetch(
        """-- fanout
           SELECT provider_account FROM dispute_look WHERE ended_at IS NOT NULL AND begun_at > $1""",
        since,
    )
    return {row["provider_account"] for row in rows}
