"""Redemptions: which coupons a customer has redeemed, and staff taking one back."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.db import Primary, Row, Tx
from domain.ids import CouponId, CouponRedemptionId, CustomerId, SubscriptionId
from domain.money import Currency, Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Redemption:
    """A coupon that a customer redeemed; ``subscription`` None is for all of them, or for the first it reduces."""

    id: CouponRedemptionId
    coupon: CouponId
    code: str
    name: str
    percent_ppm: int | None
    amount: Money | None
    subscription: SubscriptionId | None
    periods_left: int | None
    redeemed_at: datetime
    ended_at: datetime | None


async def redemptions(db: Primary, customer: CustomerId) -> list[Redemption]:
    """What the customer redeemed, newest first."""
    rows = await db.fetch(
        """SELECT r.shard_key, r.id, r.coupon_id, r.subscription_id, r.periods_left, r.redeemed_at, r.ended_at,
                  c.code, c.name, c.percent_ppm, c.currency, c.amount
             FROM coupon_redemption r JOIN coupon c ON c.id = r.coupon_id
            WHERE r.shard_key = $1 AND r.customer_id = $2 ORDER BY r.redeemed_at DESC, r.id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [
        Redemption(
            id=CouponRedemptionId(row["shard_key"], row["id"]),
            coupon=CouponId(row["coupon_id"]),
            code=row["code"],
            name=row["name"],
            percent_ppm=row["percent_ppm"],
            amount=amount_of(row),
            subscription=SubscriptionId(row["shard_key"], row["subscription_id"]) if row["subscription_id"] else None,
            periods_left=row["periods_left"],
            redeemed_at=row["redeemed_at"],
            ended_at=row["ended_at"],
        )
        for row in rows
    ]


def amount_of(row: Row) -> Money | None:
    """The amount of a row that selects a coupon's currency and amount."""
    return Money(row["amount"], Currency(row["currency"])) if row["currency"] else None


@dataclass(frozen=True, slots=True)
class EndRedemption:
    """A redemption that staff takes back; what it reduced before stays reduced."""

    redemption: CouponRedemptionId


@dataclass(frozen=True, slots=True)
class RedemptionEnded:
    """The redemption that has ended; the customer may redeem the coupon again."""

    redemption: CouponRedemptionId


@operation(
    "catalog.end_redemption",
    allowed=frozenset({Grant.SYSTEM, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}),
    moves_money=True,
)
async def end_redemption(tx: Tx, command: EndRedemption) -> RedemptionEnded:
    """NOT_FOUND for no redemption of the customer; STATE_CONFLICT for one that has ended."""
    found = {each.id: each for each in await redemptions(tx, tx.customer)}.get(command.redemption)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such redemption.", ("redemptionId",))
    if found.ended_at is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "The redemption has ended already.", ("redemptionId",))
    await tx.execute(
        "UPDATE coupon_redemption SET ended_at = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, found.id.uuid, max(tx.now, found.redeemed_at),
    )  # fmt: skip
    return RedemptionEnded(found.id)
