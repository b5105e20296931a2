"""The doors of signing in: to the identity provider, back from it, who it was, and out again."""

import re
from contextlib import suppress
from html import escape
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.errors import Code, Fault
from api.graph.context import Rooms, known
from api.json_body import NotJson, decode
from api.sign_in import pending as pendings
from api.sign_in.arrival import Arrivals
from api.sign_in.cookies import PENDING_SECONDS
from api.sign_in.failed import SignInFailed
from api.sign_in.joining import status_of
from api.sign_in.sessions import HEADER, refuse_strangers
from api.sign_in.who import described
from domain.refusals import Refused
from domain.tenants import session as sessions
from domain.tenants.security_log import Happening, SecurityKind, log_security
from domain.tenants.session import Session
from domain.tenants.tenant import home_of
from domain.tenants.web_door import WebDoor

_SAID: Final = re.compile(r"[a-z_]{1,40}")  # error codes of RFC 6749 and OpenID Connect
# As the GraphQL door answers the same codes.
_STATUS: Final = {Code.UNAUTHENTICATED: 401, Code.CSRF: 403, Code.FORBIDDEN: 403, Code.UNAVAILABLE: 503}


def routes(rooms: Rooms) -> list[Route]:
    """The doors of this process."""
    door = _SignIn(rooms)
    return [
        Route("/login/{surface:str}", door.login, methods=["GET"]),
        Route("/callback/{surface:str}", door.callback, methods=["GET"]),
        Route("/session/{surface:str}", door.session, methods=["GET"]),
        Route("/logout/{surface:str}", door.logout, methods=["POST"]),
    ]


class _SignIn:
    """What the requests share."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._sessions = rooms, rooms.sessions
        self._arrivals = Arrivals(rooms)

    async def login(self, request: Request) -> Response:
        """303 to the identity provider; what was begun is sealed into a cookie."""
        try:
            door, asked = await self._door(request), request.query_params
            pending = pendings.begun(
                self._rooms.db, door, asked.get("return_to", "/"), asked.get("max_age"), asked.get("acr"),
                asked.get("invitation"),
            )  # fmt: skip
            endpoints = await self._sessions.provider.endpoints(door.issuer)
        except (SignInFailed, Refused) as failed:
            return _page(failed)
        answer = RedirectResponse(pendings.address(pending, door, endpoints), 303)
        cookie = pendings.sealed(self._rooms.db, pending)
        self._sessions.cookies.keep(answer, pendings.cookie_of(pending.state), cookie, PENDING_SECONDS)
        return answer

    async def callback(self, request: Request) -> Response:
        """303 to where the person wanted to go, with a new session; a page that says why there is none."""
        try:
            door = await self._door(request)
        except (SignInFailed, Refused) as failed:
            return _page(failed)
        name = pendings.cookie_of(request.query_params.get("state", ""))
        try:
            answer = await self._arrived(request, door, self._sessions.cookies.read(request, name))
        except SignInFailed as failed:
            answer = _page(failed)
            with suppress(Refused):  # while the database is away nobody can write it down
                await self._note(door, request, failed)
        except Refused as refused:
            return _page(refused)
        self._sessions.cookies.drop(answer, name)
        return answer

    async def _arrived(self, request: Request, door: WebDoor, cookie: str) -> Response:
        said, state = request.query_params, request.query_params.get("state", "")
        pending = pendings.opened(self._rooms.db, cookie, door, state, self._rooms.db.clock.now())
        endpoints = await self._sessions.provider.endpoints(door.issuer)
        sender = said.get("iss")  # RFC 9207: an answer of another provider is no answer to us
        if sender != door.issuer and (sender or endpoints.authorization_response_iss_parameter_supported):
            raise SignInFailed("The answer comes from another identity provider.")
        if "code" not in said:
            error = said.get("error", "")
            raise SignInFailed(f"The identity provider says: {error}." if _SAID.fullmatch(error) else "No answer.")
        secret = await self._arrivals.arrive(request, door, pending, said["code"])
        answer = RedirectResponse(pending.return_to, 303)
        self._sessions.cookies.keep(answer, door.surface, secret)
        return answer

    async def _note(self, door: WebDoor, request: Request, failed: SignInFailed) -> None:
        home = await home_of(self._rooms.db.primary, door.tenant)
        what = Happening(
            SecurityKind.LOGIN_FAILED, door.surface, cause=failed.sentence, request_id=request.state.request_id
        )
        await log_security(self._rooms.db, home, what)

    async def session(self, request: Request) -> Response:
        """Who the page's session is of; 200 for nobody as well."""
        surface = request.path_params["surface"]
        nobody = {"surface": surface, "signedIn": False, "loginUrl": f"/login/{_to(surface)}"}
        try:
            credential = await self._sessions.of_cookie(request, surface, used=False)
            principal, actor = await known(self._rooms, credential, request.state.request_id)
        except Fault as fault:
            return _refused(fault) if fault.code in (Code.CSRF, Code.UNAVAILABLE) else JSONResponse(nobody)
        assert credential.session is not None
        return JSONResponse(described(credential.session, principal, actor))

    async def logout(self, request: Request) -> Response:
        """Ends the session here and says where to go to end it at the identity provider as well."""
        surface = request.path_params["surface"]
        try:
            door = await self._door(request)
            if request.headers.get(HEADER) != surface:
                raise Fault(Code.CSRF, "Say in X-Quittance-CSRF which session ends.")
            refuse_strangers(request, door)
        except SignInFailed as failed:
            return JSONResponse({"code": "NOT_FOUND", "message": failed.sentence}, failed.status)
        except Fault as fault:
            return _refused(fault)
        session = await self._sessions.find(request, surface, used=False)
        redirect = None if surface == "acting" else await self._farewell(request, door, session)
        if session is not None:
            await self._end(request, door, session)
        answer = JSONResponse({"redirect": redirect})
        for name in (surface, "acting") if surface == "staff" else (surface,):
            self._sessions.cookies.drop(answer, name)
        return answer

    async def _end(self, request: Request, door: WebDoor, session: Session) -> None:
        await sessions.end(self._rooms.db, session)
        self._rooms.verifier.forget(session.tokens.access)
        kind = SecurityKind.ACTING_ENDED if session.surface == "acting" else SecurityKind.LOGOUT
        what = Happening(
            kind, session.surface, session.person, session.name, request_id=request.state.request_id
        )  # fmt: skip
        await log_security(self._rooms.db, await home_of(self._rooms.db.primary, door.tenant), what)

    async def _farewell(self, request: Request, door: WebDoor, session: Session | None) -> str:
        """The provider's own log-out (RP-Initiated Logout 1.0), or where the page wants to go."""
        wanted = await _return_to(request)
        back = wanted if pendings.is_path(wanted) else "/"
        try:
            address = (await self._sessions.provider.endpoints(door.issuer)).end_session_endpoint
        except SignInFailed:
            address = ""
        if not address or session is None or not session.tokens.id:
            return back
        asked = {
            "id_token_hint": session.tokens.id,
            "client_id": door.client_id,
            "post_logout_redirect_uri": f"{door.origin}{back}",
        }
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def _door(self, request: Request) -> WebDoor:
        surface = request.path_params["surface"]
        door = await self._sessions.doors.door(request, _to(surface))
        if door is None:
            raise SignInFailed("Nobody signs in at this address.", 404)
        return door


async def _return_to(request: Request) -> str:
    try:
        said = decode(await request.body())
    except NotJson:
        return ""
    wanted = said.get("returnTo") if isinstance(said, dict) else None
    return wanted if isinstance(wanted, str) else ""


def _to(surface: str) -> str:
    return "staff" if surface == "acting" else surface


def _refused(fault: Fault) -> Response:
    return JSONResponse({"code": fault.code.value, "message": fault.message}, _STATUS.get(fault.code, 400))


def _page(failed: SignInFailed | Refused) -> Response:
    if isinstance(failed, Refused):
        failed = SignInFailed(failed.message, status_of(failed))
    text = f"<!doctype html><title>Not signed in</title><h1>Not signed in</h1><p>{escape(failed.sentence)}</p>"
    return HTMLResponse(text, failed.status)
