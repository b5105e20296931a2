"""Which token speaks for a request: the bearer token it sends, or the one kept here for its session's cookie.

A cookie counts only beside the header ``X-Quittance-CSRF``, which names the surface: no form and no page of another
origin can send it without being asked first, and only origins of the tenant's list are told yes.
"""

import asyncio
from datetime import timedelta
from typing import Final, NamedTuple

from starlette.requests import Request

from api.answers import unreadable
from api.errors import Code, Fault
from api.sign_in.cookies import SURFACES, Cookies
from api.sign_in.doors import Doors
from api.sign_in.failed import GrantRefused, SignInFailed
from api.sign_in.provider import Provider
from domain.database import Database
from domain.tenants import session as sessions
from domain.tenants.session import Session
from domain.tenants.web_door import WebDoor

HEADER: Final = "x-quittance-csrf"
RENEW_BEFORE: Final = timedelta(seconds=60)  # longer than any request, so that no token ends under way
LEASE: Final = timedelta(seconds=10)  # for one renewal
RENEWAL_SECONDS: Final = 8.0  # for the provider: nobody else may show it the same refresh token meanwhile
WAIT_S: Final = 5.0  # how long others wait for it where the token is over already
LOOK_S: Final = 0.05  # between two looks of theirs


class Credential(NamedTuple):
    """An access token, and the session that it is kept for, if it is not the caller's own."""

    token: str
    session: Session | None = None


class Sessions:
    """Finds and renews; one object for a process."""

    def __init__(self, db: Database, doors: Doors, provider: Provider, cookies: Cookies) -> None:
        self.db, self.doors, self.provider, self.cookies = db, doors, provider, cookies
        self._renewals: set[asyncio.Task[None]] = set()

    async def credential(self, request: Request, otherwise: str = "", *, used: bool = True) -> Credential:
        """What the request is signed with; UNAUTHENTICATED, CSRF, or BAD_INPUT where both ways are used at once.

        ``otherwise`` is the surface that is meant without the header, at doors that only read. With ``used`` the
        session counts as used now, by a person.
        """
        bearer, named = request.headers.get("authorization", ""), request.headers.get(HEADER, "")
        if bearer and (named or self.cookies.present(request)):
            raise unreadable("Send a bearer token or a session's cookie, not both.")
        if bearer or not self.cookies.present(request):
            return Credential(_bearer(bearer))
        if not named and not otherwise:
            raise Fault(Code.CSRF, "A request with a session's cookie says whose it is in X-Quittance-CSRF.")
        return await self.of_cookie(request, named or otherwise, used=used)

    async def of_cookie(self, request: Request, surface: str, *, used: bool = True) -> Credential:
        """The token of the session of that surface; UNAUTHENTICATED without one, CSRF for a page from elsewhere."""
        if surface not in SURFACES:
            raise Fault(Code.CSRF, "X-Quittance-CSRF names portal, staff or acting.")
        door = await self.doors.door(request, "staff" if surface == "acting" else surface)
        if door is None:
            raise Fault(Code.UNAUTHENTICATED, "Nobody signs in at this address.")
        refuse_strangers(request, door)
        found = await self.find(request, surface, used=used)
        if found is None or found.tenant != door.tenant:
            raise Fault(Code.UNAUTHENTICATED, "The session is over: sign in again.")
        fresh = await self._fresh(found, door, request)
        return Credential(fresh.tokens.access, fresh)

    async def find(self, request: Request, surface: str, *, used: bool = True) -> Session | None:
        """The session of the cookie; acting ends with the sign-in that it was begun from."""
        cookie = self.cookies.read(request, surface)
        found = await sessions.find(self.db, cookie, surface, used=used) if cookie else None
        if found is not None and surface == "acting":
            above = await self.find(request, "staff", used=used)
            return found if above is not None and above.id == found.opened_by else None
        return found

    async def _fresh(self, found: Session, door: WebDoor, request: Request) -> Session:
        """The session with a token that lasts; where nobody can renew it any more it is over."""
        left = found.fresh_until - self.db.clock.now()
        if left > RENEW_BEFORE or (not found.tokens.refresh and left > timedelta(0)):
            return found
        if found.tokens.refresh:
            work = asyncio.ensure_future(self._renew(found, door))
            self._renewals.add(work)  # a caller that goes away must not leave a used refresh token behind
            work.add_done_callback(self._renewals.discard)
            await asyncio.shield(work)
        return await self._renewed(found, request)

    async def _renewed(self, old: Session, request: Request) -> Session:
        """The session after a renewal, here or elsewhere; the old token serves as long as it lasts."""
        deadline = asyncio.get_running_loop().time() + WAIT_S
        while True:
            found = await self.find(request, old.surface)
            if found is None:
                raise Fault(Code.UNAUTHENTICATED, "The session is over: sign in again.")
            if found.fresh_until > self.db.clock.now():
                return found
            if asyncio.get_running_loop().time() >= deadline:
                raise Fault(Code.UNAVAILABLE, "The identity provider does not answer at the moment.")
            await asyncio.sleep(LOOK_S)

    async def _renew(self, session: Session, door: WebDoor) -> None:
        if not await sessions.renewing(self.db, session, LEASE):
            return
        try:
            async with asyncio.timeout(RENEWAL_SECONDS):
                grant = await self.provider.renew(door.issuer, door.client_id, session.tokens)
        except GrantRefused:
            await sessions.end(self.db, session)
        except (SignInFailed, TimeoutError):
            return  # the provider is away: what is held goes on until its own end
        else:
            until = self.db.clock.now() + timedelta(seconds=grant.seconds)
            await sessions.renewed(self.db, session, grant.tokens, until)


def refuse_strangers(request: Request, door: WebDoor) -> None:
    """CSRF for a request that a browser says comes from a page of somebody else's."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
    if origin is not None and not door.admits(origin):
        raise Fault(Code.CSRF, "Pages of that origin may not call with this session.")
    if origin is None and site not in ("same-origin", "none"):
        raise Fault(Code.CSRF, "Pages of other sites may not call with this session.")


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Fault(Code.UNAUTHENTICATED, "Send a bearer token.")
    return token.strip()
