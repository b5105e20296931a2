"""Erasing a customer, and legal holds: what staff and the customer itself ask for."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.erasures import Erasure, LegalHold, newest
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import (
    DecideErasureError,
    EraseCustomerError,
    RequestErasureError,
    SetLegalHoldError,
    as_error,
)
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, text
from api.scalars import GlobalId, IdempotencyKey
from domain.privacy.ask_erasure import (
    AskErasure,
    RequestErasure,
    ask_erasure,
    request_erasure,
)
from domain.privacy.carry_out import DecideErasure, decide_erasure
from domain.privacy.legal_hold import SetLegalHold, holds_of, set_legal_hold
from domain.refusals import RefusalCode, Refused

NAMELESS = "Why; it stands in the audit trail for good, so it names nobody."


@strawberry.input(description="Asks for a customer to be erased; another person decides.")
class EraseCustomerInput:
    """Input of eraseCustomer."""

    customer_id: GlobalId = strawberry.field(description="Who is to be erased.")
    reason: str = strawberry.field(description=NAMELESS)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The request, which waits for another person.")
class EraseCustomerPayload:
    """Payload of eraseCustomer."""

    erasure: Erasure | None = strawberry.field(description="The request as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[EraseCustomerError] = strawberry.field(description=ERRORS)


@strawberry.input(description="Decides on an erasure that waits: of another member of staff, or of the customer.")
class DecideErasureInput:
    """Input of decideErasure."""

    customer_id: GlobalId = strawberry.field(description="Who is to be erased.")
    approve: bool = strawberry.field(description="True: erase now, which cannot be undone. False: reject it.")
    reason: str = strawberry.field(description=NAMELESS)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The request, which was decided on.")
class DecideErasurePayload:
    """Payload of decideErasure."""

    erasure: Erasure | None = strawberry.field(description="The request as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[DecideErasureError] = strawberry.field(description=ERRORS)


@strawberry.input(description="The customer itself asks to be erased, or takes that back.")
class RequestErasureInput:
    """Input of requestErasure."""

    wanted: bool = strawberry.field(description="True: ask for it. False: take the own request back.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The request; one that waits is carried out on its day, once nothing stops it.")
class RequestErasurePayload:
    """Payload of requestErasure."""

    erasure: Erasure | None = strawberry.field(description="The request as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RequestErasureError] = strawberry.field(description=ERRORS)


@strawberry.input(description="Sets or lifts a legal hold.")
class SetLegalHoldInput:
    """Input of setLegalHold."""

    customer_id: GlobalId = strawberry.field(description="Who is held.")
    held: bool = strawberry.field(description="True: set it. False: lift it; what waited for that goes on.")
    reason: str = strawberry.field(description=NAMELESS)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The hold that was set or lifted.")
class SetLegalHoldPayload:
    """Payload of setLegalHold."""

    hold: LegalHold | None = strawberry.field(description="The hold as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetLegalHoldError] = strawberry.field(description=ERRORS)


async def erase(info: Info, input: EraseCustomerInput) -> EraseCustomerPayload:
    """For leads and admins."""
    try:
        done = await by_staff(
            info, ask_erasure, input.customer_id, lambda: AskErasure(text(NOTE, input.reason, "reason")),
            input.idempotency_key,
        )  # fmt: skip
    except Refused as refused:
        return EraseCustomerPayload(erasure=None, operation=None, errors=[as_error(refused)])
    erasure = await newest(info.context.db.primary, done.customer)
    return EraseCustomerPayload(erasure=erasure, operation=done.operation, errors=[])


async def decide(info: Info, input: DecideErasureInput) -> DecideErasurePayload:
    """For leads and admins, but not for who asked."""
    try:
        done = await by_staff(
            info, decide_erasure, input.customer_id,
            lambda: DecideErasure(input.approve, text(NOTE, input.reason, "reason")), input.idempotency_key,
        )  # fmt: skip
    except Refused as refused:
        return DecideErasurePayload(erasure=None, operation=None, errors=[as_error(refused)])
    erasure = await newest(info.context.db.primary, done.customer)
    return DecideErasurePayload(erasure=erasure, operation=done.operation, errors=[])


async def request(info: Info, input: RequestErasureInput) -> RequestErasurePayload:
    """For portal users; nobody who acts for a customer asks for this."""
    try:
        customer = info.context.customer
        if info.context.principal.acting_staff is not None:
            raise Refused(RefusalCode.FORBIDDEN, "Only the customer itself asks for this.")
        done = await performed(info, request_erasure, customer, RequestErasure(input.wanted), input.idempotency_key)
    except Refused as refused:
        return RequestErasurePayload(erasure=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    erasure = await newest(info.context.db.primary, customer)
    return RequestErasurePayload(erasure=erasure, operation=operation, errors=[])


async def hold(info: Info, input: SetLegalHoldInput) -> SetLegalHoldPayload:
    """For leads, finance and admins."""
    try:
        done = await by_staff(
            info, set_legal_hold, input.customer_id,
            lambda: SetLegalHold(input.held, text(NOTE, input.reason, "reason")), input.idempotency_key,
        )  # fmt: skip
    except Refused as refused:
        return SetLegalHoldPayload(hold=None, operation=None, errors=[as_error(refused)])
    known = {each.id: each for each in await holds_of(info.context.db.primary, done.customer)}
    return SetLegalHoldPayload(hold=LegalHold.of(known[done.outcome.hold]), operation=done.operation, errors=[])


@strawberry.type(description="Erasing customers, and what holds it up.")
class PrivacyMutations:
    """Fields of the mutation root."""

    erase_customer: EraseCustomerPayload = _mutation(
        erase, "Leads: asks for a customer to be erased, which another person has to agree to."
    )
    decide_erasure: DecideErasurePayload = _mutation(
        decide, "Leads: erases a customer whom another person or the customer itself wants erased, or decides against."
    )
    request_erasure: RequestErasurePayload = _mutation(
        request, "Asks to be erased: after thirty days, in which it can be taken back, once nothing is open."
    )
    set_legal_hold: SetLegalHoldPayload = _mutation(
        hold, "Leads: keeps everything of a customer while the law asks for it, or lets it go again."
    )
