"""What finance has to pay out, over all shard keys of a tenant."""

from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import CustomerId, PaymentId, RefundId, TenantId
from domain.money import Currency, Money
from domain.payments.payout import Payout, opened
from domain.payments.record_offline import Means
from domain.vault import Vault


async def payouts_waiting(
    db: Primary, vault: Vault, tenant: TenantId, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Payout]:
    """At most ``limit`` of them after the place, the longest waiting first; none that awaits approval."""
    rows = await db.fetch(
        """-- fanout
           SELECT p.shard_key, p.refund_id, p.customer_id, p.means, p.sealed, p.recorded_at, r.payment_id, r.currency,
                  r.amount, k.wrapped
             FROM refund_payout p
             JOIN refund r ON r.shard_key = p.shard_key AND r.id = p.refund_id
             LEFT JOIN sealing_key k ON k.shard_key = p.shard_key AND k.customer_id = p.customer_id
            WHERE p.tenant_id = $1 AND p.settled_at IS NULL AND r.state = 'requested'
              AND ($2::timestamptz IS NULL OR (p.recorded_at, p.refund_id) > ($2, $3::uuid))
            ORDER BY p.recorded_at, p.refund_id LIMIT $4""",
        tenant.uuid,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [
        Payout(
            RefundId(row["shard_key"], row["refund_id"]),
            CustomerId(row["shard_key"], row["customer_id"]),
            PaymentId(row["shard_key"], row["payment_id"]),
            Money(row["amount"], Currency(row["currency"])),
            Means(row["means"]),
            opened(vault, row["wrapped"], row["sealed"]),
            row["recorded_at"],
        )
        for row in rows
    ]


async def count_payouts(db: Primary, tenant: TenantId, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM (
               SELECT 1 AS one FROM refund_payout p
                 JOIN refund r ON r.shard_key = p.shard_key AND r.id = p.refund_id
                WHERE p.tenant_id = $1 AND p.settled_at IS NULL AND r.state = 'requested' LIMIT $2) AS n""",
        tenant.uuid,
        cap,
    )
    return count
