"""What a customer can change: methods, subscriptions, payments, and its test clock."""

from datetime import datetime

import strawberry

from api.graph import outcome
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.money import Money
from api.graph.outcome import OperationInfo, as_error, followed, performed
from api.graph.payments import Payment, PaymentMethod
from api.graph.subscriptions import Subscription
from api.scalars import GlobalId, IdempotencyKey, Text
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ids import CustomerId, InvoiceId, PaymentId, PaymentMethodId, PriceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.payments.gateway import MethodFacts, MethodRefused
from domain.payments.method import StoreMethod, payment_methods, store_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import payment
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import ChangePlan, PlanChanging, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscription

_token_text = Text(max_length=200)  # providers' tokens are a tenth of that


@strawberry.input(description="Stores a payment method from a token of the provider's own form.")
class AddPaymentMethodInput:
    """Input of addPaymentMethod."""

    token: str = strawberry.field(description="The token; card data never comes here.")
    idempotency_key: IdempotencyKey = strawberry.field(description="Minted before the call, the same on a retry.")


@strawberry.type(description="The stored method, which is the default from now on.")
class AddPaymentMethodPayload:
    """Payload of addPaymentMethod."""

    payment_method: PaymentMethod | None
    operation: OperationInfo | None
    errors: list[outcome.AddPaymentMethodError]


async def add_payment_method(info: Info, input: AddPaymentMethodInput) -> AddPaymentMethodPayload:
    """Asks the provider first: storing a token there twice is harmless, and no transaction waits for it."""
    rooms, customer = info.context.rooms, info.context.customer
    token = _token_text(input.token, "token")
    try:
        answer = await rooms.house.gateway(rooms.account).add_method(token)
        if isinstance(answer, MethodRefused):
            message = f"the provider does not take this method ({answer.code})"
            raise Refused(RefusalCode.PAYMENT_METHOD_REFUSED, message, ("token",))
        if not isinstance(answer, MethodFacts):
            raise Refused(RefusalCode.UNAVAILABLE, "the payment provider does not answer at the moment")
        command = StoreMethod(rooms.account, token, answer.method_ref, answer.kind, answer.brand, answer.last4)
        done = await performed(info, store_method, customer, command, input.idempotency_key)
    except Refused as refused:
        return AddPaymentMethodPayload(payment_method=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    (stored,) = await payment_methods(info.context.db.primary, customer, [done.outcome.method])
    return AddPaymentMethodPayload(payment_method=PaymentMethod.of(stored), operation=operation, errors=[])


@strawberry.input(description="Buys a plan.")
class StartSubscriptionInput:
    """Input of startSubscription."""

    price_id: GlobalId = strawberry.field(description="A price on offer, in the customer's currency.")
    quantity: int = strawberry.field(default=1, description="How many units.")
    idempotency_key: IdempotencyKey = strawberry.field(description="Minted before the call, the same on a retry.")


@strawberry.type(description="The subscription and its first invoice; both may still wait for the payment.")
class StartSubscriptionPayload:
    """Payload of startSubscription."""

    subscription: Subscription | None
    invoice: Invoice | None
    operation: OperationInfo | None
    errors: list[outcome.StartSubscriptionError]


async def start(info: Info, input: StartSubscriptionInput) -> StartSubscriptionPayload:
    """Performs the start and waits a little for the payment."""
    customer, db = info.context.customer, info.context.db
    try:
        command = StartSubscription(PriceId.parse(input.price_id), input.quantity)
        done = await performed(info, start_subscription, customer, command, input.idempotency_key)
    except Refused as refused:
        return StartSubscriptionPayload(subscription=None, invoice=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    return StartSubscriptionPayload(
        subscription=Subscription.of(await subscription(db.primary, customer, done.outcome.subscription)),
        invoice=Invoice.of(await invoice(db.primary, customer, done.outcome.invoice)),
        operation=operation,
        errors=[],
    )


@strawberry.input(description="Puts a subscription on another price.")
class ChangePlanInput:
    """Input of changePlan."""

    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    price_id: GlobalId = strawberry.field(description="A price on offer, in the subscription's currency.")
    idempotency_key: IdempotencyKey = strawberry.field(description="Minted before the call, the same on a retry.")


@strawberry.type(description="What the change credits, charges and leaves due, and when it takes effect.")
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


@strawberry.type(description="The change, and the subscription as it stands; a dearer plan applies once it is paid.")
class ChangePlanPayload:
    """Payload of changePlan."""

    subscription: Subscription | None
    change: PlanChange | None
    invoice: Invoice | None
    operation: OperationInfo | None
    errors: list[outcome.ChangePlanError]


async def change(info: Info, input: ChangePlanInput) -> ChangePlanPayload:
    """Performs the change and waits a little for the payment."""
    customer, db = info.context.customer, info.context.db
    try:
        command = ChangePlan(SubscriptionId.parse(input.subscription_id), PriceId.parse(input.price_id))
        done = await performed(info, change_plan, customer, command, input.idempotency_key)
    except Refused as refused:
        error = as_error(refused)
        return ChangePlanPayload(subscription=None, change=None, invoice=None, operation=None, errors=[error])
    operation = await followed(info, done, customer)
    issued = done.outcome.invoice
    return ChangePlanPayload(
        subscription=Subscription.of(await subscription(db.primary, customer, done.outcome.subscription)),
        change=PlanChange.of(done.outcome),
        invoice=Invoice.of(await invoice(db.primary, customer, issued)) if issued else None,
        operation=operation,
        errors=[],
    )


async def change_preview(info: Info, subscription_id: GlobalId, price_id: GlobalId) -> PlanChange:
    """What changePlan would do now; nothing is kept, so any key serves."""
    command = ChangePlan(SubscriptionId.parse(subscription_id), PriceId.parse(price_id))
    done = await performed(info, change_plan, info.context.customer, command, "preview", preview=True)
    return PlanChange.of(done.outcome)


@strawberry.input(description="Collects what is due on an invoice.")
class PayInvoiceInput:
    """Input of payInvoice."""

    invoice_id: GlobalId = strawberry.field(description="An open invoice.")
    method_id: GlobalId | None = strawberry.field(default=None, description="A stored method; else the default one.")
    idempotency_key: IdempotencyKey = strawberry.field(description="Minted before the call, the same on a retry.")


@strawberry.type(description="The attempt, as far as it has come.")
class PayInvoicePayload:
    """Payload of payInvoice."""

    payment: Payment | None
    invoice: Invoice | None
    operation: OperationInfo | None
    errors: list[outcome.PayInvoiceError]


async def pay(info: Info, input: PayInvoiceInput) -> PayInvoicePayload:
    """Begins an attempt and waits a little for its outcome."""
    customer = info.context.customer
    try:
        method = PaymentMethodId.parse(input.method_id) if input.method_id is not None else None
        command = PayInvoice(InvoiceId.parse(input.invoice_id), method)
        done = await performed(info, pay_invoice, customer, command, input.idempotency_key)
    except Refused as refused:
        return PayInvoicePayload(payment=None, invoice=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    found = await _paid(info, customer, done.outcome.payment)
    return PayInvoicePayload(payment=found[0], invoice=found[1], operation=operation, errors=[])


async def _paid(info: Info, customer: CustomerId, id: PaymentId) -> tuple[Payment, Invoice]:
    db = info.context.db.primary
    known = await payment(db, customer, id)
    return Payment.of(known), Invoice.of(await invoice(db, customer, known.invoice))


@strawberry.input(description="Moves the test clock of a sandbox customer forward.")
class AdvanceTestClockInput:
    """Input of advanceTestClock."""

    to: datetime = strawberry.field(description="The instant it is to reach.")
    idempotency_key: IdempotencyKey = strawberry.field(description="Minted before the call, the same on a retry.")


@strawberry.type(description="Where the clock stands and where it goes; jobs take it there, doing what is due.")
class AdvanceTestClockPayload:
    """Payload of advanceTestClock."""

    at: datetime | None
    target: datetime | None
    operation: OperationInfo | None
    errors: list[outcome.AdvanceTestClockError]


async def advance(info: Info, input: AdvanceTestClockInput) -> AdvanceTestClockPayload:
    """Stores the target; the worker goes the way."""
    customer = info.context.customer
    try:
        done = await performed(info, advance_clock, customer, AdvanceClock(input.to), input.idempotency_key)
    except Refused as refused:
        return AdvanceTestClockPayload(at=None, target=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    at, to = done.outcome.at, done.outcome.to
    return AdvanceTestClockPayload(at=at, target=to, operation=operation, errors=[])
