"""What coupons took off issued invoices, and the taxes as those print them."""

from collections.abc import Sequence

from domain.db import Primary, Replica
from domain.ids import CouponRedemptionId, CustomerId, InvoiceId
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart, tax_part
from domain.money import Currency, Money


async def reductions_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[InvoiceId, tuple[Reduction, ...]]:
    """What each coupon took off each of the customer's invoices, summed over its lines."""
    rows = await db.fetch(
        """SELECT shard_key, invoice_id, redemption_id, name, currency, sum(amount)::bigint AS amount
             FROM invoice_line_discount
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            GROUP BY shard_key, invoice_id, redemption_id, name, currency ORDER BY invoice_id, redemption_id""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[InvoiceId, tuple[Reduction, ...]] = dict.fromkeys(ids, ())
    for row in rows:
        shard, id = row["shard_key"], InvoiceId(row["shard_key"], row["invoice_id"])
        amount = Money(row["amount"], Currency(row["currency"]))
        redemption = CouponRedemptionId(shard, row["redemption_id"])
        found[id] = (*found[id], Reduction(redemption, row["name"], amount))
    return found


async def taxes_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[InvoiceId, tuple[TaxPart, ...]]:
    """The taxes of each of the customer's invoices by rate."""
    rows = await db.fetch(
        """SELECT shard_key, invoice_id, part, rate_id, name, treatment, rate_ppm, currency, taxable, amount,
                  0::bigint AS given_back
             FROM invoice_tax WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, part""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[InvoiceId, tuple[TaxPart, ...]] = dict.fromkeys(ids, ())
    for row in rows:
        id = InvoiceId(row["shard_key"], row["invoice_id"])
        found[id] = (*found[id], tax_part(row))
    return found
