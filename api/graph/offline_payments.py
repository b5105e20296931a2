"""Staff record money that came without a provider, and take such a record back."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.money import MoneyInput, amount_of
from api.graph.outcome import OperationInfo
from api.graph.payments import Payment
from api.graph.refusal import RecordOfflinePaymentError, ReverseOfflinePaymentError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey, Text
from domain.ids import InvoiceId, PaymentId
from domain.invoices.invoice import invoice
from domain.payments.record_offline import REFERENCE_LENGTH, Means, RecordOfflinePayment, record_offline
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.refusals import Refused

_reference = Text(max_length=REFERENCE_LENGTH)


@strawberry.enum(description="How money came without a provider.")
class OfflineMeans(Enum):
    """The domain's Means."""

    TRANSFER = strawberry.enum_value("transfer", description="A bank transfer.")
    CASH = strawberry.enum_value("cash", description="Cash.")
    CHEQUE = strawberry.enum_value("cheque", description="A cheque.")


@strawberry.input(description="Records money that came for an invoice: a part of what is due, all of it, or more.")
class RecordOfflinePaymentInput:
    """Input of recordOfflinePayment."""

    customer_id: GlobalId = strawberry.field(description="Who paid.")
    invoice_id: GlobalId = strawberry.field(description="What it is for; what exceeds it becomes credit.")
    means: OfflineMeans = strawberry.field(description="How it came.")
    reference: str = strawberry.field(description="Its reference; no other money that came so has the same.")
    amount: MoneyInput = strawberry.field(description="How much came.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The payment with its receipt, and the invoice.")
class RecordOfflinePaymentPayload:
    """Payload of recordOfflinePayment."""

    payment: Payment | None = strawberry.field(description="The payment; the same money again is the same payment.")
    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RecordOfflinePaymentError] = strawberry.field(description=ERRORS)


async def record(info: Info, input: RecordOfflinePaymentInput) -> RecordOfflinePaymentPayload:
    """For lead and finance."""
    db = info.context.db.primary

    def command() -> RecordOfflinePayment:
        return RecordOfflinePayment(
            id_of(InvoiceId.parse, input.invoice_id, "invoiceId"),
            Means[input.means.name],
            text(_reference, input.reference, "reference"),
            amount_of(input.amount, "amount"),
        )

    try:
        done = await by_staff(info, record_offline, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return RecordOfflinePaymentPayload(payment=None, invoice=None, operation=None, errors=[as_error(refused)])
    return RecordOfflinePaymentPayload(
        payment=Payment.of(await info.context.loaders.payment.load((done.customer, done.outcome.payment))),
        invoice=Invoice.of(await invoice(db, done.customer, done.outcome.invoice)),
        operation=done.operation,
        errors=[],
    )


@strawberry.input(description="Takes back what staff recorded: a cheque that bounced, a mistake.")
class ReverseOfflinePaymentInput:
    """Input of reverseOfflinePayment."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="A payment that staff recorded.")
    reason: str = strawberry.field(description="Why it does not count; for the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The payment, which has failed now, and the invoice that is owed again.")
class ReverseOfflinePaymentPayload:
    """Payload of reverseOfflinePayment."""

    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ReverseOfflinePaymentError] = strawberry.field(description=ERRORS)


async def reverse(info: Info, input: ReverseOfflinePaymentInput) -> ReverseOfflinePaymentPayload:
    """For lead and finance."""
    db = info.context.db.primary

    def command() -> ReverseOfflinePayment:
        id = id_of(PaymentId.parse, input.payment_id, "paymentId")
        return ReverseOfflinePayment(id, text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, reverse_offline, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return ReverseOfflinePaymentPayload(payment=None, invoice=None, operation=None, errors=[as_error(refused)])
    return ReverseOfflinePaymentPayload(
        payment=Payment.of(await info.context.loaders.payment.load((done.customer, done.outcome.payment))),
        invoice=Invoice.of(await invoice(db, done.customer, done.outcome.invoice)),
        operation=done.operation,
        errors=[],
    )
