"""Customers redeem coupons, and staff takes some back."""

from domain.actor import Grant
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import EndRedemption, end_redemption
from domain.ids import CouponRedemptionId, SubscriptionId
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act
from tests.simulation.catalog_model import Coupon
from tests.simulation.facts import Row
from tests.simulation.town import Patron, Town


def redeem(town: Town) -> Act | None:
    """A customer types a code, for one subscription or for whichever comes; often one that is not for it."""
    if not town.patrons or not town.catalog.coupons:
        return None
    chance, billed = town.chance, {row["customer_id"] for row in town.facts.of("subscription", ended_at=None)}
    likely = [each for each in town.patrons if each.id.uuid in billed]
    patron = chance.choice(likely if likely and chance.random() < 0.7 else town.patrons)
    fitting = [each for each in town.catalog.coupons if each.currency in (None, patron.currency)]
    coupon = chance.choice(fitting if fitting and chance.random() < 0.9 else town.catalog.coupons)
    own = town.facts.of("subscription", customer_id=patron.id.uuid)
    row = chance.choice(own) if own and chance.random() < (0.1 if coupon.account else 0.5) else None
    must = _refusal(town, patron, coupon, row)
    town.note(f"{coupon.code} for {patron}{' and one subscription' if row else ''}")

    async def act() -> None:
        id = SubscriptionId(patron.id.shard, row["id"]) if row else None
        await town.call("redeem", redeem_coupon, patron.actor, patron.id, RedeemCoupon(coupon.code, id), must=must)

    return act()


def _refusal(town: Town, patron: Patron, coupon: Coupon, row: Row | None) -> No | None:
    """Why the coupon is not for this customer now, if it is not."""
    now, rows = town.now_of(patron), town.facts.of("coupon_redemption", coupon_id=coupon.id.uuid)
    if coupon.code in town.catalog.ended or (coupon.redeem_until and now >= coupon.redeem_until):
        return No.COUPON_OVER
    if coupon.currency not in (None, patron.currency):
        return No.CURRENCY_MISMATCH
    if row and coupon.account:
        return No.INVALID_INPUT
    if row and (row["ended_at"] or (coupon.plans and row["plan_id"] not in coupon.plans)):
        return No.STATE_CONFLICT
    if any(each["customer_id"] == patron.id.uuid and each["ended_at"] is None for each in rows):
        return No.ALREADY_EXISTS
    counted = [each for each in rows if town.patron_of(each["customer_id"]).on_clock == patron.on_clock]
    return No.COUPON_USED_UP if coupon.most is not None and len(counted) >= coupon.most else None


def take_coupon_back(town: Town) -> Act | None:
    """Staff ends a redemption; what it reduced stays reduced."""
    rows = town.facts.rows["coupon_redemption"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    must = No.STATE_CONFLICT if row["ended_at"] else None

    async def act() -> None:
        command = EndRedemption(CouponRedemptionId(patron.id.shard, row["id"]))
        await town.call("end redemption", end_redemption, town.staff(Grant.LEAD), patron.id, command, must=must)

    return act()
