"""Somebody who was invited into a customer's account accepts: while signing in, or with a bearer token of its own."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.audience import Audience
from api.auth.principal import Principal
from api.errors import Code, Fault
from api.graph.context import Rooms, believed
from domain.customers.invitation import Invitation, find_invitation, invitation_of
from domain.customers.invite_member import AcceptInvitation, MemberJoined, accept_invitation
from domain.ids import CustomerId
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.tenants.access import find_login, login_key

# Gone is what was good once; a conflict is with what is there (RFC 9110); what may succeed soon is no fault of theirs.
_STATUS: Final = {
    RefusalCode.LINK_OVER: 410,
    RefusalCode.ALREADY_EXISTS: 409,
    RefusalCode.STATE_CONFLICT: 409,
    RefusalCode.BUSY: 503,
    RefusalCode.IN_PROGRESS: 503,
    RefusalCode.UNAVAILABLE: 503,
}


def status_of(refused: Refused) -> int:
    """The status that tells it over HTTP."""
    return _STATUS.get(refused.code, 400)


async def join(rooms: Rooms, token: str, principal: Principal, request_id: str) -> tuple[CustomerId, MemberJoined]:
    """Makes who signed in a member of the account that the invitation is for.

    Refused LINK_OVER for a text that opens nothing at this tenant, ALREADY_EXISTS for a login of a customer's.
    """
    found = await _open(rooms, token, principal)
    if found is None:
        message = "The invitation was used already, was taken back, or has expired; ask for another one."
        raise Refused(RefusalCode.LINK_OVER, message)
    command = AcceptInvitation(found.id, principal.issuer, principal.subject)
    key = f"accept:{login_key(principal.issuer, principal.subject)}"
    done = await perform(rooms.db, accept_invitation, found.guest(request_id), found.customer, command, key)
    return found.customer, done.outcome


async def join_by_the_way(rooms: Rooms, token: str, principal: Principal, request_id: str) -> None:
    """The same for who signs in with an invitation at hand; who is in that account already just signs in.

    Refused as ``join`` is.
    """
    login = await find_login(rooms.db.primary, principal.tenant, principal.issuer, principal.subject)
    found = await _open(rooms, token, principal) if login is not None else None
    if login is None or (found is not None and found.customer != login.customer):
        await join(rooms, token, principal, request_id)


async def _open(rooms: Rooms, token: str, principal: Principal) -> Invitation | None:
    id = invitation_of(rooms.db.vault, token)
    found = await find_invitation(rooms.db.primary, id) if id is not None else None
    return found if found is not None and found.tenant == principal.tenant else None


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of an invitation."""

    invitation: str


def routes(rooms: Rooms) -> list[Route]:
    """The door for programs that hold a token themselves, such as an app on a phone."""

    async def accept(request: Request) -> Response:
        try:
            customer, joined = await _accepted(rooms, request)
        except Refused as refused:
            return JSONResponse({"code": refused.code.value, "message": refused.message}, status_of(refused))
        except Fault as fault:
            status = {Code.UNAUTHENTICATED: 401, Code.FORBIDDEN: 403}.get(fault.code, 400)
            return JSONResponse({"code": fault.code.value, "message": fault.message}, status)
        answer = {"customerId": str(customer), "memberId": str(joined.user), "role": joined.role.value.upper()}
        return JSONResponse(answer, 201)

    return [Route("/invitations/accept", accept, methods=["POST"])]


async def _accepted(rooms: Rooms, request: Request) -> tuple[CustomerId, MemberJoined]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    principal = await believed(rooms, token.strip() if scheme.lower() == "bearer" else "")
    if principal.kind is not Audience.PORTAL or principal.acting_staff is not None:
        raise Fault(Code.FORBIDDEN, "Only who signs in to the portal accepts an invitation.")
    try:
        asked = msgspec.json.decode(await request.body(), type=_Asked)
    except (ValueError, RecursionError):  # msgspec's own, and bytes that are no text
        raise Fault(Code.BAD_INPUT, 'Send {"invitation": "..."}.') from None
    return await join(rooms, asked.invitation, principal, request.state.request_id)
