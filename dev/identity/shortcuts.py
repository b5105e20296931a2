"""What no real identity provider has: a token for anybody, and a change of keys on demand."""

import time
from typing import Annotated, Final
from uuid import uuid4

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dev.identity.clients import PARTNER_SCOPES, PERSON_SCOPES
from dev.identity.personas import PERSONAS, Persona
from dev.identity.tokens import LIFETIME_S, TWO_FACTORS, Login

_MAX_BYTES: Final = 65_536  # a request is below one kilobyte

Name = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,255}\Z")]
Audience = Annotated[str, Meta(pattern=r"\Aquittance:[a-z][a-z0-9-]{1,30}:(portal|staff|partner)\Z")]
Seconds = Annotated[int, Meta(ge=-86_400, le=86_400)]  # a day: nothing in dev needs a longer token
_UNCACHED: Final = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who acts for the subject."""

    sub: Name


class ForPersona(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A token as the persona would get it by signing in now, with two factors."""

    persona: str
    expires_in: Seconds = LIFETIME_S


class ForAnybody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A token that says exactly this; `auth_time_ago` is in seconds."""

    audience: Audience
    subject: Name
    client_id: Name | None = None
    roles: tuple[Name, ...] = ()
    scopes: tuple[Name, ...] = ()
    acr: Name | None = None
    auth_time_ago: Seconds | None = None
    act: Act | None = None
    reason: str | None = None
    expires_in: Seconds = LIFETIME_S


class Farewell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signed out, or which session ended."""

    client_id: Name
    subject: Name | None = None
    session: Name | None = None


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`keep_previous=False` withdraws the keys that signed so far."""

    keep_previous: bool = True


async def mint(request: Request) -> Response:
    """POST {persona} or {audience, subject, ...}: a bearer token; 400 with one sentence otherwise."""
    try:
        asked = _asked(await _body(request))
    except (ValueError, RecursionError) as error:
        return _refused(str(error))
    if isinstance(asked, ForAnybody):
        return _minted(request, _login(asked), _client(asked), " ".join(asked.scopes), asked.expires_in)
    persona = PERSONAS.get(asked.persona)
    if persona is None:
        return _refused(f"There is no persona {asked.persona!r}; there are {', '.join(PERSONAS)}.")
    return _minted(request, _persona_login(persona), persona.client_id, _scope_of(persona), asked.expires_in)


async def farewell(request: Request) -> Response:
    """POST {client_id, subject?, session?}: the token by which that client would be told of a sign-out."""
    try:
        asked = msgspec.json.decode(await _body(request), type=Farewell)
    except (ValueError, RecursionError) as error:
        return _refused(str(error))
    token = request.app.state.server.parts.minter.logout_token(asked.client_id, asked.subject, asked.session)
    return JSONResponse({"logout_token": token}, headers=_UNCACHED)


async def rotate(request: Request) -> Response:
    """POST {keep_previous?}: tokens are signed with a new key from now on."""
    try:
        asked = msgspec.json.decode(await _body(request) or b"{}", type=Rotation)
    except (ValueError, RecursionError) as error:
        return _refused(str(error))
    keys = request.app.state.keys
    keys.rotate(keep_previous=asked.keep_previous)
    return JSONResponse({"kid": keys.current.kid, "kids": [key["kid"] for key in keys.public()["keys"]]})


def _asked(body: bytes) -> ForPersona | ForAnybody:
    if "persona" in msgspec.json.decode(body, type=dict):
        return msgspec.json.decode(body, type=ForPersona)
    return msgspec.json.decode(body, type=ForAnybody)


def _minted(request: Request, login: Login, client_id: str, scope: str, expires_in: int) -> Response:
    token = request.app.state.server.parts.minter.access_token(login, client_id, scope, expires_in)
    said = {"access_token": token, "token_type": "Bearer", "expires_in": expires_in}
    return JSONResponse({**said, "audience": login.audience, "subject": login.subject}, headers=_UNCACHED)


def _persona_login(persona: Persona) -> Login:
    if _is_program(persona.audience):
        return Login(persona.subject, persona.audience)
    now = int(time.time())
    return Login(persona.subject, persona.audience, persona.roles, TWO_FACTORS, now, str(uuid4()))


def _scope_of(persona: Persona) -> str:
    return " ".join(PARTNER_SCOPES if _is_program(persona.audience) else PERSON_SCOPES)


def _login(asked: ForAnybody) -> Login:
    began = None if asked.auth_time_ago is None else int(time.time()) - asked.auth_time_ago
    act = {"sub": asked.act.sub} if asked.act else None
    return Login(asked.subject, asked.audience, asked.roles, asked.acr, began, None, act, asked.reason)


def _client(asked: ForAnybody) -> str:
    if asked.client_id:
        return asked.client_id
    _, tenant, surface = asked.audience.split(":")
    return asked.subject if surface == "partner" else f"{tenant}-{surface}"


def _is_program(audience: str) -> bool:
    return audience.endswith(":partner")


def _refused(why: str) -> Response:
    return JSONResponse({"error": "invalid_request", "error_description": why}, 400)


async def _body(request: Request) -> bytes:
    body = await request.body()
    return body if len(body) <= _MAX_BYTES else b"too large"


ROUTES = (
    Route("/dev/token", mint, methods=["POST"]),
    Route("/dev/logout-token", farewell, methods=["POST"]),
    Route("/dev/rotate-keys", rotate, methods=["POST"]),
)
