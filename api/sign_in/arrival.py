"""Somebody comes back from the identity provider with a code, and gets a session if it is known here."""

from datetime import timedelta

from starlette.requests import Request

from api.audience import Audience
from api.auth.principal import Principal
from api.errors import Fault
from api.graph.context import Rooms, believed, known
from api.sign_in import id_token
from api.sign_in.failed import SignInFailed
from api.sign_in.id_token import Asked, IdClaims
from api.sign_in.joining import join_by_the_way, status_of
from api.sign_in.pending import Pending, callback_of
from api.sign_in.provider import Grant
from api.sign_in.sessions import Credential
from api.sign_in.who import person_of
from domain.actor import Actor
from domain.refusals import Refused
from domain.tenants import session as sessions
from domain.tenants.ended_sign_in import has_ended, sign_in_key
from domain.tenants.security_log import Happening, SecurityKind, log_security
from domain.tenants.session import LONGEST, NewSession
from domain.tenants.tenant import home_of
from domain.tenants.web_door import WebDoor


class Arrivals:
    """What arrivals share."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def arrive(self, request: Request, door: WebDoor, pending: Pending, code: str) -> str:
        """The cookie of a new session; SignInFailed for a code, a token or a person that is not good here.

        The session that the browser had at this surface is over then, so that none survives a sign-in.
        """
        rooms, request_id = self._rooms, request.state.request_id
        grant = await rooms.sessions.provider.redeem(
            door.issuer, door.client_id, code, pending.verifier, callback_of(door)
        )
        claims = await self._identified(door, pending, grant)
        if pending.invitation is not None and door.surface == Audience.PORTAL:
            await self._join(door, pending.invitation, grant, claims.sub, request_id)
        try:
            principal, actor = await known(rooms, Credential(grant.tokens.access), request_id)
        except Fault as fault:
            raise SignInFailed(fault.message, 403) from None
        if (principal.tenant, principal.kind.value, principal.subject) != (door.tenant, door.surface, claims.sub):
            raise SignInFailed("The identity provider's answer is not for this portal.", 403)
        secret = await self._begun(request, door, grant, actor, claims.sid or principal.sign_in)
        await self._note(door, principal, actor, pending, request_id)
        return secret

    async def _join(self, door: WebDoor, invitation: str, grant: Grant, subject: str, request_id: str) -> None:
        """Makes the person a member of the account it was invited to, before it is looked up there."""
        try:
            principal = await believed(self._rooms, grant.tokens.access)
            if (principal.tenant, principal.kind.value, principal.subject) == (door.tenant, door.surface, subject):
                await join_by_the_way(self._rooms, invitation, principal, request_id)
        except Fault as fault:
            raise SignInFailed(fault.message, 403) from None
        except Refused as refused:
            raise SignInFailed(refused.message, status_of(refused)) from None

    async def _identified(self, door: WebDoor, pending: Pending, grant: Grant) -> IdClaims:
        rooms = self._rooms
        issuer = await rooms.issuers.find(door.issuer, door.audience)
        if issuer is None:
            raise SignInFailed("That identity provider is not trusted any more.", 403)
        asked = Asked(client_id=door.client_id, nonce=pending.nonce, max_age=pending.max_age)
        return await id_token.verified(grant.tokens.id, issuer, rooms.keys, asked, rooms.db.clock.now())

    async def _begun(self, request: Request, door: WebDoor, grant: Grant, actor: Actor, name: str | None) -> str:
        db, owner = self._rooms.db, actor.customer or actor.home
        assert owner is not None
        before = await self._rooms.sessions.find(request, door.surface)
        if before is not None:
            await sessions.end(db, before)
        now, key = db.clock.now(), sign_in_key(door.tenant, door.issuer, name) if name else None
        new = NewSession(
            owner, door.tenant, door.surface, person_of(actor), grant.tokens, now + timedelta(seconds=grant.seconds),
            now + LONGEST[door.surface], sign_in=key,
        )  # fmt: skip
        secret = await sessions.begin(db, new)
        if key is not None and await has_ended(db.primary, key):  # while the person was on the way here
            begun = await sessions.find(db, secret, door.surface)
            if begun is not None:
                await sessions.end(db, begun)
            raise SignInFailed("You have signed out at the identity provider: sign in again.", 403)
        return secret

    async def _note(self, door: WebDoor, principal: Principal, actor: Actor, pending: Pending, request_id: str) -> None:
        asked_again = pending.max_age is not None or pending.acr is not None
        stepped = asked_again and principal.kind is Audience.STAFF
        kind = SecurityKind.STEP_UP if stepped else SecurityKind.LOGIN
        about = str(actor.customer) if actor.customer else ""
        what = Happening(kind, door.surface, person_of(actor), about, principal.acr or "", request_id)
        await log_security(self._rooms.db, await home_of(self._rooms.db.primary, door.tenant), what)
