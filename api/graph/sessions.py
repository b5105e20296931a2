"""Sessions of browsers as people see them, and signing out: one of them, or everything that speaks for a person."""

from datetime import datetime

import strawberry

from api.graph import refusal
from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.mutation_field import mutation_field
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import as_error
from api.graph.texts import id_of
from api.graph.whose import customer_of
from api.scalars import GlobalId, IdempotencyKey
from api.sign_in.who import person_of
from domain.ids import CustomerId, SessionId
from domain.operation import Performed
from domain.refusals import RefusalCode, Refused
from domain.tenants.end_sessions import (
    EndSessions,
    EndStaffSessions,
    OpenSession,
    SessionsEnded,
    end_sessions,
    end_staff_sessions,
    open_sessions,
)
from domain.tenants.security_log import Happening, SecurityKind, log_security


@strawberry.type(description="A browser that is signed in.")
class Session:
    """One session; what it is called opens nothing."""

    id: GlobalId = strawberry.field(description="For endSessions.")
    surface: str = strawberry.field(description="portal, staff, or acting for staff in the customer's place.")
    person: str = strawberry.field(description="The user's id, or the member of staff as the audit trail names it.")
    began_at: datetime = strawberry.field(description="When the person signed in.")
    idle_until: datetime = strawberry.field(description="When it ends if it is not used.")
    ends_at: datetime = strawberry.field(description="When it ends at the latest.")

    @classmethod
    def of(cls, found: OpenSession) -> "Session":
        """The domain's session."""
        return cls(
            id=GlobalId(str(found.id)), surface=found.surface, person=found.person, began_at=found.began_at,
            idle_until=found.idle_until, ends_at=found.ends_at,
        )  # fmt: skip


async def own_sessions(info: Info) -> list[Session]:
    """Those of whoever asks; a member of staff in a customer's place sees none of the customer's users."""
    actor = info.context.actor
    owner = actor.customer or actor.home
    assert owner is not None
    return await sessions_of(info, owner, person_of(actor))


async def sessions_of(info: Info, owner: CustomerId, person: str | None) -> list[Session]:
    """The open ones under a customer, of a person if one is named."""
    db = info.context.db
    return [Session.of(each) for each in await open_sessions(db.primary, owner, person, db.clock.now())]


@strawberry.input(description="Signs out: yourself, if nothing else is said.")
class EndSessionsInput:
    """Input of endSessions."""

    customer_id: GlobalId | None = strawberry.field(
        default=None, description="Staff: all users of that customer. A portal user may leave it out."
    )
    staff_subject: str | None = strawberry.field(
        default=None, description="Admins: the member of staff, by the subject of the caller's own issuer."
    )
    session_id: GlobalId | None = strawberry.field(
        default=None, description="One session; left out: all of them, and every token issued so far."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="How many browsers were signed out.")
class EndSessionsPayload:
    """Payload of endSessions."""

    count: int | None = strawberry.field(description="How many sessions were open; null where it was refused.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[refusal.EndSessionsError] = strawberry.field(description=ERRORS)


async def end(info: Info, input: EndSessionsInput) -> EndSessionsPayload:
    """Ends sessions at once; tokens that this process remembers are looked at again."""
    try:
        owner, done = await _performed(info, input)
    except Refused as refused:
        return EndSessionsPayload(count=None, operation=None, errors=[as_error(refused)])
    actor, about = info.context.actor, str(input.session_id or input.staff_subject or owner)
    what = Happening(
        SecurityKind.SESSIONS_ENDED, info.context.audience.value, person_of(actor), about, request_id=actor.request_id
    )
    if not done.replayed:
        await log_security(info.context.db, await info.context.house(), what)
    return EndSessionsPayload(
        count=done.outcome.count, operation=await followed(info, done, owner), errors=[]
    )  # fmt: skip


async def _performed(info: Info, input: EndSessionsInput) -> tuple[CustomerId, Performed[SessionsEnded]]:
    actor, principal = info.context.actor, info.context.principal
    one = None if input.session_id is None else id_of(SessionId.parse, input.session_id, "sessionId").uuid
    if actor.customer is not None or input.customer_id is not None:
        if input.staff_subject is not None:
            raise Refused(RefusalCode.INVALID_INPUT, "Name a customer or a member of staff.", ("staffSubject",))
        owner = customer_of(info, input.customer_id)
        person = actor.subject if actor.customer is not None else None
        command = EndSessions(person, one)
        return owner, await performed(info, end_sessions, owner, command, input.idempotency_key)
    home, subject = info.context.staff_home(), input.staff_subject or principal.subject
    named = EndStaffSessions(principal.issuer, subject, one)
    return home, await performed(info, end_staff_sessions, home, named, input.idempotency_key)


@strawberry.type
class SessionMutations:
    """What is changed of sessions; a part of the mutation root."""

    end_sessions: EndSessionsPayload = mutation_field(end, "Signs out browsers and tokens, at once and everywhere.")
