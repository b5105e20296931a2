"""Coupons as admins publish them and as customers redeem them."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import Money, MoneyInput, amount_of
from api.graph.node import Node
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import EndCouponError, PublishCouponError, as_error
from api.graph.texts import NAME, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.catalog import coupon as domain
from domain.catalog.publish_coupon import EndCoupon, PublishCoupon, end_coupon, publish_coupon
from domain.ids import CouponId, PlanId
from domain.refusals import RefusalCode, Refused


@strawberry.enum(description="For how many periods a coupon reduces what is charged.")
class CouponDuration(Enum):
    """The durations."""

    ONCE = strawberry.enum_value("once", description="For one whole period.")
    PERIODS = strawberry.enum_value("periods", description="For as many periods as it says.")
    FOREVER = strawberry.enum_value("forever", description="As long as the customer stays.")


@strawberry.enum(description="What a redemption reduces.")
class CouponScope(Enum):
    """The scopes."""

    SUBSCRIPTION = strawberry.enum_value("subscription", description="One subscription.")
    ACCOUNT = strawberry.enum_value("account", description="Everything the customer is charged for.")


@strawberry.type(description="A reduction before tax that customers redeem by its code.")
class Coupon(Node):
    """A coupon, as staff see it."""

    code: str = strawberry.field(description="What customers type, in whatever letters.")
    name: str = strawberry.field(description="What invoices call it.")
    percent_ppm: int | None = strawberry.field(
        description="Parts in a million: 200000 is 20 %. Else there is an amount."
    )
    amount: Money | None = strawberry.field(
        description="How much it takes off each whole period; what a change charges for the rest of one stays as it is."
    )
    duration: CouponDuration = strawberry.field(description="For how many periods.")
    periods: int | None = strawberry.field(description="How many periods, where it is for some.")
    plan_ids: list[GlobalId] = strawberry.field(description="The plans it reduces; empty: any plan.")
    scope: CouponScope = strawberry.field(description="What a redemption reduces.")
    redeem_until: datetime | None = strawberry.field(description="When it expires.")
    max_redemptions: int | None = strawberry.field(description="How often it may be redeemed in all.")
    active: bool = strawberry.field(description="Whether it may be redeemed still.")

    @classmethod
    def of(cls, coupon: domain.Coupon) -> "Coupon":
        """The domain's coupon."""
        return cls(
            id=GlobalId(str(coupon.id)),
            code=coupon.code,
            name=coupon.name,
            percent_ppm=coupon.percent_ppm,
            amount=Money.of(coupon.amount) if coupon.amount else None,
            duration=CouponDuration(coupon.duration.value),
            periods=coupon.periods,
            plan_ids=[GlobalId(str(plan)) for plan in coupon.plans],
            scope=CouponScope(coupon.scope.value),
            redeem_until=coupon.redeem_until,
            max_redemptions=coupon.max_redemptions,
            active=coupon.active,
        )


async def find_coupon(info: Info, id: CouponId) -> Coupon:
    """The tenant's coupon of that id, else NOT_FOUND."""
    found = await domain.coupon_of_id(info.context.db.primary, info.context.tenant, id)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such coupon.")
    return Coupon.of(found)


async def all_coupons(info: Info) -> list[Coupon]:
    """The tenant's coupons, newest first."""
    return [Coupon.of(each) for each in await domain.coupons(info.context.db.primary, info.context.tenant)]


@strawberry.input(description="Adds a coupon: either a percentage or an amount.")
class PublishCouponInput:
    """Input of publishCoupon."""

    code: str = strawberry.field(description="2 to 40 letters, digits, dashes, underscores; kept in capitals.")
    name: str = strawberry.field(description="What invoices call it.")
    percent_ppm: int | None = strawberry.field(default=None, description="Parts in a million: 200000 is 20 %.")
    amount: MoneyInput | None = strawberry.field(default=None, description="How much it takes off each whole period.")
    duration: CouponDuration = strawberry.field(description="For how many periods.")
    periods: int | None = strawberry.field(default=None, description="How many periods; for that duration alone.")
    plan_ids: list[GlobalId] = strawberry.field(
        default_factory=list, description="The plans it reduces, at most 100; none: any plan."
    )
    scope: CouponScope = strawberry.field(description="What a redemption reduces.")
    redeem_until: datetime | None = strawberry.field(default=None, description="When it expires; left out: never.")
    max_redemptions: int | None = strawberry.field(
        default=None, description="How often it may be redeemed in all; left out: without a limit."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The coupon, which can be redeemed now.")
class PublishCouponPayload:
    """Payload of publishCoupon."""

    coupon: Coupon | None = strawberry.field(description="The coupon.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishCouponError] = strawberry.field(description=ERRORS)


async def publish_a_coupon(info: Info, input: PublishCouponInput) -> PublishCouponPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        done = await performed(info, publish_coupon, home, _command(input), input.idempotency_key)
    except Refused as refused:
        return PublishCouponPayload(coupon=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return PublishCouponPayload(coupon=await _coupon(info, done.outcome.coupon), operation=operation, errors=[])


def _command(input: PublishCouponInput) -> PublishCoupon:
    return PublishCoupon(
        code=text(NAME, input.code, "code"),
        name=text(NAME, input.name, "name"),
        percent_ppm=input.percent_ppm,
        amount=amount_of(input.amount, "amount") if input.amount else None,
        duration=domain.Duration[input.duration.name],
        periods=input.periods,
        plans=tuple(id_of(PlanId.parse, plan, "planIds") for plan in input.plan_ids),
        scope=domain.Scope[input.scope.name],
        redeem_until=input.redeem_until,
        max_redemptions=input.max_redemptions,
    )


async def _coupon(info: Info, id: CouponId) -> Coupon:
    return next(each for each in await all_coupons(info) if each.id == str(id))


@strawberry.input(description="Ends a coupon for everybody who has not redeemed it yet.")
class EndCouponInput:
    """Input of endCoupon."""

    coupon_id: GlobalId = strawberry.field(description="The coupon.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The coupon, which nobody can redeem any more.")
class EndCouponPayload:
    """Payload of endCoupon."""

    coupon: Coupon | None = strawberry.field(description="The coupon.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[EndCouponError] = strawberry.field(description=ERRORS)


async def end_a_coupon(info: Info, input: EndCouponInput) -> EndCouponPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = EndCoupon(id_of(CouponId.parse, input.coupon_id, "couponId"))
        done = await performed(info, end_coupon, home, command, input.idempotency_key)
    except Refused as refused:
        return EndCouponPayload(coupon=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return EndCouponPayload(coupon=await _coupon(info, done.outcome.coupon), operation=operation, errors=[])
