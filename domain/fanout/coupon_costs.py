"""What coupons cost a tenant: read over all its shard keys, for reports."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Replica
from domain.ids import CouponId, TenantId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class CouponCost:
    """What a coupon took off the invoices of a span in one currency, and how many redemptions did.

    ``undone`` is the part of it that was taken off what was given back since: that was never earned. Both are in the
    terms of the lines, before tax where their prices are.
    """

    coupon: CouponId
    taken: Money
    undone: Money
    redemptions: int
    invoices: int

    @property
    def cost(self) -> Money:
        """What the coupon really cost: what it took off charges that stand."""
        return self.taken - self.undone


async def coupon_costs(
    db: Primary | Replica, tenant: TenantId, since: datetime, until: datetime, *, sandbox: bool
) -> list[CouponCost]:
    """By coupon and currency, over invoices issued from ``since`` to before ``until`` that are not void.

    Of each line the discount is undone in the part in which its charge was given back by now, by credit notes and by
    credits for unused time, rounded half to even: a credit note that is voided brings the cost back.
    """
    rows = await db.fetch(
        """-- fanout
           SELECT r.coupon_id, d.currency, sum(d.amount)::bigint AS taken,
                  sum(div(u.part, u.whole) + CASE WHEN 2 * mod(u.part, u.whole) + mod(div(u.part, u.whole), 2) > u.whole
                                                  THEN 1 ELSE 0 END)::bigint AS undone,
                  count(DISTINCT d.redemption_id) AS redemptions, count(DISTINCT d.invoice_id) AS invoices
             FROM invoice_line_discount d
             JOIN invoice_line l ON l.shard_key = d.shard_key AND l.invoice_id = d.invoice_id
                                AND l.position = d.position
             CROSS JOIN LATERAL (SELECT d.amount::numeric * l.given_back AS part,
                                        greatest(l.amount, 1)::numeric AS whole) u
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
            CouponId(row["coupon_id"]), Money(row["taken"], Currency(row["currency"])),
            Money(row["undone"], Currency(row["currency"])), row["redemptions"], row["invoices"],
        )
        for row in rows
    ]  # fmt: skip
