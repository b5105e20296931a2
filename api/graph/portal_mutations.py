"""What a customer can change: methods, payments, its test clock; purchase.py and plan_change.py have the rest."""

from datetime import datetime

import strawberry

from api.graph import refusal
from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.payment_route import route_of
from api.graph.payments import CaptureMode, Payment, PaymentMethod
from api.graph.refusal import as_error, as_payment_error
from api.graph.texts import id_of, text
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey, Text
from domain.customers.advance_clock import AdvanceClock, advance_clock, clock_of
from domain.ids import CustomerId, InvoiceId, PaymentMethodId
from domain.inspection import inspect_key
from domain.invoices.invoice import invoice
from domain.payments import payment as payments
from domain.payments.gateway import MethodFacts, MethodRefused
from domain.payments.method import MethodStored, StoreMethod, payment_methods, store_method
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.points import reached
from domain.portal_door import require_purpose, require_right
from domain.portal_function import require_function
from domain.refusals import RefusalCode, Refused

_token_text = Text(max_length=200)  # providers' tokens are a tenth of that


@strawberry.input(description="Stores a payment method from a token of the provider's own form.")
class AddPaymentMethodInput:
    """Input of addPaymentMethod."""

    token: str = strawberry.field(description="The token; card data never comes here.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The stored method, which is the default from now on.")
class AddPaymentMethodPayload:
    """Payload of addPaymentMethod."""

    payment_method: PaymentMethod | None = strawberry.field(description="The method; a retry gets the same.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[refusal.AddPaymentMethodError] = strawberry.field(description=ERRORS)


async def add_payment_method(info: Info, input: AddPaymentMethodInput) -> AddPaymentMethodPayload:
    """Asks the provider first: storing a token there twice is harmless, and no transaction waits for it."""
    try:
        customer = info.context.customer
        info.context.refuse_acting()
        context = info.context
        require_purpose(context.actor, store_method)
        require_right(context.actor, store_method)
        await require_function(context.db.primary, context.actor, context.tenant, store_method.function)
        token = text(_token_text, input.token, "token")
        command = await _method_of(info, customer, token, input.idempotency_key)
        done = await performed(info, store_method, customer, command, input.idempotency_key)
    except Refused as refused:
        return AddPaymentMethodPayload(payment_method=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    (stored,) = await payment_methods(info.context.db.primary, customer, [done.outcome.method])
    return AddPaymentMethodPayload(payment_method=PaymentMethod.of(stored), operation=operation, errors=[])


async def _method_of(info: Info, customer: CustomerId, token: str, key: str) -> StoreMethod:
    """The command with what the provider says of the token; a key that was used already is answered without it."""
    db, actor = info.context.db.primary, info.context.actor
    if known := await inspect_key(db, customer, actor.scope, key):
        # What was learnt is no part of the intent, and the route was that of then.
        account = await _account_of(info, customer, known.outcome)
        return StoreMethod(account, token, "", "", "", "")
    account = await route_of(info, customer)
    answer = await info.context.rooms.house.gateway(account).add_method(token, str(customer))
    reached("method.answered")
    if isinstance(answer, MethodRefused):
        message = f"The provider does not take this method ({answer.code})."
        raise Refused(RefusalCode.PAYMENT_METHOD_REFUSED, message, ("token",))
    if not isinstance(answer, MethodFacts):
        raise Refused(RefusalCode.UNAVAILABLE, "The payment provider does not answer at the moment.")
    return StoreMethod(account, token, answer.method_ref, answer.kind, answer.brand, answer.last4, answer.expires)


async def _account_of(info: Info, customer: CustomerId, outcome: object) -> str:
    if not isinstance(outcome, MethodStored):
        return await route_of(info, customer)
    (stored,) = await payment_methods(info.context.db.primary, customer, [outcome.method])
    return stored.provider_account


@strawberry.input(description="Collects what is due on an invoice.")
class PayInvoiceInput:
    """Input of payInvoice."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    invoice_id: GlobalId = strawberry.field(description="An open invoice.")
    method_id: GlobalId | None = strawberry.field(default=None, description="A stored method; else the default one.")
    capture: CaptureMode | None = strawberry.field(
        default=None, description="Staff only: when it is taken; null: as the tenant's policy says."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The attempt, as far as it has come.")
class PayInvoicePayload:
    """Payload of payInvoice."""

    payment: Payment | None = strawberry.field(description="The attempt as it stands now.")
    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[refusal.PayInvoiceError] = strawberry.field(description=ERRORS)


async def pay(info: Info, input: PayInvoiceInput) -> PayInvoicePayload:
    """Begins an attempt and waits a little for its outcome."""
    try:
        customer = customer_of(info, input.customer_id)
        method = id_of(PaymentMethodId.parse, input.method_id, "methodId") if input.method_id is not None else None
        capture = payments.CaptureMode[input.capture.name] if input.capture else None
        command = PayInvoice(id_of(InvoiceId.parse, input.invoice_id, "invoiceId"), method, capture)
        done = await performed(info, pay_invoice, customer, command, input.idempotency_key)
    except Refused as refused:
        return PayInvoicePayload(payment=None, invoice=None, operation=None, errors=[as_payment_error(refused)])
    operation, db = await followed(info, done, customer), info.context.db.primary
    return PayInvoicePayload(
        payment=Payment.of(await info.context.loaders.payment.load((customer, done.outcome.payment))),
        invoice=Invoice.of(await invoice(db, customer, done.outcome.invoice)),
        operation=operation,
        errors=[],
    )


@strawberry.input(description="Moves the test clock of a sandbox customer forward.")
class AdvanceTestClockInput:
    """Input of advanceTestClock."""

    to: datetime = strawberry.field(description="The instant it is to reach; whole seconds count.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="Where the clock stands and where it goes; jobs take it there, doing what is due.")
class AdvanceTestClockPayload:
    """Payload of advanceTestClock."""

    at: datetime | None = strawberry.field(description="Where the clock stands now.")
    target: datetime | None = strawberry.field(description="Where it goes; equal to at once it has arrived.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[refusal.AdvanceTestClockError] = strawberry.field(description=ERRORS)


async def advance(info: Info, input: AdvanceTestClockInput) -> AdvanceTestClockPayload:
    """Stores the target; the worker goes the way."""
    try:
        customer = info.context.customer
        done = await performed(info, advance_clock, customer, AdvanceClock(input.to), input.idempotency_key)
    except Refused as refused:
        return AdvanceTestClockPayload(at=None, target=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    clock = await clock_of(info.context.db.primary, customer)
    assert clock is not None
    return AdvanceTestClockPayload(at=clock.at, target=clock.target or clock.at, operation=operation, errors=[])
