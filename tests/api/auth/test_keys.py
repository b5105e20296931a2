"""Keys are fetched once for many, asked for again rarely, and kept while their issuer is down."""

import asyncio
import json
from collections.abc import Sequence

import httpx2
import pytest
from joserfc.jwk import ECKey, OctKey
from starlette.requests import Request
from starlette.responses import Response

from api.auth.keys import AFTER_FAILURE_S, FRESH_S, MAX_BYTES, STALE_S, UNKNOWN_KEY_S, KeyCache
from api.auth.refused import TEXT, IssuerUnreachable, Unauthenticated, Why
from tests.api.auth.conftest import ISSUER, KeyServer, Stage

URI = f"{ISSUER}/jwks"


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


async def unknown(stage: Stage, kid: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await stage.cache.find(URI, kid)
    assert refused.value.why is Why.KEY


async def test_a_hundred_first_requests_fetch_the_keys_once(stage: Stage) -> None:
    found = await asyncio.gather(*(stage.cache.find(URI, "signing-1") for _ in range(100)))
    assert {key.kid for key in found} == {"signing-1"}
    assert len(stage.server.asked) == 1


async def test_keys_are_fetched_again_after_ten_minutes(stage: Stage) -> None:
    await stage.cache.find(URI, "signing-1")
    stage.hands.pass_by(FRESH_S - 1)
    await stage.cache.find(URI, "signing-1")
    assert len(stage.server.asked) == 1
    stage.hands.pass_by(1)
    await stage.cache.find(URI, "signing-1")
    assert len(stage.server.asked) == 2


async def test_a_token_of_a_new_key_is_believed_at_once(stage: Stage) -> None:
    await stage.verifier.verify(stage.token())
    rotated = new_key("signing-2")
    stage.server.keys.append(stage.public(rotated))
    assert (await stage.verifier.verify(stage.token(key=rotated))).subject == "ada"
    assert len(stage.server.asked) == 2


async def test_invented_key_ids_make_one_fetch_in_thirty_seconds(stage: Stage) -> None:
    await stage.cache.find(URI, "signing-1")
    await asyncio.gather(*(unknown(stage, f"invented-{number}") for number in range(100)))
    assert len(stage.server.asked) == 2
    stage.hands.pass_by(UNKNOWN_KEY_S - 1)
    await unknown(stage, "invented")
    assert len(stage.server.asked) == 2
    stage.hands.pass_by(1)
    await unknown(stage, "invented")
    assert len(stage.server.asked) == 3


async def test_a_withdrawn_key_is_not_found_after_the_next_fetch(stage: Stage) -> None:
    await stage.cache.find(URI, "signing-1")
    stage.server.keys = [stage.public(new_key("signing-2"))]
    stage.hands.pass_by(FRESH_S)
    await unknown(stage, "signing-1")


async def test_held_keys_serve_a_day_while_their_issuer_is_down(stage: Stage) -> None:
    await stage.cache.find(URI, "signing-1")
    stage.server.status = 503
    for _ in range(23):
        stage.hands.pass_by(3600)
        assert (await stage.cache.find(URI, "signing-1")).kid == "signing-1"
    stage.hands.pass_by(3600)
    with pytest.raises(IssuerUnreachable) as refused:
        await stage.cache.find(URI, "signing-1")
    assert str(refused.value) == TEXT


async def test_an_issuer_that_is_down_is_asked_every_few_seconds_only(stage: Stage) -> None:
    stage.server.status = 503
    for _ in range(10):
        with pytest.raises(IssuerUnreachable):
            await stage.cache.find(URI, "signing-1")
    assert len(stage.server.asked) == 1
    stage.hands.pass_by(AFTER_FAILURE_S)
    stage.server.status = 200
    assert (await stage.cache.find(URI, "signing-1")).kid == "signing-1"


async def test_the_first_request_after_a_quiet_day_waits_for_the_issuer_instead_of_failing(stage: Stage) -> None:
    await stage.cache.find(URI, "signing-1")
    stage.server.status = 503
    stage.hands.pass_by(FRESH_S)
    await stage.cache.find(URI, "signing-1")
    stage.server.status = 200
    stage.hands.pass_by(STALE_S)
    assert (await stage.cache.find(URI, "signing-1")).kid == "signing-1"


async def test_nobody_waits_for_an_issuer_that_was_down_a_moment_ago(stage: Stage) -> None:
    gate = Gate()
    cache = KeyCache(gate.client(), stage.hands.monotonic)
    gate.keys, gate.status = stage.server.keys, 200
    gate.opened.set()
    await cache.find(URI, "signing-1")
    gate.status = 503
    stage.hands.pass_by(FRESH_S)
    await cache.find(URI, "signing-1")
    gate.opened.clear()
    gate.reached.clear()
    stage.hands.pass_by(AFTER_FAILURE_S)
    assert (await cache.find(URI, "signing-1")).kid == "signing-1"
    # The attempt is still under way: who needs what it brings joins it.
    gate.keys, gate.status = [stage.public(new_key("signing-2"))], 200
    joined = asyncio.create_task(cache.find(URI, "signing-2"))
    await gate.reached.wait()
    gate.opened.set()
    assert (await joined).kid == "signing-2"
    assert gate.arrived == 3


async def test_a_request_that_goes_away_does_not_take_the_keys_from_the_others(stage: Stage) -> None:
    gate = Gate(stage.server.keys)
    cache = KeyCache(gate.client(), stage.hands.monotonic)
    first = asyncio.create_task(cache.find(URI, "signing-1"))
    await gate.reached.wait()
    second = asyncio.create_task(cache.find(URI, "signing-1"))
    await asyncio.sleep(0)
    first.cancel()
    gate.opened.set()
    assert (await second).kid == "signing-1"
    assert len(gate.asked) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys": {}}'),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "EC", "kid": "signing-1", "crv": "P-256", "x": "AA", "y": "AA"}]}'),
        (200, b'{"keys": ' + b"[" * 100_000),
        (204, b""),
        (404, b"{}"),
    ],
)
async def test_a_document_that_holds_no_key_is_an_issuer_that_is_down(stage: Stage, status: int, body: bytes) -> None:
    stage.server.status, stage.server.body = status, body
    with pytest.raises(IssuerUnreachable):
        await stage.cache.find(URI, "signing-1")


async def test_a_document_that_does_not_end_is_left_unread(stage: Stage) -> None:
    good = json.dumps({"keys": stage.server.keys}).encode()
    stage.server.body = good + b" " * (MAX_BYTES + 1 - len(good))
    with pytest.raises(IssuerUnreachable):
        await stage.cache.find(URI, "signing-1")


async def test_a_redirect_is_not_followed_to_the_keys_of_somebody_else(stage: Stage) -> None:
    stage.server.status, stage.server.location = 302, "https://evil.example/jwks"
    with pytest.raises(IssuerUnreachable):
        await stage.cache.find(URI, "signing-1")
    assert stage.server.asked == [URI]


async def test_a_key_that_cannot_verify_does_not_hide_the_one_that_can(stage: Stage) -> None:
    secret = OctKey.generate_key(256, {"kid": "secret"})
    stage.server.keys = [
        {"kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AA"},
        {**secret.as_dict(private=True), "kid": "secret"},
        {**stage.public(new_key("sealing")), "use": "enc"},
        {name: value for name, value in stage.public(new_key("nameless")).items() if name != "kid"},
        stage.public(stage.key),
    ]
    assert (await stage.cache.find(URI, "signing-1")).kid == "signing-1"
    for kid in ("later", "secret", "sealing", "nameless"):
        await unknown(stage, kid)


async def test_an_address_that_is_none_is_an_issuer_that_is_down(stage: Stage) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        cache = KeyCache(client, stage.hands.monotonic)
        for uri in ("http://[", "ftp://id.example/jwks", "http://127.0.0.1:1/jwks"):
            with pytest.raises(IssuerUnreachable):
                await cache.find(uri, "signing-1")


class Gate(KeyServer):
    """A key server that holds its answer until it is opened."""

    def __init__(self, keys: Sequence[dict[str, object]] = ()) -> None:
        super().__init__(list(keys))
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self.arrived = 0

    async def answer(self, request: Request) -> Response:
        self.arrived += 1
        self.reached.set()
        await self.opened.wait()
        return await super().answer(request)
