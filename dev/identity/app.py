"""The identity provider as an ASGI application."""

from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dev.identity import doors, shortcuts
from dev.identity.clients import demo_clients
from dev.identity.code_grant import IdTokens, MandatoryPkce, SignIn
from dev.identity.exchange_grant import ActFor
from dev.identity.farewell import Http, on_this_machine
from dev.identity.keys import SigningKeys
from dev.identity.logout import Logout
from dev.identity.memory import Memory
from dev.identity.program_grant import METHOD, ProgramGrant, SignedAssertion
from dev.identity.renew_grant import Renew
from dev.identity.server import IdentityServer, Parts
from dev.identity.settings import IdentitySettings
from dev.identity.tokens import Minter

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
# A portal in development runs on another port of this machine.
_ORIGINS: Final = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"


def build_app(settings: IdentitySettings, http: Http = on_this_machine) -> Starlette:
    """The application; WrongState or OSError when the keys of its state cannot be read or kept.

    ``http`` makes the client by which others are told that somebody signed out.
    """
    keys = SigningKeys(settings.identity_state)
    parts = Parts(demo_clients(settings.identity_state), Memory(), Minter(settings.oidc_issuer, keys))
    app = Starlette(
        routes=[*doors.ROUTES, *shortcuts.ROUTES],
        middleware=[
            # A page from elsewhere that renames itself to a loopback address must not fetch tokens.
            Middleware(TrustedHostMiddleware, allowed_hosts=[*_LOOPBACK], www_redirect=False),
            Middleware(CORSMiddleware, allow_origin_regex=_ORIGINS, allow_headers=["*"], allow_methods=["GET", "POST"]),
        ],
        # authlib's errors repeat what was sent; a character that RFC 6749 section 5.2 forbids there is a ValueError.
        exception_handlers={ValueError: doors.unrepeatable},
    )
    app.state.issuer = settings.oidc_issuer
    app.state.keys = keys
    app.state.http = http
    app.state.logout = Logout(keys)
    app.state.server = _server(parts, keys, app.state.logout)
    return app


def _server(parts: Parts, keys: SigningKeys, logout: Logout) -> IdentityServer:
    server = IdentityServer(parts)
    server.register_grant(SignIn, [MandatoryPkce(), IdTokens(keys, parts)])
    server.register_grant(ProgramGrant)
    server.register_grant(ActFor)
    server.register_grant(Renew)
    issuer = parts.minter.issuer
    server.register_client_auth_method(METHOD, SignedAssertion(parts, (issuer, f"{issuer}/token")))
    server.register_endpoint(logout)
    return server
