"""What coupons took off a line, each with what that followed from."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.db import Primary, Replica, Row
from domain.ids import CouponRedemptionId, CustomerId, InvoiceId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a redeemed coupon takes off a line, above zero.

    It is the line's part, by its ``weight``, of the coupon's percentage or fixed amount of the ``base``: what was left
    of all lines that the coupon reduced. A sum over lines, and a row of before that was kept, has none of these.
    """

    redemption: CouponRedemptionId
    name: str
    amount: Money
    percent_ppm: int | None = None
    fixed: Money | None = None
    base: Money | None = None
    weight: Money | None = None

    @property
    def working_is_kept(self) -> bool:
        """Whether it says what it followed from."""
        return self.base is not None


def reduction(row: Row) -> Reduction:
    """The reduction of a row that selects all its columns."""
    currency = Currency(row["currency"])
    amounts = {name: None if row[name] is None else Money(row[name], currency) for name in ("fixed", "base", "weight")}
    redemption, amount = CouponRedemptionId(row["shard_key"], row["redemption_id"]), Money(row["amount"], currency)
    return Reduction(redemption, row["name"], amount, row["percent_ppm"], **amounts)


async def reductions_of_lines(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[tuple[InvoiceId, int], tuple[Reduction, ...]]:
    """What coupons took off each line of the customer's invoices, in the order in which they were applied."""
    rows = await db.fetch(
        """SELECT shard_key, invoice_id, position, redemption_id, name, currency, amount, percent_ppm, fixed, base,
                  weight
             FROM invoice_line_discount
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, position, weight DESC NULLS FIRST, redemption_id""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[tuple[InvoiceId, int], tuple[Reduction, ...]] = {}
    for row in rows:
        place = (InvoiceId(row["shard_key"], row["invoice_id"]), row["position"])
        found[place] = (*found.get(place, ()), reduction(row))
    return found
