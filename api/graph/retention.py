"""What somebody who is about to cancel is asked and offered: each part of the offer is tried first, and rolled back."""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from api.graph.catalog import Plan, Price
from api.graph.context import Info
from api.graph.money import Money
from api.graph.outcome import performed
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.catalog.coupon import coupon_of_code
from domain.ids import CustomerId, SubscriptionId
from domain.portal_function import PortalFunction, require_function
from domain.refusals import Refused
from domain.subscriptions.accept_retention import AcceptRetentionOffer, RetentionAccepted, accept_retention_offer
from domain.subscriptions.retention_answer import CancelReason as Reason
from domain.subscriptions.retention_offer import Retention, RetentionOffer, retention_offers
from domain.subscriptions.subscription import subscription

_value = strawberry.enum_value


@strawberry.enum(description="Why somebody cancels. More values may come.")
class CancelReason(Enum):
    """The domain's CancelReason."""

    TOO_EXPENSIVE = _value("too_expensive", description="It costs too much.")
    NOT_USED = _value("not_used", description="It is not used enough.")
    MISSING_FEATURES = _value("missing_features", description="It does not do what is needed.")
    OTHER_PRODUCT = _value("other_product", description="Another product is used instead.")
    TECHNICAL_TROUBLE = _value("technical_trouble", description="It did not work well.")
    BAD_SUPPORT = _value("bad_support", description="The help was not good.")
    ONLY_FOR_A_WHILE = _value("only_for_a_while", description="It was needed for a while only.")
    OTHER = _value("other", description="Another reason, or none that is told.")

    def domain(self) -> Reason:
        """The domain's reason."""
        return Reason[self.name]


@strawberry.enum(description="What is offered instead of cancelling. More values may come.")
class RetentionKind(Enum):
    """The domain's Retention."""

    COUPON = _value("coupon", description="A reduction.")
    PAUSE = _value("pause", description="A pause that ends by itself.")
    DOWNGRADE = _value("downgrade", description="Another plan from the next period on.")


@strawberry.type(description="One of the things that acceptRetentionOffer would do now.")
class RetentionOption:
    """A part of the offer, or what came of taking it."""

    kind: RetentionKind = strawberry.field(description="What is offered.")
    coupon_name: str | None = strawberry.field(description="Of a reduction: what invoices call it.")
    percent_ppm: int | None = strawberry.field(description="Of a reduction by percentage: parts in a million.")
    amount: Money | None = strawberry.field(description="Of a reduction by an amount: how much of each period.")
    periods: int | None = strawberry.field(description="Of a reduction: for how many periods; null: it has no end.")
    resumes_at: datetime | None = strawberry.field(description="Of a pause: when it ends by itself.")
    plan: Plan | None = strawberry.field(description="Of another plan: the plan.")
    price: Price | None = strawberry.field(description="Of another plan: the price.")
    effective_at: datetime | None = strawberry.field(description="Of another plan: from when on it holds.")


@strawberry.type(description="What a page shows to somebody who is about to cancel a subscription.")
class CancellationFlow:
    """Reasons to choose from, and the offer."""

    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    reasons: list[CancelReason] = strawberry.field(description="What cancelSubscription takes as reason.")
    offer: list[RetentionOption] = strawberry.field(
        description="What can be had instead, of which acceptRetentionOffer takes one; empty: nothing is offered."
    )


REASONS: Final = list(CancelReason)


async def cancellation_flow(info: Info, customer: CustomerId, subscription_id: GlobalId) -> CancellationFlow:
    """The reasons and the offer for a subscription; FEATURE_OFF where customers do not cancel by themselves."""
    db, tenant = info.context.db.primary, info.context.tenant
    id = id_of(SubscriptionId.parse, subscription_id, "subscriptionId")
    of = await subscription(db, customer, id)
    await require_function(db, info.context.actor, tenant, PortalFunction.CANCEL)
    offer: list[RetentionOption] = []
    for found in await retention_offers(db, tenant, of.plan):
        for kind in found.parts:
            if (taken := await _tried(info, customer, id, kind)) is not None:
                offer.append(await option_of(info, taken, found))
    return CancellationFlow(subscription_id=subscription_id, reasons=REASONS, offer=offer)


async def _tried(info: Info, customer: CustomerId, id: SubscriptionId, kind: Retention) -> RetentionAccepted | None:
    """What taking it would come to; None for what would be refused for good."""
    command = AcceptRetentionOffer(id, kind, None)
    try:
        return (await performed(info, accept_retention_offer, customer, command, "preview", preview=True)).outcome
    except Refused as refused:
        if refused.retryable:
            raise
        return None


async def option_of(info: Info, taken: RetentionAccepted, offer: RetentionOffer | None) -> RetentionOption:
    """What was taken, or would be; ``offer`` is where its coupon is named."""
    loaders, tenant = info.context.loaders, info.context.tenant
    code = offer.coupon_code if offer and taken.kind is Retention.COUPON else None
    coupon = await coupon_of_code(info.context.db.primary, tenant, code) if code else None
    price = await loaders.prices.load((tenant, taken.price)) if taken.price else None
    return RetentionOption(
        kind=RetentionKind(taken.kind.value),
        coupon_name=coupon.name if coupon else None,
        percent_ppm=coupon.percent_ppm if coupon else None,
        amount=Money.of(coupon.amount) if coupon and coupon.amount else None,
        periods=taken.periods,
        resumes_at=taken.resumes_at,
        plan=Plan.of(await loaders.plans.load((tenant, price.plan))) if price else None,
        price=Price.of(price) if price else None,
        effective_at=taken.effective_at,
    )
