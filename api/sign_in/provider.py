"""The identity provider as a client of it sees it: where it is asked, and what it gives for a code or a token."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx2
import msgspec
import structlog

from api.auth.claims import MAX_CHARACTERS
from api.sign_in.failed import GrantRefused, SignInFailed
from domain.http_client import body_within
from domain.tenants.session import Tokens

_log: Final = structlog.get_logger("api.sign_in")
KEPT_SECONDS: Final = 600.0  # as long as keys: what a provider changes is noticed within ten minutes
MAX_BYTES: Final = 262_144  # an answer has a few kilobytes
LIMIT_SECONDS: Final = 10.0  # for one answer, all of it: somebody waits before a page
LEAST_SECONDS: Final = 30  # a token that ends sooner would be renewed at every request
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # RFC 8693 section 2.1
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # RFC 8693 section 3
_GRANT_STATUSES: Final = (400, 401, 403)  # the provider understood and said no (RFC 6749 section 5.2)


class Endpoints(msgspec.Struct, frozen=True):
    """OpenID Connect Discovery 1.0 section 3, as far as it is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class _Answer(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    expires_in: int = 300  # RFC 6749 section 5.1 only recommends to say it
    refresh_token: str = ""
    id_token: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What was given, and for how many seconds the access token is good."""

    tokens: Tokens
    seconds: int


class Provider:
    """Asks identity providers; each address it asks comes from a web door or from that issuer's own document."""

    def __init__(
        self, http: httpx2.AsyncClient, monotonic: Callable[[], float] = time.monotonic, limit: float = LIMIT_SECONDS
    ) -> None:
        self._http, self._monotonic, self._limit_seconds = http, monotonic, limit
        self._kept: dict[str, tuple[float, Endpoints]] = {}

    async def endpoints(self, issuer: str) -> Endpoints:
        """Where that issuer is asked; SignInFailed 503 while it cannot be had."""
        now, kept = self._monotonic(), self._kept.get(issuer)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            found = await self._discover(issuer)
        except Exception as error:  # whatever went wrong out there, what is known still holds
            _log.warning("issuer not found", issuer=issuer, error=repr(error))
            if kept is None:
                raise SignInFailed("The identity provider does not answer at the moment.", 503) from None
            return kept[1]
        self._kept[issuer] = (now, found)
        return found

    async def _discover(self, issuer: str) -> Endpoints:
        status, body = await self._answer("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != httpx2.codes.OK:
            raise ValueError(f"status {status}")
        found = msgspec.json.decode(body, type=Endpoints)
        if found.issuer != issuer:  # section 4.3: exactly the one that was asked
            raise ValueError("another issuer's document")
        return found

    async def redeem(self, issuer: str, client_id: str, code: str, verifier: str, redirect_uri: str) -> Grant:
        """The tokens of a code."""
        form = {"code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        return await self._ask(issuer, {"grant_type": "authorization_code", "client_id": client_id, **form})

    async def renew(self, issuer: str, client_id: str, tokens: Tokens) -> Grant:
        """New tokens in exchange for the refresh token; what is not given anew stays as it was."""
        form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": tokens.refresh}
        grant = await self._ask(issuer, form)
        given = grant.tokens
        return Grant(Tokens(given.access, given.refresh or tokens.refresh, given.id or tokens.id), grant.seconds)

    async def act_for(self, issuer: str, form: Mapping[str, str]) -> Grant:
        """A token for acting, in exchange for the one of the staff member."""
        fixed = {"grant_type": TOKEN_EXCHANGE, "subject_token_type": ACCESS_TOKEN}
        return await self._ask(issuer, {**fixed, **form})

    async def _ask(self, issuer: str, form: Mapping[str, str]) -> Grant:
        address = (await self.endpoints(issuer)).token_endpoint
        try:
            status, body = await self._answer("POST", address, form)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
            _log.warning("issuer not reached", issuer=issuer, error=repr(error))
            raise SignInFailed("The identity provider does not answer at the moment.", 503) from None
        if status in _GRANT_STATUSES:
            _log.info("grant refused", issuer=issuer, grant=form["grant_type"], status=status)
            raise GrantRefused("The identity provider did not agree: sign in again.")
        try:
            if status != httpx2.codes.OK:  # RFC 6749 section 5.1
                raise ValueError("no token")
            given = msgspec.json.decode(body, type=_Answer)
        except (ValueError, RecursionError) as error:  # msgspec's own, and bytes that are no text
            _log.warning("issuer answers nonsense", issuer=issuer, status=status, error=type(error).__name__)
            raise SignInFailed("The identity provider does not answer at the moment.", 503) from None
        if given.token_type.lower() != "bearer" or len(given.access_token) > MAX_CHARACTERS:
            raise SignInFailed("The identity provider's answer cannot be used here.")
        tokens = Tokens(given.access_token, given.refresh_token, given.id_token)
        return Grant(tokens, max(given.expires_in, LEAST_SECONDS))

    async def _answer(self, method: str, address: str, form: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body; ValueError for one that is too long, TimeoutError for one that takes too long."""
        async with (
            asyncio.timeout(self._limit_seconds),  # the client's own limits are per read: a body may drip for ever
            self._http.stream(method, address, data=form and dict(form), follow_redirects=False) as response,
        ):
            body = await body_within(response, MAX_BYTES)
        if body is None:
            raise ValueError("too large")
        return response.status_code, body
