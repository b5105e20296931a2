"""A member of staff begins to act for a customer: its token is exchanged for one that says so, for whom and why."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.auth.actor import ACTING_MOST, ACTING_WRITERS
from api.auth.claims import Reason
from api.auth.principal import WRITE_SCOPE, Principal
from api.errors import Code, Fault
from api.graph.context import Rooms, known
from api.sign_in.failed import SignInFailed
from api.sign_in.provider import Grant
from api.sign_in.sessions import HEADER, Credential
from api.sign_in.who import described, person_of
from domain.actor import Actor
from domain.ids import CustomerId
from domain.refusals import Refused
from domain.tenants import session as sessions
from domain.tenants.access import has_customer
from domain.tenants.security_log import Happening, SecurityKind, log_security
from domain.tenants.session import NewSession, Session

_MOST: Final = int(ACTING_MOST.total_seconds() // 60)  # minutes
# As the GraphQL door answers the same codes.
_STATUS: Final = {
    Code.UNAUTHENTICATED: 401, Code.CSRF: 403, Code.FORBIDDEN: 403, Code.NOT_FOUND: 404, Code.UNAVAILABLE: 503,
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """For whom, why and for how many minutes; ``write`` asks for more than looking."""

    customer_id: str
    reason: Reason
    minutes: Annotated[int, Meta(ge=1, le=_MOST)] = _MOST
    write: bool = False


def routes(rooms: Rooms) -> list[Route]:
    """The door of this process; acting ends at /logout/acting."""
    return [Route("/acting", _Acting(rooms).begin, methods=["POST"])]


class _Acting:
    """What the requests share."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._sessions = rooms, rooms.sessions

    async def begin(self, request: Request) -> Response:
        """201 with what /session/acting says from then on; the cookie of it."""
        try:
            session, actor = await self._member(request)
            asked = _read(await request.body())
            customer = await self._customer(asked, actor)
            grant = await self._exchanged(request, session, asked)
            principal, acting = await known(
                self._rooms, Credential(grant.tokens.access), request.state.request_id
            )  # fmt: skip
            if acting.customer != customer or person_of(acting) != session.person:
                raise SignInFailed("The identity provider's answer is not for this customer.", 403)
            return await self._begun(request, session, asked, grant, (principal, acting))
        except SignInFailed as failed:
            return JSONResponse({"code": Code.UNAVAILABLE.value, "message": failed.sentence}, failed.status)
        except Fault as fault:
            return JSONResponse({"code": fault.code.value, "message": fault.message}, _STATUS.get(fault.code, 400))

    async def _member(self, request: Request) -> tuple[Session, Actor]:
        if request.headers.get(HEADER) != "staff":
            raise Fault(Code.CSRF, "Say in X-Quittance-CSRF that it is the staff's session.")
        credential = await self._sessions.of_cookie(request, "staff")
        _, actor = await known(self._rooms, credential, request.state.request_id)
        assert credential.session is not None
        return credential.session, actor

    async def _customer(self, asked: Asked, actor: Actor) -> CustomerId:
        assert actor.tenant is not None
        if asked.write and not actor.grants & ACTING_WRITERS:
            raise Fault(Code.FORBIDDEN, "Your role may look, and not change anything, in a customer's place.")
        try:
            customer = CustomerId.parse(asked.customer_id)
        except Refused as refused:
            raise Fault(Code.NOT_FOUND, refused.message) from None
        if not await has_customer(self._rooms.db.primary, actor.tenant, customer):
            raise Fault(Code.NOT_FOUND, "There is no such customer.")
        return customer

    async def _exchanged(self, request: Request, session: Session, asked: Asked) -> Grant:
        doors = {door.surface: door for door in await self._sessions.doors.at(request)}
        if "portal" not in doors:
            raise SignInFailed("There is no portal at this address.", 404)
        form = {
            "client_id": doors["staff"].client_id,
            "subject_token": session.tokens.access,
            "audience": doors["portal"].audience,
            "requested_subject": asked.customer_id,
            "reason": asked.reason,
            **({"scope": WRITE_SCOPE} if asked.write else {}),
        }
        return await self._sessions.provider.act_for(doors["staff"].issuer, form)

    async def _begun(
        self, request: Request, session: Session, asked: Asked, grant: Grant, who: tuple[Principal, Actor]
    ) -> Response:
        db, (principal, acting) = self._rooms.db, who
        assert acting.customer is not None and acting.home is not None
        before = await self._sessions.find(request, "acting")
        if before is not None:
            await sessions.end(db, before)
        ends = min(db.clock.now() + timedelta(minutes=asked.minutes), principal.until, session.ends_at)
        new = NewSession(
            acting.customer, principal.tenant, "acting", session.person, grant.tokens, ends, ends, session.id,
            session.sign_in,
        )  # fmt: skip
        cookie = await sessions.begin(db, new)
        begun = await sessions.find(db, cookie, "acting")
        assert begun is not None
        what = Happening(
            SecurityKind.ACTING_BEGAN, "acting", session.person, str(acting.customer), asked.reason,
            request.state.request_id,
        )  # fmt: skip
        await log_security(db, acting.home, what)
        answer = JSONResponse(described(begun, principal, acting), 201)
        self._sessions.cookies.keep(answer, "acting", cookie)
        return answer


def _read(body: bytes) -> Asked:
    try:
        return msgspec.json.decode(body, type=Asked)
    except (ValueError, RecursionError):
        message = f"Say customerId, reason (one line, 1 to 500 characters), minutes (1 to {_MOST}) and write."
        raise Fault(Code.BAD_INPUT, message) from None
