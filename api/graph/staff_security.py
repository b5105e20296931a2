"""What staff see of signing in: the security log of their tenant, and who is signed in where."""

from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.errors import Code, Fault
from api.graph.arguments import After, First, MaybeId
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.sessions import Session, own_sessions, sessions_of
from domain.actor import Grant
from domain.ids import CustomerId
from domain.tenants.security_log import Happened, count_happenings, happenings

_READERS: Final = frozenset({Grant.LEAD, Grant.ADMIN})


@strawberry.enum(description="What happened. More values may come.")
class SecurityEventKind(Enum):
    """The domain's kinds, each with what it says."""

    LOGIN = strawberry.enum_value("login", description="Somebody signed in.")
    LOGIN_FAILED = strawberry.enum_value("login_failed", description="A sign-in ended without a session.")
    LOGOUT = strawberry.enum_value("logout", description="Somebody signed out here.")
    STEP_UP = strawberry.enum_value("step_up", description="Somebody signed in again to move money.")
    ACTING_BEGAN = strawberry.enum_value("acting_began", description="Staff began to act for a customer.")
    ACTING_ENDED = strawberry.enum_value("acting_ended", description="Staff ended acting for a customer.")
    SESSIONS_ENDED = strawberry.enum_value("sessions_ended", description="Sessions and tokens were ended on purpose.")
    PROVIDER_LOGOUT = strawberry.enum_value("provider_logout", description="The identity provider ended a sign-in.")


@strawberry.type(description="What happened at the tenant's doors. It names ids, never people.")
class SecurityEvent:
    """One line of the log."""

    at: datetime = strawberry.field(description="When.")
    kind: SecurityEventKind = strawberry.field(description="What.")
    surface: str = strawberry.field(description="portal, staff, or acting; partner for a program.")
    person: str = strawberry.field(description="The user's id or the member of staff, as audit trails name them.")
    about: str = strawberry.field(description="The customer or session that it is about, if it is about one.")
    cause: str = strawberry.field(description="The reason for acting, the level of a sign-in, why one failed.")
    request_id: str = strawberry.field(description="The request it came from.")

    @classmethod
    def of(cls, found: Happened) -> "SecurityEvent":
        """The domain's event."""
        what = found.what
        return cls(
            at=found.at, kind=SecurityEventKind(what.kind.value), surface=what.surface, person=what.person,
            about=what.about, cause=what.cause, request_id=what.request_id,
        )  # fmt: skip


@strawberry.type
class StaffSecurity:
    """Fields of the root of staff."""

    @strawberry.field(description="Leads and admins: the tenant's security log, newest first.")
    async def security_events(self, info: Info, first: First, after: After = None) -> Connection[SecurityEvent]:
        """A page, of the primary: what just happened is what is looked for."""
        if not info.context.actor.grants & _READERS:
            raise Fault(Code.FORBIDDEN, "The security log is for leads and admins.")
        home, db = info.context.staff_home(), info.context.db.primary
        keys = Keyset("security", str, info.context.rooms.cursors)
        wanted = keys.slice(str(home), first, after)
        before = UUID(wanted.after) if wanted.after is not None else None
        rows = await happenings(db, home, before, wanted.fetch)

        async def count(cap: int) -> int:
            return await count_happenings(db, home, cap)

        return keys.connection(wanted, rows, lambda row: str(row.id), SecurityEvent.of, count)

    @strawberry.field(description="Where a customer's users are signed in; without a customer, where you are yourself.")
    async def sessions(self, info: Info, customer_id: MaybeId = None) -> list[Session]:
        """The open ones."""
        if customer_id is None:
            return await own_sessions(info)
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await sessions_of(info, found.source.id, None)
