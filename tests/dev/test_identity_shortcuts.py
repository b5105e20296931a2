"""What only a provider in dev does: tokens for anybody, and new keys on demand."""

from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from dev.identity.app import build_app
from dev.identity.keys import WrongState
from dev.identity.personas import PERSONAS
from dev.identity.settings import IdentitySettings
from tests.dev.identity_kit import ISSUER, minted, part, provider

SURFACES = {
    "customer": "quittance:acme:portal",
    "other-customer": "quittance:acme:portal",
    "admin-member": "quittance:acme:portal",
    "billing-member": "quittance:acme:portal",
    "viewer-member": "quittance:acme:portal",
    "foreign-customer": "quittance:globex:portal",
    "partner": "quittance:acme:partner",
    "support": "quittance:acme:staff",
    "foreign-support": "quittance:globex:staff",
    "lead": "quittance:acme:staff",
    "finance": "quittance:acme:staff",
    "admin": "quittance:acme:staff",
}


async def test_each_persona_has_a_token_for_its_own_door() -> None:
    async with provider() as client:
        said = {name: part(await minted(client, persona=name), 1) for name in PERSONAS}
    assert {name: claims["aud"] for name, claims in said.items()} == SURFACES
    assert len({claims["sub"] for claims in said.values()}) == len(SURFACES)
    assert {name: claims.get("roles") for name, claims in said.items() if "roles" in claims} == {
        **{name: [name] for name in ("support", "lead", "finance", "admin")},
        "foreign-support": ["support"],
    }


async def test_a_test_gets_a_token_that_says_exactly_what_it_asked_for() -> None:
    async with provider() as client:
        token = await minted(
            client,
            audience="quittance:t-1:portal",
            subject="user-1",
            scopes=["a", "b"],
            acr="aal1",
            auth_time_ago=120,
            act={"sub": "sam"},
            reason="a call",
            expires_in=10,
        )
    claims = part(token, 1)
    assert claims.pop("jti") and claims.pop("auth_time") == claims["iat"] - 120
    assert claims.pop("exp") == claims.pop("iat") + 10
    assert claims == {
        "iss": ISSUER,
        "aud": "quittance:t-1:portal",
        "sub": "user-1",
        "client_id": "t-1-portal",
        "scope": "a b",
        "acr": "aal1",
        "act": {"sub": "sam"},
        "reason": "a call",
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"persona": "root"},
        {"persona": 1},
        {"persona": "customer", "roles": ["finance"]},
        {"audience": "quittance:acme:portal"},
        {"audience": "quittance:acme:root", "subject": "a"},
        {"audience": "https://elsewhere.example", "subject": "a"},
        {"audience": "quittance:acme:portal", "subject": ""},
        {"audience": "quittance:acme:portal", "subject": "a" * 256},
        {"audience": "quittance:acme:portal", "subject": "a\0"},
        {"audience": "quittance:acme:portal", "subject": "a", "expires_in": 10**9},
        {"audience": "quittance:acme:portal", "subject": "a", "admin": True},
        {"audience": "quittance:acme:portal", "subject": "a", "reason": "x" * 100_000},
    ],
)
async def test_a_wish_that_is_not_understood_is_refused(body: Any) -> None:
    async with provider() as client:
        answer = await client.post("/dev/token", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[" * 60_000, b'{"persona":"customer"', b'{"expires_in":' + b"9" * 5000]
)
async def test_a_body_that_is_no_json_is_refused(content: bytes) -> None:
    async with provider() as client:
        answers = [await client.post(path, content=content) for path in ("/dev/token", "/dev/rotate-keys")]
    assert answers[0].status_code == 400
    assert answers[1].status_code == (400 if content else 200)


async def test_after_a_rotation_old_tokens_verify_until_their_key_is_withdrawn() -> None:
    async with provider() as client:
        old = await minted(client, persona="customer")
        kept = (await client.post("/dev/rotate-keys", json={})).json()
        new = await minted(client, persona="customer")
        both = KeySet.import_key_set((await client.get("/jwks")).json())
        await client.post("/dev/rotate-keys", json={"keep_previous": False})
        newest = (await client.get("/jwks")).json()["keys"]
        bearer = [{"Authorization": f"Bearer {each}"} for each in (old, new, await minted(client, persona="customer"))]
        answers = [(await client.get("/userinfo", headers=each)).status_code for each in bearer]
    assert (part(new, 0)["kid"], len(kept["kids"])) == (kept["kid"], 2)
    assert [jwt.decode(each, both, ["ES256"]).claims["sub"] for each in (old, new)] == ["ada", "ada"]
    assert (len(newest), answers) == (1, [401, 401, 200])


async def test_published_keys_hold_nothing_private() -> None:
    async with provider() as client:
        [key] = (await client.get("/jwks")).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


async def test_keys_survive_a_restart_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    state = tmp_path / "identity"
    async with provider(state) as client:
        await client.post("/dev/rotate-keys", json={})
        before = (await client.get("/jwks")).json()
        token = await minted(client, persona="customer")
        partner = (state / "clients" / "acme-partner.json").read_text()
    async with provider(state) as client:
        assert (await client.get("/jwks")).json() == before
        assert (await client.get("/userinfo", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    assert (state / "clients" / "acme-partner.json").read_text() == partner
    modes = {path.stat().st_mode & 0o777 for path in state.rglob("*.json")}
    assert modes == {0o600}


@pytest.mark.parametrize(
    "text", ["", "{}", '{"keys": []}', '{"keys": [1]}', "[]", '{"keys": [{"kty": "oct", "k": "AA"}]}']
)
def test_a_key_file_with_something_else_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "signing.json"
    file.write_text(text)
    with pytest.raises(WrongState, match=r"signing\.json"):
        build_app(IdentitySettings(oidc_issuer=ISSUER, environment="dev", identity_state=tmp_path))
    assert file.read_text() == text


async def test_a_page_from_elsewhere_cannot_call_itself_this_machine() -> None:
    async with provider() as client:
        answer = await client.post("/dev/token", json={"persona": "lead"}, headers={"Host": "evil.example"})
        origins = ["http://localhost:5173", "https://evil.example", "http://localhost.evil.example"]
        shared = [await client.get("/jwks", headers={"Origin": origin}) for origin in origins]
    assert answer.status_code == 400
    assert "access_token" not in answer.text
    assert [each.headers.get("access-control-allow-origin") for each in shared] == ["http://localhost:5173", None, None]
