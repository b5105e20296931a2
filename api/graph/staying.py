"""Offers for those who are about to cancel: set by admins, taken by customers, looked at by staff."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION, CustomerArgument
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import AcceptRetentionOfferError, SetRetentionOfferError, as_error
from api.graph.retention import CancelReason, RetentionKind, RetentionOption, option_of
from api.graph.subscriptions import Subscription
from api.graph.texts import NAME, id_of, text
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, PlanId, PriceId, SubscriptionId
from domain.refusals import Refused
from domain.subscriptions import retention_offer as offers
from domain.subscriptions.accept_retention import AcceptRetentionOffer, accept_retention_offer
from domain.subscriptions.retention_answer import retention_answers
from domain.subscriptions.subscription import subscription

_SELDOM = "A subscription takes it once in so many months, 1 to 120."


@strawberry.type(description="What those are offered who are about to cancel a subscription to a plan.")
class RetentionOffer:
    """The domain's offer."""

    plan_id: GlobalId = strawberry.field(description="The plan.")
    coupon_code: str | None = strawberry.field(description="The coupon that is offered.")
    pause_days: int | None = strawberry.field(description="How long the pause is that is offered.")
    price_id: GlobalId | None = strawberry.field(description="The price of another plan that is offered.")
    every_months: int = strawberry.field(description=_SELDOM)

    @classmethod
    def of(cls, offer: offers.RetentionOffer) -> "RetentionOffer":
        """The domain's offer."""
        return cls(
            plan_id=GlobalId(str(offer.plan)), coupon_code=offer.coupon_code, pause_days=offer.pause_days,
            price_id=GlobalId(str(offer.price)) if offer.price else None, every_months=offer.every_months,
        )  # fmt: skip


@strawberry.type(description="Somebody who was about to cancel, and what it did.")
class RetentionAnswer:
    """The domain's answer."""

    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    plan_id: GlobalId = strawberry.field(description="The plan that it was on.")
    reason: CancelReason | None = strawberry.field(description="Why, where it was told.")
    offered: list[RetentionKind] = strawberry.field(description="What was open to it.")
    taken: RetentionKind | None = strawberry.field(description="What it took; null: it cancelled all the same.")
    answered_at: datetime = strawberry.field(description="When, in business time.")


@strawberry.type(description="Part of the desk.")
class StaffRetention:
    """What staff see of those who leave or stay."""

    @strawberry.field(description="What those are offered who are about to cancel, by plan; withdrawn ones left out.")
    async def retention_offers(self, info: Info) -> list[RetentionOffer]:
        """The offers."""
        found = await offers.retention_offers(info.context.db.primary, info.context.tenant)
        return [RetentionOffer.of(each) for each in found]

    @strawberry.field(
        description="Why a customer cancelled or was about to, and what it was offered, newest first; at most 100."
    )
    async def retention_answers(self, info: Info, customer_id: CustomerArgument) -> list[RetentionAnswer]:
        """The answers."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return [
            RetentionAnswer(
                subscription_id=GlobalId(str(each.subscription)),
                plan_id=GlobalId(str(each.plan)),
                reason=CancelReason(each.reason.value) if each.reason else None,
                offered=[RetentionKind(part.value) for part in each.offered],
                taken=RetentionKind(each.taken.value) if each.taken else None,
                answered_at=each.answered_at,
            )
            for each in await retention_answers(info.context.db.primary, found.source.id)
        ]


@strawberry.input(description="Sets what those are offered who are about to cancel; nothing at all withdraws it.")
class SetRetentionOfferInput:
    """Input of setRetentionOffer."""

    plan_id: GlobalId = strawberry.field(description="The plan.")
    coupon_code: str | None = strawberry.field(default=None, description="A coupon of one subscription, for the plan.")
    pause_days: int | None = strawberry.field(default=None, description="A pause of so many days, 1 to 366.")
    price_id: GlobalId | None = strawberry.field(default=None, description="A price of another plan that is sold.")
    every_months: int = strawberry.field(default=12, description=_SELDOM)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The offer as it is now.")
class SetRetentionOfferPayload:
    """Payload of setRetentionOffer."""

    offer: RetentionOffer | None = strawberry.field(description="The offer; null: it was withdrawn.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetRetentionOfferError] = strawberry.field(description=ERRORS)


async def set_offer(info: Info, input: SetRetentionOfferInput) -> SetRetentionOfferPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = offers.SetRetentionOffer(
            id_of(PlanId.parse, input.plan_id, "planId"),
            text(NAME, input.coupon_code, "couponCode") if input.coupon_code is not None else None,
            input.pause_days,
            id_of(PriceId.parse, input.price_id, "priceId") if input.price_id is not None else None,
            input.every_months,
        )
        done = await performed(info, offers.set_retention_offer, home, command, input.idempotency_key)
    except Refused as refused:
        return SetRetentionOfferPayload(offer=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    found = await offers.retention_offers(info.context.db.primary, info.context.tenant, done.outcome.plan)
    offer = RetentionOffer.of(found[0]) if found else None
    return SetRetentionOfferPayload(offer=offer, operation=operation, errors=[])


@strawberry.input(description="Takes one part of the offer instead of cancelling.")
class AcceptRetentionOfferInput:
    """Input of acceptRetentionOffer."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    kind: RetentionKind = strawberry.field(description="What is taken of cancellationFlow's offer.")
    reason: CancelReason | None = strawberry.field(default=None, description="Why it was to be cancelled.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription, which goes on.")
class AcceptRetentionOfferPayload:
    """Payload of acceptRetentionOffer."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    taken: RetentionOption | None = strawberry.field(description="What was taken.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[AcceptRetentionOfferError] = strawberry.field(description=ERRORS)


async def accept(info: Info, input: AcceptRetentionOfferInput) -> AcceptRetentionOfferPayload:
    """For portal users, those who come by a link to cancel, and staff in a customer's name."""
    try:
        customer = customer_of(info, input.customer_id)
        command = AcceptRetentionOffer(
            id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId"),
            offers.Retention[input.kind.name],
            input.reason.domain() if input.reason else None,
        )
        done = await performed(info, accept_retention_offer, customer, command, input.idempotency_key)
    except Refused as refused:
        return AcceptRetentionOfferPayload(subscription=None, taken=None, operation=None, errors=[as_error(refused)])
    operation, db = await followed(info, done, customer), info.context.db.primary
    stands = await subscription(db, customer, done.outcome.subscription)
    found = await offers.retention_offers(db, info.context.tenant, stands.plan)
    taken = await option_of(info, done.outcome, found[0] if found else None)
    return AcceptRetentionOfferPayload(
        subscription=Subscription.of(stands), taken=taken, operation=operation, errors=[]
    )


@strawberry.type(description="Changes about those who are about to cancel.")
class RetentionMutations:
    """Fields of the mutation root."""

    set_retention_offer: SetRetentionOfferPayload = _mutation(
        set_offer, "Admins: says what those are offered who are about to cancel a subscription to a plan."
    )
    accept_retention_offer: AcceptRetentionOfferPayload = _mutation(
        accept, "Takes a part of what is offered to who is about to cancel, instead of cancelling."
    )
