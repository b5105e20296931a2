"""Every way to write a token that proves nothing has the same answer, and none of them reaches out."""

import hmac
import json
from collections.abc import Callable

import pytest
from joserfc.jwk import ECKey

from api.audience import Audience
from api.auth.refused import TEXT, Unauthenticated, Why
from tests.api.auth.conftest import AUDIENCES, ISSUER, Stage, b64, signed

Forge = Callable[[Stage], str]

STRANGER = ECKey.generate_key("P-256", {"kid": "signing-1"})
STRANGER_JWK = STRANGER.as_dict(private=False)


def unsigned(stage: Stage, algorithm: str) -> str:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": "signing-1"}
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(stage.claims()).encode())}."


def by_shared_secret(stage: Stage) -> str:
    """HS256 with the text of the public key as the secret."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "signing-rsa"}
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(stage.claims()).encode())}"
    return f"{text}.{b64(hmac.digest(stage.rsa.as_pem(private=False), text.encode(), 'sha256'))}"


def swapped(stage: Stage) -> str:
    """Ben's claims under Ada's signature."""
    header, _, signature = stage.token().split(".")
    return f"{header}.{b64(json.dumps(stage.claims(sub='ben')).encode())}.{signature}"


def payload(text: str | bytes) -> Forge:
    data = text.encode() if isinstance(text, str) else text
    return lambda stage: signed({"alg": "ES256", "typ": "at+jwt", "kid": "signing-1"}, data, stage.key)


def raw_header(text: str) -> Forge:
    return lambda stage: f"{b64(text.encode())}.{b64(json.dumps(stage.claims()).encode())}.{b64(b'x' * 64)}"


def claim(**changed: object) -> Forge:
    return lambda stage: stage.token(key=None, header=None, **changed)


def header(**changed: object) -> Forge:
    return lambda stage: stage.token(header=changed)


def brought_along(**changed: object) -> Forge:
    """Signed by a stranger who brings the key to verify it with."""
    return lambda stage: stage.token(key=STRANGER, header=changed)


FORGED: dict[str, tuple[Forge, Why]] = {
    "no signature, alg none": (lambda stage: unsigned(stage, "none"), Why.ALGORITHM),
    "no signature, alg NONE": (lambda stage: unsigned(stage, "NONE"), Why.ALGORITHM),
    "no signature, good alg": (lambda stage: unsigned(stage, "ES256"), Why.SIGNATURE),
    "HS256 with the public key": (by_shared_secret, Why.ALGORITHM),
    "an algorithm for another key": (lambda stage: stage.token(header={"kid": "signing-rsa"}), Why.SIGNATURE),
    "an algorithm that the issuer does not use": (
        lambda stage: stage.token(key=stage.rsa, header={"alg": "PS256"}),
        Why.ALGORITHM,
    ),
    "alg is a list": (raw_header('{"alg": ["ES256"], "typ": "at+jwt", "kid": "signing-1"}'), Why.MALFORMED),
    "a stranger's key under our id": (brought_along(), Why.SIGNATURE),
    "unknown kid": (header(kid="signing-2"), Why.KEY),
    "no kid": (header(kid=None), Why.MALFORMED),
    "kid is a path": (header(kid="../../../../dev/null"), Why.KEY),
    "kid is SQL": (header(kid="x'/**/UNION/**/SELECT/**/'secret'--"), Why.KEY),
    "kid is an address": (header(kid="https://evil.example/jwks#signing-1"), Why.KEY),
    "kid is a number": (header(kid=1), Why.MALFORMED),
    "jwk brought along": (brought_along(jwk=STRANGER_JWK), Why.SIGNATURE),
    "jwk brought along under its own id": (brought_along(jwk=STRANGER_JWK, kid="evil"), Why.KEY),
    "jku brought along": (brought_along(jku="https://evil.example/jwks", kid="evil"), Why.KEY),
    "x5u brought along": (brought_along(x5u="https://evil.example/cert"), Why.SIGNATURE),
    "x5c brought along": (brought_along(x5c=["MIIB"]), Why.SIGNATURE),
    "crit of an unknown extension": (header(crit=["exp2"], exp2=1), Why.EXTENSION),
    "crit of a known name": (header(crit=["kid"]), Why.EXTENSION),
    "empty crit": (header(crit=[]), Why.EXTENSION),
    "crit is null": (raw_header('{"alg":"ES256","typ":"at+jwt","kid":"signing-1","crit":null}'), Why.EXTENSION),
    "unencoded payload": (header(b64=False), Why.MALFORMED),
    "an ID token's typ": (header(typ="JWT"), Why.TYPE),
    "no typ": (header(typ=None), Why.MALFORMED),
    "a log-out token's typ": (header(typ="logout+jwt"), Why.TYPE),
    "expired": (lambda stage: stage.token(exp=int(stage.hands.wall.timestamp()) - 30), Why.EXPIRED),
    "no exp": (claim(exp=None), Why.MALFORMED),
    "exp is a text": (claim(exp="2999-01-01"), Why.MALFORMED),
    "exp is true": (claim(exp=True), Why.MALFORMED),
    "exp is NaN": (claim(exp=float("nan")), Why.MALFORMED),
    "exp beyond time": (claim(exp=10**300), Why.MALFORMED),
    "exp of 5,000 digits": (payload('{"iss":"a","aud":"b","sub":"c","iat":1,"exp":' + "9" * 5000 + "}"), Why.MALFORMED),
    "no iat": (claim(iat=None), Why.MALFORMED),
    "issued in the future": (lambda stage: stage.token(iat=int(stage.hands.wall.timestamp()) + 31), Why.NOT_YET),
    "not valid yet": (lambda stage: stage.token(nbf=int(stage.hands.wall.timestamp()) + 31), Why.NOT_YET),
    "signed in in the future": (
        lambda stage: stage.token(auth_time=int(stage.hands.wall.timestamp()) + 31),
        Why.NOT_YET,
    ),
    "another audience": (claim(aud="quittance:evil:portal"), Why.ISSUER),
    "no audience": (claim(aud=None), Why.MALFORMED),
    "an empty list of audiences": (claim(aud=[]), Why.MALFORMED),
    "two doors at once": (claim(aud=[AUDIENCES[Audience.PORTAL], AUDIENCES[Audience.STAFF]]), Why.ISSUER),
    "a hundred audiences": (claim(aud=[f"a{number}" for number in range(100)]), Why.MALFORMED),
    "another issuer": (claim(iss="https://evil.example"), Why.ISSUER),
    "an issuer with a slash more": (claim(iss=f"{ISSUER}/"), Why.ISSUER),
    "no issuer": (claim(iss=None), Why.MALFORMED),
    "a NUL in the issuer": (claim(iss=f"{ISSUER}\0"), Why.MALFORMED),
    "a lone surrogate in the audience": (claim(aud="\ud800"), Why.MALFORMED),
    "a line break after the subject": (claim(sub="ada\n"), Why.MALFORMED),
    "no subject": (claim(sub=None), Why.MALFORMED),
    "an empty subject": (claim(sub=""), Why.MALFORMED),
    "a subject of 256 characters": (claim(sub="a" * 256), Why.MALFORMED),
    "roles are an object": (claim(roles={"admin": True}), Why.MALFORMED),
    "acting without a reason": (claim(act={"sub": "sam"}), Why.CLAIMS),
    "acting with a blank reason": (claim(act={"sub": "sam"}, reason="  "), Why.MALFORMED),
    "acting as nobody": (claim(act={}, reason="a call"), Why.MALFORMED),
    "acting at the staff door": (
        claim(aud=AUDIENCES[Audience.STAFF], act={"sub": "sam"}, reason="a call"),
        Why.CLAIMS,
    ),
    "a partner without a client": (claim(aud=AUDIENCES[Audience.PARTNER], client_id=None), Why.CLAIMS),
    "tampered claims": (swapped, Why.SIGNATURE),
    "a cut signature": (lambda stage: stage.token()[:-10], Why.SIGNATURE),
    "a signature that is no base64": (lambda stage: stage.token()[:-4] + "!!!!", Why.SIGNATURE),
    "empty": (lambda stage: "", Why.MALFORMED),
    "garbage": (lambda stage: "garbage", Why.MALFORMED),
    "three dots": (lambda stage: "...", Why.MALFORMED),
    "two dots": (lambda stage: "..", Why.MALFORMED),
    "five parts, as an encrypted token": (lambda stage: "a.b.c.d.e", Why.MALFORMED),
    "not ASCII": (lambda stage: stage.token() + "é", Why.MALFORMED),
    "a lone surrogate": (lambda stage: "\ud800", Why.MALFORMED),
    "a header that is a list": (raw_header('["alg"]'), Why.MALFORMED),
    "a header that is a text": (raw_header('"alg"'), Why.MALFORMED),
    "a header that is a number": (raw_header("1"), Why.MALFORMED),
    "a header nested without end": (raw_header('{"alg":' + "[" * 1400), Why.MALFORMED),
    "claims that are a list": (payload("[]"), Why.MALFORMED),
    "claims that are no UTF-8": (payload(b'{"iss":"\xff"}'), Why.MALFORMED),
    "claims nested without end": (payload('{"x":' + "[" * 5000), Why.MALFORMED),
    "longer than any header": (lambda stage: stage.token(header={"pad": "x" * 1_400}, more="x" * 5_000), Why.MALFORMED),
    "huge": (claim(more="x" * 1_000_000), Why.MALFORMED),
    "a million dots": (lambda stage: "." * 1_000_000, Why.MALFORMED),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_has_one_answer_whatever_is_wrong_with_it(stage: Stage, name: str) -> None:
    forge, why = FORGED[name]
    with pytest.raises(Unauthenticated) as refused:
        await stage.verifier.verify(forge(stage))
    assert str(refused.value) == TEXT
    assert refused.value.why is why
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_makes_nobody_fetch_what_it_names(stage: Stage, name: str) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await stage.verifier.verify(FORGED[name][0](stage))
    assert set(stage.server.asked) <= {f"{ISSUER}/jwks"}
    assert len(stage.server.asked) <= 2


async def test_the_token_that_all_forgeries_are_made_of_is_good(stage: Stage) -> None:
    assert (await stage.verifier.verify(stage.token())).subject == "ada"
    assert (await stage.verifier.verify(stage.token(key=stage.rsa, header={"alg": "RS256"}))).subject == "ada"
