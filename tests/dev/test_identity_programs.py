"""A partner's program proves itself with its key, once for each assertion; staff act for a customer with a reason."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.dev.identity_kit import ISSUER, minted, part, provider

BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def key_of(state: Path, client_id: str = "acme-partner") -> ECKey:
    """The private key that the provider made for a demo client."""
    return ECKey.import_key(json.loads((state / "clients" / f"{client_id}.json").read_text())["keys"][0])


def assertion(key: ECKey, header: dict[str, Any] | None = None, **changed: Any) -> str:
    now = int(time.time())
    good = {"iss": "acme-partner", "sub": "acme-partner", "aud": f"{ISSUER}/token", "iat": now, "exp": now + 60}
    claims = {**good, "jti": str(uuid4()), **changed}
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256", **(header or {})}, said, key)


async def ask(client: httpx2.AsyncClient, signed: str, **more: str) -> httpx2.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": BY_ASSERTION, "client_assertion": signed}
    return await client.post("/token", data={**form, **more})


async def test_a_partner_gets_a_token_for_its_own_scopes(tmp_path: Path) -> None:
    async with provider(tmp_path) as client:
        answer = await ask(client, assertion(key_of(tmp_path)))
        also = await ask(client, assertion(key_of(tmp_path), aud=ISSUER), scope="documents")
        foreign = await ask(client, assertion(key_of(tmp_path)), scope="openid")
    said = part(answer.json()["access_token"], 1)
    assert (said["aud"], said["sub"], said["client_id"]) == ("quittance:acme:partner", "acme-partner", "acme-partner")
    assert (said["scope"], "roles" in said, also.status_code) == ("documents", False, 200)
    assert (foreign.status_code, foreign.json()["error"]) == (400, "invalid_scope")


async def test_an_assertion_counts_once(tmp_path: Path) -> None:
    async with provider(tmp_path) as client:
        signed = assertion(key_of(tmp_path))
        answers = [await ask(client, signed), await ask(client, signed)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example/token"},
        {"aud": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"jti": None},
        {"jti": ["a"]},
        {"iss": "globex-partner"},
        {"sub": "globex-partner", "iss": "globex-partner"},
        {"sub": "acme-portal", "iss": "acme-portal"},
        {"sub": "nobody"},
        {"sub": ["acme-partner"]},
        {"sub": None},
    ],
)
async def test_an_assertion_that_says_something_else_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    async with provider(tmp_path) as client:
        answer = await ask(client, assertion(key_of(tmp_path), **changed))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize("signed", ["", "a.b.c", "x" * 200_000, "W10.e30.", "eyJhbGciOiJub25lIn0.e30."])
async def test_an_assertion_that_is_none_is_refused(tmp_path: Path, signed: str) -> None:
    async with provider(tmp_path) as client:
        answer = await ask(client, signed)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


async def test_an_assertion_with_another_key_or_algorithm_is_refused(tmp_path: Path) -> None:
    async with provider(tmp_path) as client:
        unsigned = assertion(key_of(tmp_path)).rsplit(".", 1)[0] + "."
        quoted = assertion(key_of(tmp_path)).split(".")
        quoted[0] = "eyJhbGciOiJcIiJ9"  # {"alg":"\""}, which no error may repeat
        answers = [
            await ask(client, assertion(ECKey.generate_key("P-256"))),
            await ask(client, assertion(key_of(tmp_path, "globex-partner"))),
            await ask(client, unsigned),
            await ask(client, ".".join(quoted)),
        ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 400]


async def test_a_partner_cannot_leave_its_key_at_home(tmp_path: Path) -> None:
    async with provider(tmp_path) as client:
        form = {"grant_type": "client_credentials", "client_id": "acme-partner"}
        answers = [await client.post("/token", data=data) for data in (form, {**form, "client_secret": "x"})]
        portal = await client.post("/token", data={**form, "client_id": "acme-portal"})
    assert [answer.json()["error"] for answer in (*answers, portal)] == ["invalid_client"] * 3


async def test_authlibs_own_client_gets_a_partners_token(tmp_path: Path) -> None:
    async with provider(tmp_path) as identity:
        client = AsyncOAuth2Client(
            "acme-partner",
            key_of(tmp_path),
            token_endpoint_auth_method=PrivateKeyJWT(f"{ISSUER}/token", alg="ES256"),
            transport=identity._transport,
        )
        token = await client.fetch_token(f"{ISSUER}/token", grant_type="client_credentials")
    assert part(token["access_token"], 1)["sub"] == "acme-partner"


async def exchange(client: httpx2.AsyncClient, token: str, **changed: str | None) -> httpx2.Response:
    good = {
        "grant_type": EXCHANGE,
        "client_id": "acme-staff",
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "requested_subject": "ada",
        "audience": "quittance:acme:portal",
        "reason": "Ada asked on the phone, ticket 4711",
    }
    form = {name: value for name, value in {**good, **changed}.items() if value is not None}
    return await client.post("/token", data=form)


async def test_staff_act_for_a_customer_under_both_names_and_for_a_quarter_of_an_hour() -> None:
    async with provider() as client:
        answer = await exchange(client, await minted(client, persona="support"))
    body = answer.json()
    said = part(body["access_token"], 1)
    assert (said["sub"], said["act"], said["aud"]) == ("ada", {"sub": "sam"}, "quittance:acme:portal")
    assert said["reason"] == "Ada asked on the phone, ticket 4711"
    assert (body["issued_token_type"], body["expires_in"], said["exp"] - said["iat"]) == (ACCESS_TOKEN, 1800, 1800)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"reason": None}, "invalid_request"),
        ({"reason": " "}, "invalid_request"),
        ({"reason": "two\nlines"}, "invalid_request"),
        ({"reason": "x" * 501}, "invalid_request"),
        ({"requested_subject": None}, "invalid_request"),
        ({"requested_subject": "a b"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"audience": None}, "invalid_target"),
        ({"audience": "quittance:globex:portal"}, "invalid_target"),
        ({"audience": "quittance:acme:staff"}, "invalid_target"),
        ({"client_id": "acme-portal"}, "unauthorized_client"),
        ({"client_id": "globex-staff"}, "invalid_grant"),
        ({"client_id": None}, "invalid_client"),
        ({"subject_token": "x"}, "invalid_grant"),
        ({"subject_token": None}, "invalid_grant"),
    ],
)
async def test_acting_for_a_customer_wrongly_is_refused(changed: dict[str, str | None], error: str) -> None:
    async with provider() as client:
        answer = await exchange(client, await minted(client, persona="support"), **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_only_a_live_token_of_staff_can_be_exchanged() -> None:
    async with provider() as client:
        staff = {"audience": "quittance:acme:staff", "subject": "sam"}
        tokens = [
            await minted(client, persona="customer"),
            await minted(client, **staff),
            await minted(client, **staff, roles=["support"], expires_in=-60),
            (await exchange(client, await minted(client, persona="support"))).json()["access_token"],
        ]
        answers = [await exchange(client, token) for token in tokens]
    assert [answer.json().get("error") for answer in answers] == ["invalid_grant"] * 4
