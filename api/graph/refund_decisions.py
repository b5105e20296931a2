"""Another person approves or rejects a refund; who asked for it may take the request back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo
from api.graph.payments import Payment, Refund
from api.graph.refusal import ApproveRefundError, CancelRefundRequestError, Refusal, RejectRefundError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import RefundId
from domain.operation import Operation
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
from domain.payments.refund import refund
from domain.refusals import Refused

Command = TypeVar("Command")
Outcome = TypeVar("Outcome", RefundApproved, RefundEnded)


@dataclass(frozen=True)
class Decided:
    """The refund and the payment as they stand now, and the operation; or why it was refused."""

    refund: Refund | None
    payment: Payment | None
    operation: OperationInfo | None
    errors: list[Refusal]


class Decision(Protocol):
    """What every input of a decision holds."""

    customer_id: GlobalId
    refund_id: GlobalId
    reason: str
    idempotency_key: IdempotencyKey


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
    done = await _decided(info, approve_refund, ApproveRefund, input)
    return ApproveRefundPayload(
        refund=done.refund, payment=done.payment, operation=done.operation, errors=done.errors
    )  # fmt: skip


async def reject(info: Info, input: RejectRefundInput) -> RejectRefundPayload:
    """For leads, finance and admins."""
    done = await _decided(info, reject_refund, RejectRefund, input)
    return RejectRefundPayload(
        refund=done.refund, payment=done.payment, operation=done.operation, errors=done.errors
    )  # fmt: skip


async def cancel(info: Info, input: CancelRefundRequestInput) -> CancelRefundRequestPayload:
    """For support and above, each for what he asked for."""
    done = await _decided(info, cancel_refund_request, CancelRefundRequest, input)
    return CancelRefundRequestPayload(
        refund=done.refund, payment=done.payment, operation=done.operation, errors=done.errors
    )  # fmt: skip


async def _decided(
    info: Info, operation: Operation[Command, Outcome],
    command: Callable[[RefundId, str], Command], input: Decision,
) -> Decided:  # fmt: skip
    def read() -> Command:
        return command(id_of(RefundId.parse, input.refund_id, "refundId"), text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, operation, input.customer_id, read, input.idempotency_key)
    except Refused as refused:
        return Decided(None, None, None, [as_error(refused)])
    given = Refund.of(await refund(info.context.db.primary, done.customer, done.outcome.refund))
    paid = await info.context.loaders.payment.load((done.customer, done.outcome.payment))
    return Decided(given, Payment.of(paid), done.operation, [])
