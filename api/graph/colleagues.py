"""Admins say who works for the tenant: members of staff and partners' clients."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import RegisterPartnerError, RegisterStaffError, as_error
from api.graph.texts import NAME, text, word
from api.scalars import IdempotencyKey
from domain.actor import Grant
from domain.refusals import Refused
from domain.tenants.register import RegisterPartner, RegisterStaff, register_partner, register_staff


@strawberry.enum(description="What a member of staff may do.")
class StaffRole(Enum):
    """The roles of staff."""

    SUPPORT = strawberry.enum_value("support", description="Looks at customers, signs them up and refunds.")
    LEAD = strawberry.enum_value("lead", description="As support, for what needs a second look.")
    FINANCE = strawberry.enum_value("finance", description="Answers for the money.")
    ADMIN = strawberry.enum_value("admin", description="Also changes the price list and says who works here.")


@strawberry.input(description="Gives a member of staff a role, or another one.")
class RegisterStaffInput:
    """Input of registerStaff."""

    issuer: str = strawberry.field(description="Whose tokens it signs in with.")
    subject: str = strawberry.field(description="What those tokens call it.")
    role: StaffRole = strawberry.field(description="What it may do.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="Who was registered.")
class RegisterStaffPayload:
    """Payload of registerStaff."""

    subject: str | None = strawberry.field(description="Who may sign in now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RegisterStaffError] = strawberry.field(description=ERRORS)


async def register_colleague(info: Info, input: RegisterStaffInput) -> RegisterStaffPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        role = Grant[input.role.name]
        command = RegisterStaff(word(input.issuer, "issuer"), word(input.subject, "subject"), role)
        done = await performed(info, register_staff, home, command, input.idempotency_key)
    except Refused as refused:
        return RegisterStaffPayload(subject=None, operation=None, errors=[as_error(refused)])
    return RegisterStaffPayload(subject=done.outcome.name, operation=await followed(info, done, home), errors=[])


@strawberry.input(description="Lets a partner's client in.")
class RegisterPartnerInput:
    """Input of registerPartner."""

    client_id: str = strawberry.field(description="The client id its tokens carry.")
    name: str = strawberry.field(description="Whom to call.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="Which client was let in.")
class RegisterPartnerPayload:
    """Payload of registerPartner."""

    client_id: str | None = strawberry.field(description="The client that may call now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RegisterPartnerError] = strawberry.field(description=ERRORS)


async def register_client(info: Info, input: RegisterPartnerInput) -> RegisterPartnerPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = RegisterPartner(word(input.client_id, "clientId"), text(NAME, input.name, "name"))
        done = await performed(info, register_partner, home, command, input.idempotency_key)
    except Refused as refused:
        return RegisterPartnerPayload(client_id=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return RegisterPartnerPayload(client_id=done.outcome.name, operation=operation, errors=[])
