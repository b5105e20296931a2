"""What every mutation answers: the operation, and refusals as data."""

import asyncio
import time
from enum import Enum
from typing import Annotated, Any, Final, TypeVar

import strawberry

from api.errors import Code, Fault
from api.graph.context import Info
from api.scalars import ConsistencyToken, GlobalId
from domain.ids import CustomerId
from domain.operation import Operation, Performed
from domain.outbox import next_event
from domain.perform import perform
from domain.reactions.events import drain
from domain.refusals import RefusalCode, Refused

SETTLE_SECONDS: Final = 2.0  # how long a mutation waits for what follows from it; then it says PROCESSING
KEY_LENGTH: Final = 255  # what Stripe and others allow
LOOK_SECONDS: Final = 0.02  # between two looks while another process is at the same events

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py

ErrorCode = strawberry.enum(
    RefusalCode, name="ErrorCode", description="Why it was not done. More values may come; show the message then."
)


@strawberry.interface(description="A refusal: nothing was changed.")
class UserError:
    """What all refusals have in common."""

    code: ErrorCode = strawberry.field(description="For programs to branch on.")  # type: ignore[valid-type]
    message: str = strawberry.field(description="A sentence for people.")
    path: list[str] = strawberry.field(description="The part of the input it is about, if it is about one.")
    retryable: bool = strawberry.field(description="Whether the same call under the same key may succeed soon.")


@strawberry.type(description="It does not exist, or not for this caller.")
class NotFoundError(UserError):
    """NOT_FOUND."""


@strawberry.type(description="This caller may not do it.")
class ForbiddenError(UserError):
    """FORBIDDEN."""


@strawberry.type(description="The input cannot be meant.")
class InputError(UserError):
    """The input."""


@strawberry.type(description="The state of things does not allow it now.")
class ConflictError(UserError):
    """The state."""


@strawberry.type(description="The idempotency key was used for something else.")
class IdempotencyError(UserError):
    """The key."""


@strawberry.type(description="Nothing was done; send the same call with the same key again.")
class TryAgainError(UserError):
    """The house."""


_Refusal = NotFoundError | ForbiddenError | InputError | ConflictError | IdempotencyError | TryAgainError

_KINDS: Final[dict[RefusalCode, type[_Refusal]]] = {
    RefusalCode.NOT_FOUND: NotFoundError,
    RefusalCode.FORBIDDEN: ForbiddenError,
    RefusalCode.IDEMPOTENCY_MISMATCH: IdempotencyError,
    RefusalCode.IN_PROGRESS: TryAgainError,
    RefusalCode.BUSY: TryAgainError,
    RefusalCode.UNAVAILABLE: TryAgainError,
    RefusalCode.INVALID_INPUT: InputError,
    RefusalCode.INVALID_AMOUNT: InputError,
    RefusalCode.CURRENCY_MISMATCH: InputError,
}


def as_error(refused: Refused) -> _Refusal:
    """The refusal as a member of every mutation's error union."""
    kind: type[_Refusal] = _KINDS.get(refused.code, ConflictError)
    return kind(
        code=ErrorCode(refused.code), message=refused.message, path=list(refused.path), retryable=refused.retryable
    )


@strawberry.enum(description="Whether everything that follows from the operation is done.")
class OperationStatus(Enum):
    """The status of a performed operation."""

    DONE = "DONE"
    PROCESSING = "PROCESSING"


@strawberry.type(description="An operation that was performed: now, or earlier under the same key.")
class OperationInfo:
    """What a client keeps of a mutation."""

    id: GlobalId = strawberry.field(description="The operation's id, as the audit trail names it.")
    replayed: bool = strawberry.field(description="Whether it had been performed before under this key.")
    status: OperationStatus = strawberry.field(description="PROCESSING: read the entity again a little later.")
    consistency_token: ConsistencyToken = strawberry.field(description="For atLeast of history queries.")


async def performed(
    info: Info, operation: Operation[C, O], customer: CustomerId, command: C, key: str, *, preview: bool = False
) -> Performed[O]:
    """Performs the operation as the caller; Refused goes on to the payload."""
    context = info.context
    if context.principal.acting_staff is not None:
        raise Refused(RefusalCode.FORBIDDEN, "acting for a customer is read-only")
    if len(key) > KEY_LENGTH:
        raise Fault(Code.BAD_INPUT, f"An idempotency key has at most {KEY_LENGTH} characters.")
    done = await perform(context.db, operation, context.actor, customer, command, key, preview=preview)
    context.loaders.clear()
    return done


async def followed(info: Info, done: Performed[Any], customer: CustomerId) -> OperationInfo:
    """Waits a little for what follows from the operation, and says whether that was enough."""
    settled = await _settled(info, customer)
    info.context.loaders.clear()
    return OperationInfo(
        id=GlobalId(str(done.operation)),
        replayed=done.replayed,
        status=OperationStatus.DONE if settled else OperationStatus.PROCESSING,
        consistency_token=ConsistencyToken(str(await info.context.db.token())),
    )


async def _settled(info: Info, customer: CustomerId) -> bool:
    """Whether the customer's events were all performed within the time, by us or by the worker."""
    rooms, db = info.context.rooms, info.context.db
    work = rooms.keep(drain(rooms.house, customer))
    deadline = time.monotonic() + SETTLE_SECONDS
    await asyncio.wait({work}, timeout=SETTLE_SECONDS)
    while await next_event(db.primary, customer, db.clock.now()) is not None:
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True


# One union a mutation, so that each can grow a member of its own without touching another.
AddPaymentMethodError = Annotated[_Refusal, strawberry.union("AddPaymentMethodError")]
StartSubscriptionError = Annotated[_Refusal, strawberry.union("StartSubscriptionError")]
ChangePlanError = Annotated[_Refusal, strawberry.union("ChangePlanError")]
PayInvoiceError = Annotated[_Refusal, strawberry.union("PayInvoiceError")]
AdvanceTestClockError = Annotated[_Refusal, strawberry.union("AdvanceTestClockError")]
CreateCustomerError = Annotated[_Refusal, strawberry.union("CreateCustomerError")]
RegisterStaffError = Annotated[_Refusal, strawberry.union("RegisterStaffError")]
RegisterPartnerError = Annotated[_Refusal, strawberry.union("RegisterPartnerError")]
PublishPlanError = Annotated[_Refusal, strawberry.union("PublishPlanError")]
PublishPriceError = Annotated[_Refusal, strawberry.union("PublishPriceError")]
RefundPaymentError = Annotated[_Refusal, strawberry.union("RefundPaymentError")]
