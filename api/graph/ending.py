"""Cancelling a subscription, keeping it after all, and taking back what was planned for its next period."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import Money
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.plan_change import VERSION
from api.graph.refusal import (
    CancelScheduledChangeError,
    CancelSubscriptionError,
    ReactivateSubscriptionError,
    as_error,
)
from api.graph.retention import CancelReason
from api.graph.subscription_policy import UnusedTime
from api.graph.subscriptions import Subscription
from api.graph.texts import id_of
from api.graph.timing import CancelTiming
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, SubscriptionId
from domain.refusals import Refused
from domain.subscriptions.cancel import (
    CancelAt,
    Canceling,
    CancelSubscription,
    ReactivateSubscription,
    cancel_subscription,
    reactivate_subscription,
)
from domain.subscriptions.cancel_scheduled import CancelScheduledChange, cancel_scheduled_change
from domain.subscriptions.policy import Unused
from domain.subscriptions.subscription import subscription


@strawberry.type(description="When a subscription ends.")
class Cancellation:
    """The outcome of a cancellation, or its preview."""

    ends_at: datetime = strawberry.field(description="When access ends.")
    given_back: Money | None = strawberry.field(description="What a credit note gives back; null: nothing.")

    @classmethod
    def of(cls, done: Canceling) -> "Cancellation":
        """The domain's outcome."""
        return cls(ends_at=done.ends_at, given_back=Money.of(done.given_back) if done.given_back else None)


async def cancel_preview(
    info: Info, customer: CustomerId, subscription_id: GlobalId, timing: CancelTiming
) -> Cancellation:
    """What cancelSubscription would do now, refusals included; nothing is kept, so any key serves."""
    id = id_of(SubscriptionId.parse, subscription_id, "subscriptionId")
    command = CancelSubscription(id, CancelAt(timing.value))
    return Cancellation.of(
        (await performed(info, cancel_subscription, customer, command, "preview", preview=True)).outcome
    )


@strawberry.input(description="Ends a subscription.")
class CancelSubscriptionInput:
    """Input of cancelSubscription."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    timing: CancelTiming = strawberry.field(default=CancelTiming.PERIOD_END, description="When it is to end.")
    unused: UnusedTime | None = strawberry.field(
        default=None, description="Staff only: what becomes of unused time; null: as the tenant's policy says."
    )
    reason: CancelReason | None = strawberry.field(default=None, description="Why, where the customer told it.")
    version: int | None = strawberry.field(default=None, description=VERSION)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription as it stands, and when it ends.")
class CancelSubscriptionPayload:
    """Payload of cancelSubscription."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    cancellation: Cancellation | None = strawberry.field(description="When it ends or ended.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CancelSubscriptionError] = strawberry.field(description=ERRORS)


async def cancel(info: Info, input: CancelSubscriptionInput) -> CancelSubscriptionPayload:
    """Performs the cancellation."""
    try:
        customer = customer_of(info, input.customer_id)
        id = id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId")
        unused = Unused(input.unused.value) if input.unused else None
        reason = input.reason.domain() if input.reason else None
        command = CancelSubscription(id, CancelAt(input.timing.value), input.version, unused, reason)
        done = await performed(info, cancel_subscription, customer, command, input.idempotency_key)
    except Refused as refused:
        return CancelSubscriptionPayload(
            subscription=None, cancellation=None, operation=None, errors=[as_error(refused)]
        )
    operation = await followed(info, done, customer)
    stands = Subscription.of(await subscription(info.context.db.primary, customer, done.outcome.subscription))
    return CancelSubscriptionPayload(
        subscription=stands, cancellation=Cancellation.of(done.outcome), operation=operation, errors=[]
    )


@strawberry.input(description="Keeps a subscription that was cancelled and has not ended yet.")
class ReactivateSubscriptionInput:
    """Input of reactivateSubscription."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription, which goes on.")
class ReactivateSubscriptionPayload:
    """Payload of reactivateSubscription."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ReactivateSubscriptionError] = strawberry.field(description=ERRORS)


async def reactivate(info: Info, input: ReactivateSubscriptionInput) -> ReactivateSubscriptionPayload:
    """Takes the cancellation back."""
    try:
        customer = customer_of(info, input.customer_id)
        command = ReactivateSubscription(id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId"))
        done = await performed(info, reactivate_subscription, customer, command, input.idempotency_key)
    except Refused as refused:
        return ReactivateSubscriptionPayload(subscription=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    stands = Subscription.of(await subscription(info.context.db.primary, customer, done.outcome.subscription))
    return ReactivateSubscriptionPayload(subscription=stands, operation=operation, errors=[])


@strawberry.input(description="Takes back what was planned for the next period.")
class CancelScheduledChangeInput:
    """Input of cancelScheduledChange."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription, with nothing planned.")
class CancelScheduledChangePayload:
    """Payload of cancelScheduledChange."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CancelScheduledChangeError] = strawberry.field(description=ERRORS)


async def cancel_scheduled(info: Info, input: CancelScheduledChangeInput) -> CancelScheduledChangePayload:
    """Forgets the planned change."""
    try:
        customer = customer_of(info, input.customer_id)
        command = CancelScheduledChange(id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId"))
        done = await performed(info, cancel_scheduled_change, customer, command, input.idempotency_key)
    except Refused as refused:
        return CancelScheduledChangePayload(subscription=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    stands = Subscription.of(await subscription(info.context.db.primary, customer, done.outcome.subscription))
    return CancelScheduledChangePayload(subscription=stands, operation=operation, errors=[])
