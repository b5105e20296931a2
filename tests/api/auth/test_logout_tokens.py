"""A logout token ends something only if it says all that the specification asks for, of the right issuer to the right
client; any other token, and one that is over, ends nothing."""

import json
from typing import Any

import pytest

from api.audience import Audience
from api.sign_in.logout_token import EVENT, BadLogout, LogoutClaims, verified
from domain.tenants.web_door import WebDoor
from tests.api.auth.conftest import ACME, AUDIENCES, ISSUER, SIGNING, Stage, signed
from tests.api.auth.test_keys import new_key
from tests.fixed_issuers import FixedIssuers

LEFT_OUT = object()
DOORS = [
    WebDoor("acme.example", kind.value, "https://acme.example", ACME, ISSUER, AUDIENCES[kind], f"acme-{kind}", ())
    for kind in (Audience.PORTAL, Audience.STAFF)
]


async def read(stage: Stage, header: dict[str, Any], key: Any = SIGNING, **changed: Any) -> tuple[str, LogoutClaims]:
    """The surface and the claims of a good token but for what is changed."""
    now = stage.hands.now().timestamp()
    good = {
        "iss": ISSUER, "aud": "acme-portal", "iat": now, "exp": now + 120, "jti": "j-1", "events": {EVENT: {}},
        "sub": "ada", "sid": "s-1",
    }  # fmt: skip
    claims = {name: value for name, value in (good | changed).items() if value is not LEFT_OUT}
    heading = {"alg": "ES256", "typ": "logout+jwt", "kid": "signing-1", **header}
    kept = {name: value for name, value in heading.items() if value is not LEFT_OUT}
    token = signed(kept, json.dumps(claims).encode(), key)
    rows = FixedIssuers([stage.trusted(kind) for kind in Audience])
    door, found = await verified(token, DOORS, rows, stage.cache, stage.hands.now())
    return door.surface, found


async def test_a_good_token_names_the_surface_of_its_client_and_who_signed_out(stage: Stage) -> None:
    surface, claims = await read(stage, {})
    assert (surface, claims.sub, claims.sid, claims.jti) == ("portal", "ada", "s-1", "j-1")
    assert (await read(stage, {}, aud=["somebody", "acme-staff"]))[0] == "staff"
    for header in ({"typ": "JWT"}, {"typ": LEFT_OUT}, {"typ": "application/logout+jwt"}):
        await read(stage, header)
    for only in ({"sub": LEFT_OUT}, {"sid": LEFT_OUT}):
        await read(stage, {}, **only)
    now = stage.hands.now().timestamp()
    for times in ({"iat": now + 29}, {"iat": now - 150, "exp": now - 29}):  # clocks that are not quite the same
        await read(stage, {}, **times)


async def test_any_other_token_ends_nothing(stage: Stage) -> None:
    now = stage.hands.now().timestamp()
    headers: tuple[dict[str, Any], ...] = (
        {"typ": "at+jwt"}, {"typ": "dpop+jwt"}, {"alg": "RS384"}, {"alg": "HS256"}, {"kid": LEFT_OUT},
        {"kid": "signing-2"}, {"crit": ["exp"]},
    )  # fmt: skip
    claims: tuple[dict[str, Any], ...] = (
        {"iss": "https://id.evil.example"}, {"aud": "acme-partner"}, {"aud": AUDIENCES[Audience.PORTAL]}, {"aud": []},
        {"iat": LEFT_OUT}, {"exp": LEFT_OUT}, {"jti": LEFT_OUT}, {"events": LEFT_OUT}, {"iat": now + 31},
        {"exp": now - 31}, {"iat": now - 3601}, {"events": {}}, {"events": {EVENT: "yes"}}, {"events": [EVENT]},
        {"events": {EVENT: None}}, {"nonce": "n-1"}, {"nonce": None}, {"sub": LEFT_OUT, "sid": LEFT_OUT}, {"sub": ""},
    )  # fmt: skip
    believed = []
    for header, changed in [*((each, {}) for each in headers), *(({}, each) for each in claims)]:
        other = stage.rsa if header.get("alg", "").startswith("RS") else SIGNING
        if header.get("alg") == "HS256":
            header = {**header, "alg": "ES256", "kid": "signing-rsa"}  # a key of another kind
        try:
            await read(stage, header, other, **changed)
        except BadLogout:
            continue
        believed.append((header, changed))
    assert believed == []


async def test_a_new_key_counts_at_once_and_without_any_key_nothing_does(stage: Stage) -> None:
    rotated = new_key("signing-2")
    with pytest.raises(BadLogout):
        await read(stage, {"kid": "signing-2"}, rotated)
    stage.server.keys.append(stage.public(rotated))
    stage.hands.pass_by(30)
    await read(stage, {"kid": "signing-2"}, rotated)
    stage.server.status = 503
    stage.hands.pass_by(86_400)
    with pytest.raises(BadLogout):
        await read(stage, {"kid": "signing-2"}, rotated)
