"""Support gives money back."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import MoneyInput, amount_of
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.payments import Payment, Refund
from api.graph.refusal import RefundPaymentError, as_error
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, PaymentId
from domain.payments.payment import payment
from domain.payments.refund import refund
from domain.payments.request_refund import RequestRefund, request_refund
from domain.refusals import Refused


@strawberry.input(description="Gives part or all of a captured payment back to its method.")
class RefundPaymentInput:
    """Input of refundPayment."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="The payment.")
    amount: MoneyInput = strawberry.field(description="How much, in the payment's currency; at most its refundable.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The refund, as far as it has come, and the payment.")
class RefundPaymentPayload:
    """Payload of refundPayment."""

    refund: Refund | None = strawberry.field(description="The refund as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RefundPaymentError] = strawberry.field(description=ERRORS)


async def refund_payment(info: Info, input: RefundPaymentInput) -> RefundPaymentPayload:
    """For support and above."""
    db = info.context.db.primary
    try:
        info.context.staff_home()
        customer = id_of(CustomerId.parse, input.customer_id, "customerId")
        paid = id_of(PaymentId.parse, input.payment_id, "paymentId")
        command = RequestRefund(paid, amount_of(input.amount, "amount"), text(NOTE, input.reason, "reason"))
        done = await performed(info, request_refund, customer, command, input.idempotency_key)
    except Refused as refused:
        return RefundPaymentPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    return RefundPaymentPayload(
        refund=Refund.of(await refund(db, customer, done.outcome.refund)),
        payment=Payment.of(await payment(db, customer, done.outcome.payment)),
        operation=operation,
        errors=[],
    )
