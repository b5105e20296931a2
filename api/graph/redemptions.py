"""Redeeming coupons, and staff taking a redemption back."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import Money
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import EndCouponRedemptionError, RedeemCouponError, as_error
from api.graph.texts import NAME, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.catalog import redemption as domain
from domain.catalog.coupon_at_purchase import CheckCoupon, check_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.ids import CouponRedemptionId, CustomerId, PriceId, SubscriptionId
from domain.refusals import Refused


@strawberry.type(description="A coupon that a customer has redeemed.")
class CouponRedemption:
    """A redemption, as its customer sees it."""

    id: GlobalId = strawberry.field(description="What endCouponRedemption takes.")
    code: str = strawberry.field(description="The coupon's code.")
    name: str = strawberry.field(description="What invoices call it.")
    percent_ppm: int | None = strawberry.field(
        description="Parts in a million: 200000 is 20 %. Else there is an amount."
    )
    amount: Money | None = strawberry.field(description="How much it takes off each whole period.")
    subscription_id: GlobalId | None = strawberry.field(
        description="The subscription it reduces; null: all, or the next one that it can reduce."
    )
    periods_left: int | None = strawberry.field(description="How many periods it reduces still; null: it has no end.")
    redeemed_at: datetime = strawberry.field(description="When it was redeemed.")
    ended_at: datetime | None = strawberry.field(description="When staff took it back, if they did.")

    @classmethod
    def of(cls, redemption: domain.Redemption) -> "CouponRedemption":
        """The domain's redemption."""
        return cls(
            id=GlobalId(str(redemption.id)),
            code=redemption.code,
            name=redemption.name,
            percent_ppm=redemption.percent_ppm,
            amount=Money.of(redemption.amount) if redemption.amount else None,
            subscription_id=GlobalId(str(redemption.subscription)) if redemption.subscription else None,
            periods_left=redemption.periods_left,
            redeemed_at=redemption.redeemed_at,
            ended_at=redemption.ended_at,
        )


async def redemptions_of(info: Info, of: CustomerId) -> list[CouponRedemption]:
    """What the customer has redeemed, newest first."""
    return [CouponRedemption.of(each) for each in await domain.redemptions(info.context.db.primary, of)]


@strawberry.type(description="What a coupon would take off a purchase, if it were redeemed with it now.")
class CouponEffect:
    """A coupon, as who has its code sees it."""

    name: str = strawberry.field(description="What invoices would call it.")
    percent_ppm: int | None = strawberry.field(
        description="Parts in a million: 200000 is 20 %. Else there is an amount."
    )
    amount: Money | None = strawberry.field(description="How much it takes off each whole period.")
    periods: int | None = strawberry.field(description="How many periods it reduces; null: it has no end.")
    full: Money = strawberry.field(description="What one unit costs for one period without it.")
    discount: Money = strawberry.field(description="What it takes off that by itself, before tax.")


async def coupon_preview(info: Info, of: CustomerId, code: str, price_id: GlobalId) -> CouponEffect:
    """The effect, refusals of its redemption included; nothing is kept, so any key serves."""
    command = CheckCoupon(text(NAME, code, "code"), id_of(PriceId.parse, price_id, "priceId"))
    done = (await performed(info, check_coupon, of, command, "preview", preview=True)).outcome
    return CouponEffect(
        name=done.name,
        percent_ppm=done.percent_ppm,
        amount=Money.of(done.amount) if done.amount else None,
        periods=done.periods,
        full=Money.of(done.full),
        discount=Money.of(done.discount),
    )


@strawberry.input(description="Redeems a coupon by its code; a customer redeems each coupon once.")
class RedeemCouponInput:
    """Input of redeemCoupon."""

    code: str = strawberry.field(description="The code, in whatever letters.")
    subscription_id: GlobalId | None = strawberry.field(
        default=None, description="What it is to reduce; left out: the next subscription that it can reduce, or all."
    )
    customer_id: GlobalId | None = strawberry.field(
        default=None, description="For whom, where staff or a partner asks; a portal user leaves it out."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The redemption, which reduces the next invoice that it can.")
class RedeemCouponPayload:
    """Payload of redeemCoupon."""

    redemption: CouponRedemption | None = strawberry.field(description="The redemption.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RedeemCouponError] = strawberry.field(description=ERRORS)


async def redeem(info: Info, input: RedeemCouponInput) -> RedeemCouponPayload:
    """For portal users, and for partners and staff who name the customer."""
    try:
        given = input.customer_id
        owner = info.context.customer if given is None else id_of(CustomerId.parse, given, "customerId")
        on = id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId") if input.subscription_id else None
        command = RedeemCoupon(text(NAME, input.code, "code"), on)
        done = await performed(info, redeem_coupon, owner, command, input.idempotency_key)
    except Refused as refused:
        return RedeemCouponPayload(redemption=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    redeemed = await _redemption(info, owner, done.outcome.redemption)
    return RedeemCouponPayload(redemption=redeemed, operation=operation, errors=[])


async def _redemption(info: Info, owner: CustomerId, id: CouponRedemptionId) -> CouponRedemption:
    return next(each for each in await redemptions_of(info, owner) if each.id == str(id))


@strawberry.input(description="Takes a redemption back: what it has reduced stays reduced.")
class EndCouponRedemptionInput:
    """Input of endCouponRedemption."""

    customer_id: GlobalId = strawberry.field(description="Whose redemption it is.")
    redemption_id: GlobalId = strawberry.field(description="The redemption.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The redemption that has ended; its customer may redeem the coupon again.")
class EndCouponRedemptionPayload:
    """Payload of endCouponRedemption."""

    redemption: CouponRedemption | None = strawberry.field(description="The redemption.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[EndCouponRedemptionError] = strawberry.field(description=ERRORS)


async def end_a_redemption(info: Info, input: EndCouponRedemptionInput) -> EndCouponRedemptionPayload:
    """For support and above."""
    try:
        info.context.staff_home()
        owner = id_of(CustomerId.parse, input.customer_id, "customerId")
        command = domain.EndRedemption(id_of(CouponRedemptionId.parse, input.redemption_id, "redemptionId"))
        done = await performed(info, domain.end_redemption, owner, command, input.idempotency_key)
    except Refused as refused:
        return EndCouponRedemptionPayload(redemption=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    ended = await _redemption(info, owner, done.outcome.redemption)
    return EndCouponRedemptionPayload(redemption=ended, operation=operation, errors=[])
