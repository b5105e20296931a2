"""Pausing a subscription and resuming it."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import PauseSubscriptionError, ResumeSubscriptionError, as_error
from api.graph.subscriptions import Subscription
from api.graph.texts import id_of
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import SubscriptionId
from domain.invoices.invoice import invoice
from domain.refusals import Refused
from domain.subscriptions.pause import PauseSubscription, ResumeSubscription, pause_subscription, resume_subscription
from domain.subscriptions.subscription import subscription


@strawberry.input(description="Stops billing a subscription; what was paid for stays.")
class PauseSubscriptionInput:
    """Input of pauseSubscription."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="An active subscription whose running period is paid.")
    resumes_at: datetime | None = strawberry.field(
        default=None, description="When it resumes by itself, within 366 days; null: when somebody resumes it."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription, which pauses.")
class PauseSubscriptionPayload:
    """Payload of pauseSubscription."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PauseSubscriptionError] = strawberry.field(description=ERRORS)


async def pause(info: Info, input: PauseSubscriptionInput) -> PauseSubscriptionPayload:
    """Performs the pause."""
    try:
        customer = customer_of(info, input.customer_id)
        id = id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId")
        command = PauseSubscription(id, input.resumes_at)
        done = await performed(info, pause_subscription, customer, command, input.idempotency_key)
    except Refused as refused:
        return PauseSubscriptionPayload(subscription=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    stands = Subscription.of(await subscription(info.context.db.primary, customer, done.outcome.subscription))
    return PauseSubscriptionPayload(subscription=stands, operation=operation, errors=[])


@strawberry.input(description="Ends a pause now.")
class ResumeSubscriptionInput:
    """Input of resumeSubscription."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="A subscription that pauses.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription, which goes on in the paid period or begins a new cycle now.")
class ResumeSubscriptionPayload:
    """Payload of resumeSubscription."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    invoice: Invoice | None = strawberry.field(description="The invoice of the new cycle; null in the paid period.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ResumeSubscriptionError] = strawberry.field(description=ERRORS)


async def resume(info: Info, input: ResumeSubscriptionInput) -> ResumeSubscriptionPayload:
    """Performs the return and waits a little for the payment."""
    try:
        customer = customer_of(info, input.customer_id)
        command = ResumeSubscription(id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId"))
        done = await performed(info, resume_subscription, customer, command, input.idempotency_key)
    except Refused as refused:
        return ResumeSubscriptionPayload(subscription=None, invoice=None, operation=None, errors=[as_error(refused)])
    operation, db = await followed(info, done, customer), info.context.db.primary
    issued = done.outcome.invoice
    return ResumeSubscriptionPayload(
        subscription=Subscription.of(await subscription(db, customer, done.outcome.subscription)),
        invoice=Invoice.of(await invoice(db, customer, issued)) if issued else None,
        operation=operation,
        errors=[],
    )
