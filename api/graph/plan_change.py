"""Changing the plan or the seats, and what it would cost before anybody decides."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.money import Money
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.quotes import quoted
from api.graph.refusal import ChangePlanError, ChangeQuantityError, as_error
from api.graph.subscriptions import Subscription
from api.graph.texts import id_of, refused
from api.graph.timing import ChangeMode, ChangeTiming
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.operation import Performed
from domain.refusals import Refused
from domain.subscriptions.change import PlanChanging, Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.subscription import subscription

_OF_A_QUOTE = frozenset({"subscriptionId", "priceId", "quantity", "timing"})  # it says them, so the caller does not
VERSION = "The version of the subscription that the caller decided on; another one by now is refused."


@strawberry.type(description="What a change credits, charges and leaves due, and when it takes effect.")
class PlanChange:
    """The proration of a change."""

    mode: ChangeMode = strawberry.field(description="How it takes effect.")
    credit: Money = strawberry.field(
        description="What the unused time gives back: after coupons, and before tax that is added."
    )
    charge: Money = strawberry.field(
        description="What the rest of the period costs on the new price: before coupons, and before tax that is added."
    )
    given_back: Money | None = strawberry.field(
        description="What a credit note puts to credit, where more is unused than charged; null: nothing."
    )
    due: Money = strawberry.field(description="What is to be paid now.")
    effective_at: datetime = strawberry.field(description="When it takes effect, once what is due is paid.")

    @classmethod
    def of(cls, done: PlanChanging) -> "PlanChange":
        """The domain's outcome."""
        return cls(
            mode=ChangeMode(done.mode),
            credit=Money.of(done.credit),
            charge=Money.of(done.charge),
            given_back=Money.of(done.given_back) if done.given_back else None,
            due=Money.of(done.due),
            effective_at=done.effective_at,
        )


async def change_preview(info: Info, customer: CustomerId, subscription_id: GlobalId, price_id: GlobalId) -> PlanChange:
    """What changePlan would do now, refusals included; nothing is kept, so any key serves."""
    command = ChangePlan(
        id_of(SubscriptionId.parse, subscription_id, "subscriptionId"), id_of(PriceId.parse, price_id, "priceId")
    )
    done = await performed(info, change_plan, customer, command, "preview", preview=True)
    return PlanChange.of(done.outcome)


async def quantity_preview(info: Info, customer: CustomerId, subscription_id: GlobalId, quantity: int) -> PlanChange:
    """What changeQuantity would do now, refusals included; nothing is kept, so any key serves."""
    command = ChangeQuantity(id_of(SubscriptionId.parse, subscription_id, "subscriptionId"), quantity)
    done = await performed(info, change_quantity, customer, command, "preview", preview=True)
    return PlanChange.of(done.outcome)


@strawberry.input(description="Puts a subscription on another price: as a quote says, or as things are now.")
class ChangePlanInput:
    """Input of changePlan."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    quote_id: GlobalId | None = strawberry.field(
        default=None, description="A quote: exactly that is done, or QUOTE_STALE. It says all the rest."
    )
    subscription_id: GlobalId | None = strawberry.field(default=None, description="The subscription, without a quote.")
    price_id: GlobalId | None = strawberry.field(
        default=None, description="A price on offer, in the subscription's currency, without a quote."
    )
    quantity: int | None = strawberry.field(default=None, description="How many units; null: as many as now.")
    timing: ChangeTiming = strawberry.field(
        default=ChangeTiming.BY_RULE, description="When it is to take effect, without a quote."
    )
    version: int | None = strawberry.field(default=None, description=VERSION)
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
        customer = customer_of(info, input.customer_id)
        command = _command(info, customer, input)
        done = await performed(info, change_plan, customer, command, input.idempotency_key)
    except Refused as refusal:
        error = as_error(_of_quote(refusal) if input.quote_id is not None else refusal)
        return ChangePlanPayload(subscription=None, change=None, invoice=None, operation=None, errors=[error])
    operation, stands, issued = await _changed(info, customer, done)
    return ChangePlanPayload(
        subscription=stands, change=PlanChange.of(done.outcome), invoice=issued, operation=operation, errors=[]
    )


def _command(info: Info, customer: CustomerId, input: ChangePlanInput) -> ChangePlan:
    if input.quote_id is not None:
        by_rule = input.timing is ChangeTiming.BY_RULE
        if input.subscription_id or input.price_id or input.quantity is not None or not by_rule:
            raise refused("A quote says what is changed; give nothing beside it.", "quoteId")
        return quoted(info, customer, input.quote_id)
    if input.subscription_id is None or input.price_id is None:
        raise refused("Give a quote, or a subscription and a price.", "quoteId")
    return ChangePlan(
        id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId"),
        id_of(PriceId.parse, input.price_id, "priceId"),
        input.quantity,
        Timing(input.timing.value),
        version=input.version,
    )


def _of_quote(refusal: Refused) -> Refused:
    """The refusal, about the quote where it is about what a quote says."""
    if _OF_A_QUOTE.isdisjoint(refusal.path):
        return refusal
    return Refused(refusal.code, refusal.message, ("quoteId",))


async def _changed(
    info: Info, customer: CustomerId, done: Performed[PlanChanging]
) -> tuple[OperationInfo, Subscription, Invoice | None]:
    """How far it has come, the subscription as it stands then, and the invoice of the change."""
    operation, db = await followed(info, done, customer), info.context.db.primary
    stands = Subscription.of(await subscription(db, customer, done.outcome.subscription))
    issued = done.outcome.invoice
    return operation, stands, Invoice.of(await invoice(db, customer, issued)) if issued else None


@strawberry.input(description="Bills another number of seats.")
class ChangeQuantityInput:
    """Input of changeQuantity."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    subscription_id: GlobalId = strawberry.field(description="The subscription; its price is one a seat.")
    quantity: int = strawberry.field(description="How many units, 1 to 10,000.")
    timing: ChangeTiming = strawberry.field(
        default=ChangeTiming.BY_RULE,
        description="When it is to take effect; by rule more at once, fewer as the tenant's policy says.",
    )
    version: int | None = strawberry.field(default=None, description=VERSION)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The change, and the subscription as it stands; more seats apply once they are paid.")
class ChangeQuantityPayload:
    """Payload of changeQuantity."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    change: PlanChange | None = strawberry.field(description="The proration, as it was when the change was asked for.")
    invoice: Invoice | None = strawberry.field(description="The invoice of the change; null where none is due now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ChangeQuantityError] = strawberry.field(description=ERRORS)


async def change_seats(info: Info, input: ChangeQuantityInput) -> ChangeQuantityPayload:
    """Performs the change and waits a little for the payment."""
    try:
        customer = customer_of(info, input.customer_id)
        id = id_of(SubscriptionId.parse, input.subscription_id, "subscriptionId")
        command = ChangeQuantity(id, input.quantity, Timing(input.timing.value), input.version)
        done = await performed(info, change_quantity, customer, command, input.idempotency_key)
    except Refused as refusal:
        error = as_error(refusal)
        return ChangeQuantityPayload(subscription=None, change=None, invoice=None, operation=None, errors=[error])
    operation, stands, issued = await _changed(info, customer, done)
    return ChangeQuantityPayload(
        subscription=stands, change=PlanChange.of(done.outcome), invoice=issued, operation=operation, errors=[]
    )
