"""The door at which an identity provider says that somebody signed out there (Back-Channel Logout 1.0 section 2.5)."""

import hashlib
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.graph.context import Rooms
from api.sign_in.logout_token import BadLogout, LogoutClaims, verified
from domain.actor import staff_scope
from domain.fanout.sign_ins import OpenSignIn, sessions_of_sign_in
from domain.operation import Performed
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.tenants import session as sessions
from domain.tenants.access import find_login
from domain.tenants.end_sessions import (
    EndSessions,
    EndStaffSessions,
    SessionsEnded,
    end_sessions,
    end_staff_sessions,
)
from domain.tenants.ended_sign_in import EndSignIn, end_sign_in, sign_in_key
from domain.tenants.security_log import Happening, SecurityKind, log_security
from domain.tenants.tenant import home_of
from domain.tenants.web_door import WebDoor

_log: Final = structlog.get_logger("api.sign_in")
_UNKEPT: Final = {"Cache-Control": "no-store"}  # section 2.8
_FORM: Final = "application/x-www-form-urlencoded"


def routes(rooms: Rooms) -> list[Route]:
    """One door at each of a tenant's hosts: the token says for which client, and so for which surface, it is."""
    return [Route("/logout/backchannel", _Door(rooms).answer, methods=["POST"])]


class _Door:
    """Ends what the token names; whoever is signed out already is signed out."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def answer(self, request: Request) -> Response:
        """200 once nothing of it opens anything any more; 400 for a token that ends nothing, or came before."""
        try:
            token = await _token(request)
            doors = await self._rooms.sessions.doors.at(request)
            rooms = self._rooms
            door, claims = await verified(token, doors, rooms.issuers, rooms.keys, rooms.db.clock.now())
            await self._end(door, claims, request.state.request_id)
        except BadLogout as bad:
            return _refused(str(bad))
        except Refused as refused:
            if refused.code is not RefusalCode.IDEMPOTENCY_MISMATCH:
                return _refused("It cannot be done at the moment: send the same token again.")
            return _refused("A token of that jti came before.")
        return Response(status_code=200, headers=_UNKEPT)

    async def _end(self, door: WebDoor, claims: LogoutClaims, request_id: str) -> None:
        jti = "logout:" + hashlib.sha256(f"{claims.iss}\x00{claims.jti}".encode()).hexdigest()
        if claims.sid is not None:
            replayed, said = await self._one(door, claims.sid, jti)
        else:
            replayed, said = await self._all(door, claims.sub or "", jti)
        if replayed:
            raise BadLogout("A token of that jti came before.")
        home = await home_of(self._rooms.db.primary, door.tenant)
        for surface, person, about in said or [(door.surface, "", "")]:
            what = Happening(SecurityKind.PROVIDER_LOGOUT, surface, person, about, request_id=request_id)
            await log_security(self._rooms.db, home, what)

    async def _one(self, door: WebDoor, name: str, jti: str) -> tuple[bool, list[tuple[str, str, str]]]:
        """Ends the sign-in of that name, and every session of it; also again, in case it was cut short before."""
        house, key = self._rooms.house, sign_in_key(door.tenant, door.issuer, name)
        home = await home_of(house.db.primary, door.tenant)
        done = await perform(house.db, end_sign_in, house.actor, home, EndSignIn(key), jti)
        found: list[OpenSignIn] = await sessions_of_sign_in(house.db.primary, key)
        for each in found:
            await sessions.end(house.db, each)
        return done.replayed, [(each.surface, each.person, each.name) for each in found]

    async def _all(self, door: WebDoor, subject: str, jti: str) -> tuple[bool, list[tuple[str, str, str]]]:
        """Ends everything that speaks for a person, its tokens as well; nobody is signed in whom nobody knows."""
        house = self._rooms.house
        if door.surface == "staff":
            home, command = await home_of(house.db.primary, door.tenant), EndStaffSessions(door.issuer, subject, None)
            try:
                done: Performed[SessionsEnded] = await perform(
                    house.db, end_staff_sessions, house.actor, home, command, jti
                )
            except Refused as refused:
                if refused.code is RefusalCode.NOT_FOUND:
                    return False, []
                raise
            return done.replayed, [(door.surface, staff_scope(door.issuer, subject), "")]
        login = await find_login(house.db.primary, door.tenant, door.issuer, subject)
        if login is None:
            return False, []
        person = str(login.user)
        done = await perform(house.db, end_sessions, house.actor, login.customer, EndSessions(person, None), jti)
        return done.replayed, [(door.surface, person, str(login.customer))]


async def _token(request: Request) -> str:
    """The one field of the form; BadLogout for a body of another kind."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise BadLogout("Send logout_token in a form.")
    async with request.form() as form:
        given = form.getlist("logout_token")
    if len(given) != 1 or not isinstance(given[0], str):
        raise BadLogout("Send one logout_token.")
    return given[0]


def _refused(why: str) -> Response:
    _log.info("logout.refused", why=why)
    return JSONResponse({"error": "invalid_request", "error_description": why}, 400, _UNKEPT)
