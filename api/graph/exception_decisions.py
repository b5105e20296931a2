"""Staff claim an exception, give it back, and another person decides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.exceptions import ExceptionCase, ExceptionResolution, find_exception
from api.graph.outcome import OperationInfo
from api.graph.refusal import ClaimExceptionError, Refusal, ReleaseExceptionError, ResolveExceptionError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.fanout.by_provider import payments_of_reference
from domain.ids import ExceptionCaseId
from domain.operation import Operation
from domain.payments.claim_exception import (
    ClaimException,
    ExceptionMoved,
    ReleaseException,
    claim_exception,
    release_exception,
)
from domain.payments.exception_case import Resolution, find_case
from domain.payments.payment import payment
from domain.payments.resolve_exception import ExceptionResolved, ResolveException, resolve_exception
from domain.payments.typed_reference import of_another
from domain.refusals import Refused


@strawberry.input(description="Says that the caller looks into an exception.")
class ClaimExceptionInput:
    """Input of claimException."""

    customer_id: GlobalId = strawberry.field(description="Whose money it is about.")
    exception_id: GlobalId = strawberry.field(description="The exception, which is open.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.input(description="Gives an exception back, for somebody else to look into.")
class ReleaseExceptionInput:
    """Input of releaseException."""

    customer_id: GlobalId = strawberry.field(description="Whose money it is about.")
    exception_id: GlobalId = strawberry.field(description="The exception, which is claimed.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.input(description="Decides on an exception that another person looks into.")
class ResolveExceptionInput:
    """Input of resolveException."""

    customer_id: GlobalId = strawberry.field(description="Whose money it is about.")
    exception_id: GlobalId = strawberry.field(description="The exception.")
    resolution: ExceptionResolution = strawberry.field(description="What is decided; the case lists what it takes.")
    reference: str | None = strawberry.field(
        default=None, description="What was seen at the provider or bank, up to 140 characters, where one is asked for."
    )
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The exception that the caller looks into.")
class ClaimExceptionPayload:
    """Payload of claimException."""

    exception: ExceptionCase | None = strawberry.field(description="The exception as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ClaimExceptionError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The exception that nobody looks into any more.")
class ReleaseExceptionPayload:
    """Payload of releaseException."""

    exception: ExceptionCase | None = strawberry.field(description="The exception as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ReleaseExceptionError] = strawberry.field(description=ERRORS)


@strawberry.type(description="The exception that was decided.")
class ResolveExceptionPayload:
    """Payload of resolveException."""

    exception: ExceptionCase | None = strawberry.field(description="The exception as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ResolveExceptionError] = strawberry.field(description=ERRORS)


Command = TypeVar("Command")
Outcome = TypeVar("Outcome", ExceptionMoved, ExceptionResolved)


class Decision(Protocol):
    """What every input about an exception holds."""

    customer_id: GlobalId
    exception_id: GlobalId
    idempotency_key: IdempotencyKey


@dataclass(frozen=True)
class Decided:
    """The exception as it stands now, and the operation; or why it was refused."""

    exception: ExceptionCase | None
    operation: OperationInfo | None
    errors: list[Refusal]


async def claim(info: Info, input: ClaimExceptionInput) -> ClaimExceptionPayload:
    """For support and above."""
    done = await _performed(info, claim_exception, ClaimException, input)
    return ClaimExceptionPayload(exception=done.exception, operation=done.operation, errors=done.errors)


async def release(info: Info, input: ReleaseExceptionInput) -> ReleaseExceptionPayload:
    """For who looks into it, and for leads and above."""
    done = await _performed(info, release_exception, ReleaseException, input)
    return ReleaseExceptionPayload(exception=done.exception, operation=done.operation, errors=done.errors)


async def resolve(info: Info, input: ResolveExceptionInput) -> ResolveExceptionPayload:
    """For finance and admins, but not for who looks into it."""

    def command(id: ExceptionCaseId) -> ResolveException:
        why = text(NOTE, input.reason, "reason")
        return ResolveException(id, Resolution[input.resolution.name], why, input.reference)

    try:
        info.context.staff_home()
        await _refuse_what_names_another(info, input)
    except Refused as refused:
        return ResolveExceptionPayload(exception=None, operation=None, errors=[as_error(refused)])
    done = await _performed(info, resolve_exception, command, input)
    return ResolveExceptionPayload(exception=done.exception, operation=done.operation, errors=done.errors)


async def _refuse_what_names_another(info: Info, input: ResolveExceptionInput) -> None:
    """INVALID_INPUT where the provider calls a payment of any other customer by the reference."""
    if input.reference is None or input.resolution.name != Resolution.CONFIRM_CHARGED.name:
        return
    db, tenant = info.context.db.primary, info.context.tenant
    case = await find_case(db, tenant, id_of(ExceptionCaseId.parse, input.exception_id, "exceptionId"))
    of = await payment(db, case.customer, case.money)
    for each in await payments_of_reference(db, tenant, input.reference):
        if each.id != of.id and each.provider_account == of.provider_account:
            raise of_another()


async def _performed(
    info: Info, operation: Operation[Command, Outcome], command: Callable[[ExceptionCaseId], Command], input: Decision
) -> Decided:
    def read() -> Command:
        return command(id_of(ExceptionCaseId.parse, input.exception_id, "exceptionId"))

    try:
        done = await by_staff(info, operation, input.customer_id, read, input.idempotency_key)
    except Refused as refused:
        return Decided(None, None, [as_error(refused)])
    return Decided(await find_exception(info, done.outcome.exception), done.operation, [])
