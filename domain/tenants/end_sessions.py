"""Signing somebody out: one session, or everything that speaks for a person, cookies and bearer tokens alike."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.actor import STAFF, Grant, staff_scope
from domain.db import Primary, Tx
from domain.ids import CustomerId, CustomerUserId, SessionId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

_ENDERS = STAFF | {Grant.PORTAL, Grant.SYSTEM}


@dataclass(frozen=True, slots=True)
class EndSessions:
    """Whose: a customer's users, or one of them by ``person``; with ``session``, that one alone."""

    person: str | None
    session: UUID | None


@dataclass(frozen=True, slots=True)
class EndStaffSessions:
    """Whose: a member of staff by issuer and subject; with ``session``, that one alone."""

    issuer: str
    subject: str
    session: UUID | None


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """How many sessions of browsers were open."""

    count: int


@operation("sessions.end", allowed=_ENDERS)
async def end_sessions(tx: Tx, command: EndSessions) -> SessionsEnded:
    """Ends them; a user of the customer ends its own only, staff anybody's. Tokens issued so far count no more."""
    own = tx.actor.on_behalf_of is None and command.person == tx.actor.subject
    if Grant.PORTAL in tx.actor.grants and not own:
        raise Refused(RefusalCode.FORBIDDEN, "You can sign out yourself only.")
    count = await _ended(tx, command.person, command.session)
    if command.session is None:
        await tx.execute(
            """UPDATE customer_user SET tokens_from = $3
                WHERE shard_key = $1 AND customer_id = $2 AND ($4::uuid IS NULL OR id = $4)""",
            tx.customer.shard, tx.customer.uuid, _next_second(tx.recorded_at), _user_of(command.person),
        )  # fmt: skip
    return SessionsEnded(count)


@operation("sessions.end_staff", allowed=STAFF | {Grant.SYSTEM})
async def end_staff_sessions(tx: Tx, command: EndStaffSessions) -> SessionsEnded:
    """Ends a member's own, or anybody's for an admin; NOT_FOUND for a member of another tenant or of none."""
    person = staff_scope(command.issuer, command.subject)
    if person != tx.actor.scope and not tx.actor.grants & {Grant.ADMIN, Grant.SYSTEM}:
        raise Refused(RefusalCode.FORBIDDEN, "Only admins sign out others of the staff.")
    member = await tx.fetchval(
        "SELECT subject FROM staff_member WHERE tenant_id = $1 AND issuer = $2 AND subject = $3",
        tx.head.tenant.uuid, command.issuer, command.subject,
    )  # fmt: skip
    if member is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such member of staff.", ("staffSubject",))
    count = await _ended(tx, person, command.session)
    if command.session is None:
        await tx.execute(
            "UPDATE staff_member SET tokens_from = $4 WHERE tenant_id = $1 AND issuer = $2 AND subject = $3",
            tx.head.tenant.uuid, command.issuer, command.subject, _next_second(tx.recorded_at),
        )  # fmt: skip
    return SessionsEnded(count)


async def _ended(tx: Tx, person: str | None, session: UUID | None) -> int:
    rows = await tx.fetch(
        """UPDATE web_session SET ended_at = $3
            WHERE shard_key = $1 AND customer_id = $2 AND ended_at IS NULL AND ends_at > $3
              AND ($4::text IS NULL OR person = $4) AND ($5::uuid IS NULL OR id = $5) RETURNING id""",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at, person, session,
    )  # fmt: skip
    if session is not None and not rows:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such session.", ("sessionId",))
    return len(rows)


def _next_second(at: datetime) -> datetime:
    """Tokens tell whole seconds, so what was issued in this one is over as well."""
    return at.replace(microsecond=0) + timedelta(seconds=1)


def _user_of(person: str | None) -> UUID | None:
    return None if person is None else CustomerUserId.parse(person).uuid


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as lists show it; it opens nothing."""

    id: SessionId
    surface: str
    person: str
    began_at: datetime
    idle_until: datetime
    ends_at: datetime


async def open_sessions(db: Primary, owner: CustomerId, person: str | None, now: datetime) -> list[OpenSession]:
    """The living sessions under a customer or house, of one person if one is named, newest first; at most 100."""
    rows = await db.fetch(
        """SELECT shard_key, id, surface, person, began_at, idle_until, ends_at FROM web_session
            WHERE shard_key = $1 AND customer_id = $2 AND ended_at IS NULL AND idle_until > $3
              AND ($4::text IS NULL OR person = $4)
            ORDER BY id DESC LIMIT 100""",
        owner.shard, owner.uuid, now, person,
    )  # fmt: skip
    return [
        OpenSession(
            SessionId(row["shard_key"], row["id"]), row["surface"], row["person"], row["began_at"], row["idle_until"],
            row["ends_at"],
        )
        for row in rows
    ]  # fmt: skip
