"""The dev identity provider inside the test's process, and how a client signs in there."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2

from dev.identity.app import build_app
from dev.identity.farewell import Http, on_this_machine
from dev.identity.settings import IdentitySettings

ISSUER = "http://127.0.0.1:8002"
CALLBACK = "http://127.0.0.1:8000/callback"
VERIFIER = "a-verifier-of-the-length-that-rfc-7636-asks-for-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CODE_GRANT = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}


@asynccontextmanager
async def provider(state: Path | None = None, http: Http = on_this_machine) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a provider that keeps its keys in `state`, or in memory, and tells others of sign-outs by `http`."""
    app = build_app(IdentitySettings(oidc_issuer=ISSUER, environment="dev", identity_state=state), http)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ISSUER) as client:
        yield client


def asked(**changed: str | None) -> dict[str, str]:
    """The parameters of a good authorization request, but for what is changed; None leaves one out."""
    good = {
        "response_type": "code",
        "client_id": "acme-portal",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": "st",
        "nonce": str(uuid4()),
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


async def press(client: httpx2.AsyncClient, persona: str, **changed: str | None) -> dict[str, str]:
    """Press the persona's button; the parameters that the browser takes back to the client."""
    answer = await client.post("/authorize", params=asked(**changed), data={"persona": persona})
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    return query_of(answer)


def query_of(answer: httpx2.Response) -> dict[str, str]:
    """The query of the address that an answer redirects to; every parameter stands there once."""
    return {name: value for name, [value] in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def redeem(client: httpx2.AsyncClient, code: str, **changed: str | None) -> httpx2.Response:
    """Ask for the tokens of a code."""
    form = {**CODE_GRANT, "client_id": "acme-portal", "code": code, **changed}
    return await client.post("/token", data={name: value for name, value in form.items() if value is not None})


async def signed_in(client: httpx2.AsyncClient, persona: str, **changed: str | None) -> dict[str, Any]:
    """The token response of a whole sign-in."""
    back = await press(client, persona, **changed)
    answer = await redeem(client, back["code"], client_id=changed.get("client_id") or "acme-portal")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def minted(client: httpx2.AsyncClient, **body: Any) -> str:
    """A token from the dev shortcut."""
    answer = await client.post("/dev/token", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def part(token: str, number: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a token, unverified."""
    text = token.split(".")[number]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
