"""Signing out, members and documents on the stages of the door: input that never ends what a test speaks by."""

from datetime import timedelta
from typing import Any

from domain.ids import SessionId
from domain.tenants.session import NewSession, Tokens, begin, find
from tests.api_callers import Api, Guest
from tests.document_stage import OTHERWISE as OF_DOCUMENTS
from tests.document_stage import WRONG as WRONG_OF_DOCUMENTS
from tests.member_stage import OTHERWISE as OF_MEMBERS
from tests.member_stage import WRONG as WRONG_OF_MEMBERS
from tests.member_stage import member_input

UNKNOWN = "session_" + "0" * 32
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {"endSessions": {"sessionId": UNKNOWN}, **OF_MEMBERS, **OF_DOCUMENTS}
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *(("endSessions", {"sessionId": id}, "NOT_FOUND", ["sessionId"]) for id in ("nonsense", UNKNOWN)),
    ("endSessions", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    ("endSessions", {"staffSubject": "sue", "sessionId": None}, "INVALID_INPUT", ["staffSubject"]),
    *WRONG_OF_MEMBERS,
    *WRONG_OF_DOCUMENTS,
]


async def opened(api: Api, guest: Guest) -> SessionId:
    """A session of the guest's that no browser has."""
    db, who = api.world.house.db, guest.who
    assert who.actor.tenant is not None
    until = db.clock.now() + timedelta(hours=1)
    new = NewSession(who.id, who.actor.tenant, "portal", who.actor.subject, Tokens("a token"), until, until)
    session = await find(db, await begin(db, new), "portal")
    assert session is not None
    return SessionId(session.owner.shard, session.id)


async def session_input(api: Api, guest: Guest) -> dict[str, dict[str, Any]]:
    """Good input of the mutations about sessions, and about members."""
    return {"endSessions": {"sessionId": str(await opened(api, guest))}, **await member_input(api, guest)}
