"""Staying after all: one part of the plan's retention offer is taken instead of cancelling."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.actor import Grant
from domain.catalog.redeem import CouponRedeemed, RedeemCoupon, redeem_coupon
from domain.db import Tx
from domain.ids import CouponRedemptionId, PriceId, SubscriptionId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from domain.subscriptions.retention_answer import CancelReason, offer_to, store_answer
from domain.subscriptions.retention_offer import Retention, RetentionOffer
from domain.subscriptions.subscription import Subscription, subscription

ACCEPTERS = frozenset({Grant.PORTAL, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN})
_PATH = ("kind",)


@dataclass(frozen=True, slots=True)
class AcceptRetentionOffer:
    """Take that part of what the subscription's plan offers those who are about to cancel."""

    subscription: SubscriptionId
    kind: Retention
    reason: CancelReason | None


@dataclass(frozen=True, slots=True)
class RetentionAccepted:
    """What was taken: a redemption with its periods (None: for ever), until when it pauses, or another price from an
    instant on."""

    subscription: SubscriptionId
    kind: Retention
    redemption: CouponRedemptionId | None = None
    periods: int | None = None
    resumes_at: datetime | None = None
    price: PriceId | None = None
    effective_at: datetime | None = None


@operation(
    "subscriptions.accept_retention_offer", allowed=ACCEPTERS, moves_money=True, function=PortalFunction.CANCEL,
    begins=True,
)  # fmt: skip
async def accept_retention_offer(tx: Tx, command: AcceptRetentionOffer) -> RetentionAccepted:
    """STATE_CONFLICT for what is not offered, or not any more; else refused as redeeming the coupon, pausing, or
    changing to the price is."""
    of = await subscription(tx, tx.customer, command.subscription)
    open_to = await offer_to(tx, of)
    if open_to is None or command.kind not in open_to[1]:
        raise Refused(RefusalCode.STATE_CONFLICT, "That is not offered for this subscription now.", _PATH)
    offer, parts = open_to
    await store_answer(tx, of, command.reason, parts, command.kind)
    tx.emit("subscription.retained", subscription=of.id)
    try:
        return await _taken(tx, of, offer, command.kind)
    except Refused as refused:
        raise Refused(refused.code, refused.message, _PATH, resolves_by=refused.resolves_by) from None


async def _taken(tx: Tx, of: Subscription, offer: RetentionOffer, kind: Retention) -> RetentionAccepted:
    """The part as it is had without an offer; a coupon's counter is locked last."""
    if kind is Retention.PAUSE:
        assert offer.pause_days is not None
        resumes_at = tx.now + timedelta(days=offer.pause_days)
        await pause_subscription.run(tx, PauseSubscription(of.id, resumes_at))
        return RetentionAccepted(of.id, kind, resumes_at=resumes_at)
    if kind is Retention.DOWNGRADE:
        assert offer.price is not None
        change = ChangePlan(of.id, offer.price, timing=Timing.PERIOD_END)
        changing = await change_plan.run(tx, change)
        return RetentionAccepted(of.id, kind, price=offer.price, effective_at=changing.effective_at)
    assert offer.coupon_code is not None
    redeemed: CouponRedeemed = await redeem_coupon.run(tx, RedeemCoupon(offer.coupon_code, of.id))
    return RetentionAccepted(of.id, kind, redemption=redeemed.redemption, periods=redeemed.periods_left)
