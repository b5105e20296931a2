"""The desk's exceptions over all shard keys of a tenant: those that wait for somebody, and those that are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import TenantId
from domain.payments.exception_case import ExceptionCase, Kind, case_from

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which ones: of these kinds (none named: of any), in a state (None: open or claimed), that somebody has or had."""

    kinds: Sequence[Kind] = ()
    state: str | None = None
    claimed_by: str | None = None


async def exception_cases(
    db: Primary, tenant: TenantId, wanted: Wanted, limit: int, after: Place | None = None
) -> list[ExceptionCase]:
    """At most ``limit`` of them, the oldest first, that were opened after the place."""
    read = _over if wanted.state == "resolved" else _waiting
    return await read(db, tenant, wanted, limit, after or (None, None))


async def _waiting(
    db: Primary, tenant: TenantId, wanted: Wanted, limit: int, after: Place | tuple[None, None]
) -> list[ExceptionCase]:
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, tenant_id, customer_id, kind, payment_id, refund_id, currency, amount, told_currency,
                  told_amount, saga_id, cause, state, seq, recorded_at, claimed_by, claimed_at, resolution, reference,
                  resolved_by, resolved_why, resolved_at
             FROM exception_case
            WHERE tenant_id = $1 AND state <> 'resolved' AND ($2::text IS NULL OR state = $2)
              AND (cardinality($3::text[]) = 0 OR kind = ANY ($3)) AND ($4::text IS NULL OR claimed_by = $4)
              AND ($5::timestamptz IS NULL OR (recorded_at, id) > ($5, $6::uuid))
            ORDER BY recorded_at, id LIMIT $7""",
        tenant.uuid, wanted.state, [each.value for each in wanted.kinds], wanted.claimed_by, *after, limit,
    )  # fmt: skip
    return [case_from(row) for row in rows]


async def _over(
    db: Primary, tenant: TenantId, wanted: Wanted, limit: int, after: Place | tuple[None, None]
) -> list[ExceptionCase]:
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, tenant_id, customer_id, kind, payment_id, refund_id, currency, amount, told_currency,
                  told_amount, saga_id, cause, state, seq, recorded_at, claimed_by, claimed_at, resolution, reference,
                  resolved_by, resolved_why, resolved_at
             FROM exception_case
            WHERE tenant_id = $1 AND state = 'resolved'
              AND (cardinality($2::text[]) = 0 OR kind = ANY ($2)) AND ($3::text IS NULL OR claimed_by = $3)
              AND ($4::timestamptz IS NULL OR (recorded_at, id) > ($4, $5::uuid))
            ORDER BY recorded_at, id LIMIT $6""",
        tenant.uuid, [each.value for each in wanted.kinds], wanted.claimed_by, *after, limit,
    )  # fmt: skip
    return [case_from(row) for row in rows]


async def count_cases(db: Primary, tenant: TenantId, wanted: Wanted, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    kinds = [each.value for each in wanted.kinds]
    if wanted.state == "resolved":
        over: int = await db.fetchval(
            """-- fanout
               SELECT count(*) FROM (SELECT 1 AS one FROM exception_case
                                      WHERE tenant_id = $1 AND state = 'resolved'
                                        AND (cardinality($2::text[]) = 0 OR kind = ANY ($2))
                                        AND ($3::text IS NULL OR claimed_by = $3) LIMIT $4) AS n""",
            tenant.uuid, kinds, wanted.claimed_by, cap,
        )  # fmt: skip
        return over
    waiting: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (SELECT 1 AS one FROM exception_case
                                  WHERE tenant_id = $1 AND state <> 'resolved' AND ($2::text IS NULL OR state = $2)
                                    AND (cardinality($3::text[]) = 0 OR kind = ANY ($3))
                                    AND ($4::text IS NULL OR claimed_by = $4) LIMIT $5) AS n""",
        tenant.uuid, wanted.state, kinds, wanted.claimed_by, cap,
    )  # fmt: skip
    return waiting
