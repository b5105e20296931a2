"""Staff take what payments hold, or let it go."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.money import MoneyInput, amount_of
from api.graph.outcome import OperationInfo
from api.graph.payments import Payment
from api.graph.refusal import CaptureInvoicePaymentError, VoidPaymentError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import PaymentId
from domain.invoices.invoice import invoice
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.void_payment import VoidPayment, void_payment
from domain.refusals import Refused


@strawberry.input(description="Takes what a payment holds, all or a part of it.")
class CaptureInvoicePaymentInput:
    """Input of captureInvoicePayment."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="A payment that is authorized.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="How much; null: all that is still held, as far as it is still owed."
    )
    final: bool = strawberry.field(default=True, description="Whether the rest is let go; else it can be taken later.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The payment, as far as it has come, and its invoice.")
class CaptureInvoicePaymentPayload:
    """Payload of captureInvoicePayment."""

    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CaptureInvoicePaymentError] = strawberry.field(description=ERRORS)


async def capture(info: Info, input: CaptureInvoicePaymentInput) -> CaptureInvoicePaymentPayload:
    """For lead and finance; waits a little for the provider."""
    db = info.context.db.primary

    def command() -> CapturePayment:
        amount = amount_of(input.amount, "amount") if input.amount else None
        return CapturePayment(id_of(PaymentId.parse, input.payment_id, "paymentId"), amount, input.final)

    try:
        done = await by_staff(info, capture_payment, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return CaptureInvoicePaymentPayload(payment=None, invoice=None, operation=None, errors=[as_error(refused)])
    return CaptureInvoicePaymentPayload(
        payment=Payment.of(await info.context.loaders.payment.load((done.customer, done.outcome.payment))),
        invoice=Invoice.of(await invoice(db, done.customer, done.outcome.invoice)),
        operation=done.operation,
        errors=[],
    )


@strawberry.input(description="Lets a payment go of which nothing more is to be taken.")
class VoidPaymentInput:
    """Input of voidPayment."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="A payment that is authorized, or waits for its customer.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The payment, as far as it has come.")
class VoidPaymentPayload:
    """Payload of voidPayment."""

    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[VoidPaymentError] = strawberry.field(description=ERRORS)


async def void(info: Info, input: VoidPaymentInput) -> VoidPaymentPayload:
    """For support and finance; no refund, for no money has moved."""

    def command() -> VoidPayment:
        return VoidPayment(id_of(PaymentId.parse, input.payment_id, "paymentId"))

    try:
        done = await by_staff(info, void_payment, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return VoidPaymentPayload(payment=None, operation=None, errors=[as_error(refused)])
    stands = await info.context.loaders.payment.load((done.customer, done.outcome.payment))
    return VoidPaymentPayload(payment=Payment.of(stands), operation=done.operation, errors=[])
