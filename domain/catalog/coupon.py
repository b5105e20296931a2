"""Coupons: reductions before tax that customers redeem by a code."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.db import Primary, Row
from domain.ids import CouponId, PlanId, TenantId
from domain.money import Currency, Money


class Duration(Enum):
    """For how many periods of a customer a coupon reduces what is charged."""

    ONCE = "once"
    PERIODS = "periods"
    FOREVER = "forever"


class Scope(Enum):
    """Whether a redemption is for one subscription or for all that the customer has."""

    SUBSCRIPTION = "subscription"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon: ``percent_ppm`` parts in a million, or else an ``amount`` a period; no ``plans`` means any plan.

    Redeemed before ``redeem_until``, at most ``max_redemptions`` times, as long as it is ``active``.
    """

    id: CouponId
    code: str
    name: str
    percent_ppm: int | None
    amount: Money | None
    duration: Duration
    periods: int | None
    plans: tuple[PlanId, ...]
    scope: Scope
    redeem_until: datetime | None
    max_redemptions: int | None
    active: bool

    def is_over_at(self, at: datetime) -> bool:
        """Whether nobody redeems it any more at the instant: it was ended, or ran only until then."""
        return not self.active or (self.redeem_until is not None and at >= self.redeem_until)


def _coupon(row: Row) -> Coupon:
    return Coupon(
        id=CouponId(row["id"]),
        code=row["code"],
        name=row["name"],
        percent_ppm=row["percent_ppm"],
        amount=Money(row["amount"], Currency(row["currency"])) if row["currency"] else None,
        duration=Duration(row["duration"]),
        periods=row["periods"],
        plans=tuple(map(PlanId, row["plan_ids"])),
        scope=Scope(row["scope"]),
        redeem_until=row["redeem_until"],
        max_redemptions=row["max_redemptions"],
        active=row["active"],
    )


async def coupons(db: Primary, tenant: TenantId) -> list[Coupon]:
    """The tenant's coupons, newest first, those that have ended too."""
    rows = await db.fetch(
        """SELECT id, code, name, percent_ppm, currency, amount, duration, periods, plan_ids, scope, redeem_until,
                  max_redemptions, active
             FROM coupon WHERE tenant_id = $1 ORDER BY id DESC""",
        tenant.uuid,
    )
    return [_coupon(row) for row in rows]


async def coupon_of_id(db: Primary, tenant: TenantId, id: CouponId) -> Coupon | None:
    """The tenant's coupon of that id."""
    row = await db.fetchrow(
        """SELECT id, code, name, percent_ppm, currency, amount, duration, periods, plan_ids, scope, redeem_until,
                  max_redemptions, active
             FROM coupon WHERE tenant_id = $1 AND id = $2""",
        tenant.uuid,
        id.uuid,
    )
    return _coupon(row) if row else None


async def coupon_of_code(db: Primary, tenant: TenantId, code: str) -> Coupon | None:
    """The tenant's coupon of that code, in whatever letters it was typed."""
    row = await db.fetchrow(
        """SELECT id, code, name, percent_ppm, currency, amount, duration, periods, plan_ids, scope, redeem_until,
                  max_redemptions, active
             FROM coupon WHERE tenant_id = $1 AND code = $2""",
        tenant.uuid,
        code.strip().upper(),
    )
    return _coupon(row) if row else None
