"""Changing the plan, and what it would cost before anybody decides."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.money import Money
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import ChangePlanError, as_error
from api.graph.subscriptions import Subscription
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.refusals import Refused
from domain.subscriptions.change_plan import ChangePlan, PlanChanging, change_plan
from domain.subscriptions.subscription import subscription


@strawberry.type(description="What a change credits, charges and leaves due, and when it takes effect.")
class PlanChange:
    """The proration of a change."""

    credit: Money = strawberry.field(description="What the unused time gives back.")
    charge: Money = strawberry.field(description="What the rest of the period costs on the new price.")
    due: Money = strawberry.field(description="What is to be paid now.")
    effective_at: datetime = strawberry.field(description="When it takes effect, once what is due is paid.")

    @classmethod
    def of(cls, done: PlanChanging) -> "PlanChange":
        """The domain's outcome."""
        return cls(
            credit=Money.of(done.credit),
            charge=Money.of(done.charge),
            due=Money.of(done.due),
            effective_at=done.effective_at,
        )


async def change_preview(info: Info, customer: CustomerId, subscription_id: GlobalId, price_id: GlobalId) -> PlanChange:
    """What changePlan would do now, refusals included; nothing is kept, so any key serves."""
    command = _command(subscription_id, price_id)
    done = await performed(info, change_plan, customer, command, "preview", preview=True)
    return PlanChange.of(done.outcome)


def _command(subscription_id: GlobalId, price_id: GlobalId) -> ChangePlan:
    return ChangePlan(
        id_of(SubscriptionId.parse, subscription_id, "subscriptionId"), id_of(PriceId.parse, price_id, "priceId")
    )


@strawberry.input(description="Puts a subscription on another price.")
class ChangePlanInput:
    """Input of changePlan."""

    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    price_id: GlobalId = strawberry.field(description="A price on offer, in the subscription's currency.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The change, and the subscription as it stands; a dearer plan applies once it is paid.")
class ChangePlanPayload:
    """Payload of changePlan."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    change: PlanChange | None = strawberry.field(description="The proration, as it was when the change was asked for.")
    invoice: Invoice | None = strawberry.field(description="The invoice of the change; null where it waits for a term.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ChangePlanError] = strawberry.field(description=ERRORS)


async def change(info: Info, input: ChangePlanInput) -> ChangePlanPayload:
    """Performs the change and waits a little for the payment."""
    try:
        customer = info.context.customer
        command = _command(input.subscription_id, input.price_id)
        done = await performed(info, change_plan, customer, command, input.idempotency_key)
    except Refused as refused:
        error = as_error(refused)
        return ChangePlanPayload(subscription=None, change=None, invoice=None, operation=None, errors=[error])
    operation, db = await followed(info, done, customer), info.context.db.primary
    issued = done.outcome.invoice
    return ChangePlanPayload(
        subscription=Subscription.of(await subscription(db, customer, done.outcome.subscription)),
        change=PlanChange.of(done.outcome),
        invoice=Invoice.of(await invoice(db, customer, issued)) if issued else None,
        operation=operation,
        errors=[],
    )
