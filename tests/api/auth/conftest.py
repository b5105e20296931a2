"""A trusted issuer with real keys behind a real HTTP application, and hands to move time with."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from joserfc.jwk import ECKey, Key, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.audience import Audience
from api.auth.issuer import TrustedIssuer
from api.auth.keys import KeyCache
from api.auth.verify import Verifier
from domain.ids import TenantId
from tests.fixed_issuers import FixedIssuers

ISSUER = "https://id.acme.example"
ACME = TenantId(UUID(int=1))
GLOBEX = TenantId(UUID(int=2))
AUDIENCES = {kind: f"quittance:acme:{kind}" for kind in Audience}
SIGNING = ECKey.generate_key("P-256", {"kid": "signing-1"})
SIGNING_RSA = RSAKey.generate_key(2048, {"kid": "signing-rsa"})
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, Any], payload: bytes, key: Key) -> str:
    """A JWS over exactly these bytes, signed by the header's algorithm whatever else the header says."""
    text = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    return f"{text}.{b64(JWSRegistry.algorithms[header['alg']].sign(text.encode(), key))}"


@dataclass
class Hands:
    """Wall clock and monotonic seconds that a test moves."""

    wall: datetime = NOON
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class KeyServer:
    """Serves a key set, counts who asks for what, and fails when it is told to."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    location: str = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append(str(request.url))
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        return Response(body, self.status, {"Location": self.location} if self.location else {})

    def client(self) -> httpx2.AsyncClient:
        app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), follow_redirects=True)


class Stage:
    """A verifier, its issuer's key server and the issuer's private keys."""

    def __init__(self) -> None:
        self.hands = Hands()
        self.key, self.rsa = SIGNING, SIGNING_RSA
        self.server = KeyServer([self.public(self.key), self.public(self.rsa)])
        rows = [self.trusted(kind) for kind in Audience]
        self.cache = KeyCache(self.server.client(), self.hands.monotonic)
        self.verifier = Verifier(FixedIssuers(rows), self.cache, self.hands, self.hands.monotonic)

    @staticmethod
    def trusted(kind: Audience) -> TrustedIssuer:
        algorithms = frozenset({"ES256", "RS256"})
        return TrustedIssuer(ISSUER, AUDIENCES[kind], ACME, kind, f"{ISSUER}/jwks", algorithms)

    @staticmethod
    def public(key: Key) -> dict[str, Any]:
        return {**key.as_dict(private=False), "kid": key.kid, "use": "sig"}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """The claims of a good token; None leaves one out."""
        now = int(self.hands.wall.timestamp())
        good = {
            "iss": ISSUER,
            "aud": AUDIENCES[Audience.PORTAL],
            "sub": "ada",
            "client_id": "web",
            "iat": now,
            "exp": now + 3600,
            "scope": "openid profile",
        }
        return {name: value for name, value in {**good, **changed}.items() if value is not None}

    def token(self, *, key: Key | None = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A good token, but for what is changed in its claims and its header."""
        by = key or self.key
        said = {"alg": "ES256", "typ": "at+jwt", "kid": by.kid, **(header or {})}
        said = {name: value for name, value in said.items() if value is not None}
        return signed(said, json.dumps(self.claims(**changed)).encode(), by)


@pytest.fixture
def stage() -> Stage:
    return Stage()
