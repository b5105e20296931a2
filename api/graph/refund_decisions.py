"""Another person approves or rejects a refund; who asked for it may take the request back."""

from typing import TypeVar

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo
from api.graph.payments import Payment, Refund
from api.graph.refusal import ApproveRefundError, CancelRefundRequestError, RejectRefundError, as_error
from api.graph.staff_calls import Done, by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import RefundId
from domain.payments.decide_refund import (
    ApproveRefund,
    CancelRefundRequest,
    RefundApproved,
    RefundEnded,
    RejectRefund,
    approve_refund,
    cancel_refund_request,
    reject_refund,
)
from domain.payments.payment import payment
from domain.payments.refund import refund
from domain.refusals import Refused

O = TypeVar("O", RefundApproved, RefundEnded)  # noqa: E741 - outcome, as in domain/operation.py


@strawberry.input(description="Lets a refund be made that somebody else asked for.")
class ApproveRefundInput:
    """Input of approveRefund."""

    customer_id: GlobalId = strawberry.field(description="Whose refund it is.")
    refund_id: GlobalId = strawberry.field(description="The refund, which awaits approval.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.input(description="Refuses a refund that somebody else asked for.")
class RejectRefundInput:
    """Input of rejectRefund."""

    customer_id: GlobalId = strawberry.field(description="Whose refund it is.")
    refund_id: GlobalId = strawberry.field(description="The refund, which awaits approval.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.input(description="Takes the caller's own request for a refund back.")
class CancelRefundRequestInput:
    """Input of cancelRefundRequest."""

    customer_id: GlobalId = strawberry.field(description="Whose refund it is.")
    refund_id: GlobalId = strawberry.field(description="The refund, which awaits approval.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The refund, which is under way now, and the payment.")
class ApproveRefundPayload:
    """Payload of approveRefund."""

    refund: Refund | None = strawberry.field(description="The refund as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ApproveRefundError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The refund, which will not be made, and the payment.")
class RejectRefundPayload:
    """Payload of rejectRefund."""

    refund: Refund | None = strawberry.field(description="The refund as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RejectRefundError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The refund, which nobody asks for any more, and the payment.")
class CancelRefundRequestPayload:
    """Payload of cancelRefundRequest."""

    refund: Refund | None = strawberry.field(description="The refund as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CancelRefundRequestError] = strawberry.field(description=ERRORS)


async def approve(info: Info, input: ApproveRefundInput) -> ApproveRefundPayload:
    """For leads, finance and admins."""

    def command() -> ApproveRefund:
        return ApproveRefund(id_of(RefundId.parse, input.refund_id, "refundId"), text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, approve_refund, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return ApproveRefundPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    given, paid = await _shown(info, done)
    return ApproveRefundPayload(refund=given, payment=paid, operation=done.operation, errors=[])


async def reject(info: Info, input: RejectRefundInput) -> RejectRefundPayload:
    """For leads, finance and admins."""

    def command() -> RejectRefund:
        return RejectRefund(id_of(RefundId.parse, input.refund_id, "refundId"), text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, reject_refund, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return RejectRefundPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    given, paid = await _shown(info, done)
    return RejectRefundPayload(refund=given, payment=paid, operation=done.operation, errors=[])


async def cancel(info: Info, input: CancelRefundRequestInput) -> CancelRefundRequestPayload:
    """For support and above, each for what he asked for."""

    def command() -> CancelRefundRequest:
        id = id_of(RefundId.parse, input.refund_id, "refundId")
        return CancelRefundRequest(id, text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, cancel_refund_request, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return CancelRefundRequestPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    given, paid = await _shown(info, done)
    return CancelRefundRequestPayload(refund=given, payment=paid, operation=done.operation, errors=[])


async def _shown(info: Info, done: Done[O]) -> tuple[Refund, Payment]:
    db = info.context.db.primary
    return (
        Refund.of(await refund(db, done.customer, done.outcome.refund)),
        Payment.of(await payment(db, done.customer, done.outcome.payment)),
    )
