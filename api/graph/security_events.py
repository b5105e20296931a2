"""What happened at a tenant's doors, as staff read it."""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from domain.actor import Grant
from domain.tenants.security_log import Happened

SECURITY_READERS: Final = frozenset({Grant.LEAD, Grant.ADMIN})  # of the logs of a whole tenant


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
