"""Buying a plan, and what that would cost before anybody decides."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice, InvoiceLine, invoice_lines
from api.graph.money import Money
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import StartSubscriptionError, as_error
from api.graph.subscriptions import Subscription
from api.graph.taxes import DiscountAmount, TaxAmount, discounts_on, taxes_on
from api.graph.texts import NAME, id_of, text
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, PriceId
from domain.invoices.invoice import invoice
from domain.money import total
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscription


@strawberry.type(description="What the first invoice of a subscription would say.")
class Purchase:
    """The preview of a purchase."""

    lines: list[InvoiceLine] = strawberry.field(description="What it would say; none where a trial begins.")
    subtotal: Money = strawberry.field(description="The sum of the lines before tax.")
    tax: Money = strawberry.field(description="The sum of the taxes.")
    taxes: list[TaxAmount] = strawberry.field(description="The taxes by rate.")
    discounts: list[DiscountAmount] = strawberry.field(description="What each coupon would take off.")
    total: Money = strawberry.field(description="What the first period costs: subtotal and tax.")
    credited: Money = strawberry.field(description="How much of it the customer's credit would pay.")
    due: Money = strawberry.field(description="What would be charged at once.")
    trial_end: datetime | None = strawberry.field(description="When its trial would end; null: it would have none.")


async def purchase_preview(
    info: Info, customer: CustomerId, price_id: GlobalId, quantity: int, coupon: str | None
) -> Purchase:
    """What startSubscription would do now, refusals included; nothing is kept, so any key serves."""
    command = _command(price_id, quantity, coupon)
    done = (await performed(info, start_subscription, customer, command, "preview", preview=True)).outcome
    return Purchase(
        lines=invoice_lines(done.lines),
        subtotal=Money.of(total((line.net for line in done.lines), done.total.currency)),
        tax=Money.of(total((line.tax for line in done.lines), done.total.currency)),
        taxes=taxes_on(done.lines),
        discounts=discounts_on(done.lines),
        total=Money.of(done.total),
        credited=Money.of(done.total - done.due),
        due=Money.of(done.due),
        trial_end=done.trial_end,
    )


def _command(price_id: GlobalId, quantity: int, coupon: str | None, *, trial: bool = True) -> StartSubscription:
    code = None if coupon is None else text(NAME, coupon, "couponCode")
    return StartSubscription(id_of(PriceId.parse, price_id, "priceId"), quantity, trial, code)


@strawberry.input(description="Buys a plan.")
class StartSubscriptionInput:
    """Input of startSubscription."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    price_id: GlobalId = strawberry.field(description="A price on offer, in the customer's currency.")
    trial: bool = strawberry.field(default=True, description="Whether to begin with the plan's trial, if one is left.")
    quantity: int = strawberry.field(default=1, description="How many units, 1 to 10,000.")
    coupon_code: str | None = strawberry.field(
        default=None,
        description="A coupon to redeem with it, in whatever letters; one that waits for a purchase already stays so.",
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The subscription and its first invoice; both may still wait for the payment.")
class StartSubscriptionPayload:
    """Payload of startSubscription."""

    subscription: Subscription | None = strawberry.field(description="The subscription as it stands now.")
    invoice: Invoice | None = strawberry.field(description="Its first invoice, with the attempts to collect it.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[StartSubscriptionError] = strawberry.field(description=ERRORS)


async def start(info: Info, input: StartSubscriptionInput) -> StartSubscriptionPayload:
    """Performs the start and waits a little for the payment."""
    try:
        customer = customer_of(info, input.customer_id)
        command = _command(input.price_id, input.quantity, input.coupon_code, trial=input.trial)
        done = await performed(info, start_subscription, customer, command, input.idempotency_key)
    except Refused as refused:
        return StartSubscriptionPayload(subscription=None, invoice=None, operation=None, errors=[as_error(refused)])
    operation, db = await followed(info, done, customer), info.context.db.primary
    issued = done.outcome.invoice
    return StartSubscriptionPayload(
        subscription=Subscription.of(await subscription(db, customer, done.outcome.subscription)),
        invoice=Invoice.of(await invoice(db, customer, issued)) if issued else None,
        operation=operation,
        errors=[],
    )
