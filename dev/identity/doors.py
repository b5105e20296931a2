"""The standard endpoints."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dev.identity.clients import PARTNER_SCOPES, PERSON_SCOPES, TOKEN_EXCHANGE, Client
from dev.identity.code_grant import user_info
from dev.identity.farewell import say_farewell
from dev.identity.keys import ALGORITHM
from dev.identity.logout import Logout
from dev.identity.memory import Visit
from dev.identity.pages import choose_persona, everybody, told
from dev.identity.personas import PERSONAS, Persona
from dev.identity.program_grant import METHOD
from dev.identity.server import IdentityServer, from_form, from_query
from dev.identity.tokens import ONE_FACTOR, TWO_FACTORS, Login


def discovery_document(issuer: str) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 section 3."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "end_session_endpoint": f"{issuer}/end-session",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": [*PERSON_SCOPES, *PARTNER_SCOPES],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", TOKEN_EXCHANGE],
        "subject_types_supported": ["public"],
        "acr_values_supported": [ONE_FACTOR, TWO_FACTORS],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["none", METHOD],
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        "authorization_response_iss_parameter_supported": True,
        "code_challenge_methods_supported": ["S256"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_supported": ["sub", "name", "email", "acr", "auth_time", "sid"],
    }


async def home(request: Request) -> Response:
    return everybody(request.app.state.issuer)


async def healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def discovery(request: Request) -> Response:
    return JSONResponse(discovery_document(request.app.state.issuer))


async def jwks(request: Request) -> Response:
    return JSONResponse(request.app.state.keys.public())


async def authorize(request: Request) -> Response:
    """GET asks who signs in, POST of the same address with `persona` answers; errors go back to a known client only."""
    server, asked = _server(request), from_query(request)
    try:
        grant = server.get_consent_grant(asked)
    except OAuth2Error as error:
        if error.redirect_uri:
            return _from_here(request, _answer(server.handle_error_response(asked, error)))
        return told("This sign-in cannot start", str(error.get_error_description()) or error.error, 400)
    client: Client = grant.client
    acr = TWO_FACTORS if TWO_FACTORS in asked.payload.data.get("acr_values", "").split() else ONE_FACTOR
    choice = [each for each in PERSONAS.values() if each.audience == client.audience]
    if request.method == "GET":
        return choose_persona(choice, client.client_id, acr)
    name = (await from_form(request)).form.get("persona")
    persona = next((each for each in choice if each.name == name), None)
    if persona is None:
        return told("This sign-in cannot go on", "There is no such persona for this client.", 400)
    answer = server.create_authorization_response(asked, grant_user=sign_in(persona, acr), grant=grant)
    return _from_here(request, _answer(answer))


def _from_here(request: Request, answer: Response) -> Response:
    """RFC 9207: says in the answer that the browser takes along whose answer it is."""
    if "location" in answer.headers:
        answer.headers["location"] = add_params_to_uri(answer.headers["location"], {"iss": request.app.state.issuer})
    return answer


async def token(request: Request) -> Response:
    """RFC 6749 section 3.2."""
    return _answer(_server(request).create_token_response(await from_form(request)))


async def userinfo(request: Request) -> Response:
    """OpenID Connect Core section 5.3, for access tokens with scope `openid` of sessions that have not ended."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    parts = _server(request).parts
    claims = parts.minter.read(given.strip()) if scheme.lower() == "bearer" else None
    if claims is None or claims.get("sid") in parts.memory.ended:
        return JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    scope = claims.get("scope", "")
    if "openid" not in scope.split():
        challenge = 'Bearer error="insufficient_scope", scope="openid"'
        return JSONResponse({"error": "insufficient_scope"}, 403, {"WWW-Authenticate": challenge})
    return JSONResponse(user_info(claims["sub"], scope))


async def end_session(request: Request) -> Response:
    """Ends the session of the ID token and goes back to the client, or says so."""
    asked = await from_form(request) if request.method == "POST" else from_query(request)
    created = _server(request).create_endpoint_response("end_session", asked)
    answer = _answer(created) if created is not None else told("Signed out", "You can close this page.")
    logout: Logout = request.app.state.logout
    visits, logout.told_next = logout.told_next, []
    answer.background = BackgroundTask(_farewell, request, visits)
    return answer


async def sign_out(request: Request) -> Response:
    """Ends every session of a persona, as if it had signed out somewhere else, and tells each client."""
    name = (await from_form(request)).form.get("persona", "")
    if name not in PERSONAS:
        return told("Nobody signed out", "There is no such persona.", 400)
    visits = _server(request).parts.memory.end_all(PERSONAS[name].subject)
    answers = await _farewell(request, visits)
    clients = ", ".join(f"{visit.client_id}: {status}" for visit, status in zip(visits, answers, strict=True))
    return told("Signed out everywhere", f"Clients that were told: {clients or 'none'}.")


async def _farewell(request: Request, visits: Sequence[Visit]) -> list[int]:
    return await say_farewell(visits, _server(request).parts.minter, request.app.state.http)


async def unrepeatable(_: Request, __: Exception) -> Response:
    """400 for what an error cannot even name."""
    return JSONResponse({"error": "invalid_request"}, 400)


def sign_in(persona: Persona, acr: str) -> Login:
    """A new session of this persona, begun now."""
    return Login(persona.subject, persona.audience, persona.roles, acr, int(time.time()), str(uuid4()))


def _server(request: Request) -> IdentityServer:
    server: IdentityServer = request.app.state.server
    return server


def _answer(response: Any) -> Response:
    assert isinstance(response, Response)
    return response


ROUTES = (
    Route("/", home),
    Route("/healthz", healthz),
    Route("/.well-known/openid-configuration", discovery),
    Route("/jwks", jwks),
    Route("/authorize", authorize, methods=["GET", "POST"]),
    Route("/token", token, methods=["POST"]),
    Route("/userinfo", userinfo, methods=["GET", "POST"]),
    Route("/end-session", end_session, methods=["GET", "POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
)
