"""A coupon that is given with a purchase: redeemed in the same transaction, or told before what it would take off."""

from dataclasses import dataclass

from domain.catalog.coupon import Coupon, Duration, Scope, coupon_of_code
from domain.catalog.discount import Discount, Discountable, discounts
from domain.catalog.plan import offered_price
from domain.catalog.redeem import REDEEMERS, RedeemCoupon, redeem_coupon
from domain.db import Primary, Tx
from domain.ids import CouponRedemptionId, CustomerId, PlanId, PriceId, SubscriptionId
from domain.money import Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

_PATH = ("couponCode",)


async def redeem_with(tx: Tx, code: str, plan: PlanId, on_trial: SubscriptionId | None) -> None:
    """Redeems the code so that it reduces the next invoice of a subscription to the plan; refused as redeem_coupon is,
    and STATE_CONFLICT for a coupon of other plans.

    One that the customer has redeemed already and that no invoice has used is left as it is: it reduces by itself, and
    a purchase that failed can be tried again. ``on_trial`` is the subscription where its invoice is still to come.
    """
    coupon = await coupon_of_code(tx, tx.head.tenant, code)
    if coupon is not None:
        if coupon.plans and plan not in coupon.plans:
            raise Refused(RefusalCode.STATE_CONFLICT, "This coupon is not for that plan.", _PATH)
        if await _waits(tx, tx.customer, coupon):
            return
    bound = on_trial if coupon is not None and coupon.scope is Scope.SUBSCRIPTION else None
    try:
        await redeem_coupon.run(tx, RedeemCoupon(code, bound))
    except Refused as refused:
        raise Refused(refused.code, refused.message, _PATH) from None


async def _waits(db: Primary, customer: CustomerId, coupon: Coupon) -> bool:
    found = await db.fetchval(
        """SELECT id FROM coupon_redemption
            WHERE shard_key = $1 AND customer_id = $2 AND coupon_id = $3 AND ended_at IS NULL
              AND subscription_id IS NULL AND (periods_left IS NULL OR periods_left > 0)""",
        customer.shard,
        customer.uuid,
        coupon.id.uuid,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class CheckCoupon:
    """A code, and the price of what it would be given with."""

    code: str
    price: PriceId


@dataclass(frozen=True, slots=True)
class CouponChecked:
    """What the coupon takes off one whole period of one unit at the price, before tax; ``periods`` None is for ever."""

    name: str
    percent_ppm: int | None
    amount: Money | None
    periods: int | None
    full: Money
    discount: Money


@operation("catalog.check_coupon", allowed=REDEEMERS, begins=True)
async def check_coupon(tx: Tx, command: CheckCoupon) -> CouponChecked:
    """Only ever previewed: refused as the redemption with a purchase of that price would be; NOT_FOUND for a price
    that is not on offer, CURRENCY_MISMATCH for one in another currency than the coupon's amount."""
    assert tx.preview, "a check redeems nothing"
    plan, wanted = await offered_price(tx, tx.head.tenant, command.price, tx.now)
    await redeem_with(tx, command.code, plan.id, None)
    coupon = await coupon_of_code(tx, tx.head.tenant, command.code)
    assert coupon is not None
    full, recurring = wanted.unit_amount, coupon.duration is not Duration.ONCE
    if coupon.amount is not None and coupon.amount.currency != full.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This coupon is not for {full.currency}.", ("priceId",))
    id, plans = tx.new_id(CouponRedemptionId), frozenset(coupon.plans)
    terms = Discount(id, coupon.name, coupon.percent_ppm, coupon.amount, plans, recurring)
    taken = discounts([terms], [Discountable(plan.id, full, True)])[0]
    discount = taken[0].amount if taken else Money.zero(full.currency)
    periods = coupon.periods if recurring else 1
    return CouponChecked(coupon.name, coupon.percent_ppm, coupon.amount, periods, full, discount)
