"""What coupons cost a tenant: read over all its shard keys, for reports."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Replica
from domain.ids import CouponId, TenantId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class CouponCost:
    """What a coupon took off the invoices of a span in one currency, before tax, and how many redemptions did."""

    coupon: CouponId
    taken: Money
    redemptions: int
    invoices: int


async def coupon_costs(
    db: Primary | Replica, tenant: TenantId, since: datetime, until: datetime, *, sandbox: bool
) -> list[CouponCost]:
    """By coupon and currency, over invoices issued from ``since`` to before ``until`` that are not void.

    What a credit note gave back later was given back net of the discount, and is not taken off the cost.
    """
    rows = await db.fetch(
        """-- fanout
           SELECT r.coupon_id, d.currency, sum(d.amount)::bigint AS taken,
                  count(DISTINCT d.redemption_id) AS redemptions, count(DISTINCT d.invoice_id) AS invoices
             FROM invoice_line_discount d
             JOIN coupon_redemption r ON r.shard_key = d.shard_key AND r.id = d.redemption_id
             JOIN invoice i ON i.shard_key = d.shard_key AND i.id = d.invoice_id
             JOIN legal_entity e ON e.id = i.legal_entity_id
            WHERE i.tenant_id = $1 AND i.issued_at >= $2 AND i.issued_at < $3 AND e.sandbox = $4 AND i.state <> 'void'
            GROUP BY r.coupon_id, d.currency ORDER BY r.coupon_id, d.currency""",
        tenant.uuid,
        since,
        until,
        sandbox,
    )
    return [
        CouponCost(
            CouponId(row["coupon_id"]), Money(row["taken"], Currency(row["currency"])), row["redemptions"],
            row["invoices"],
        )
        for row in rows
    ]  # fmt: skip
