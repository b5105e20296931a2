"""Identity providers that do not answer as they should: who signs in is told so, and the next one is asked as ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.sign_in.failed import GrantRefused, SignInFailed
from api.sign_in.provider import LIMIT_SECONDS, MAX_BYTES, Provider
from domain.http_client import HttpClient

PATIENCE_SECONDS = 30.0  # no answer of these takes as long, on a busy machine too
GOOD = {"access_token": "token", "token_type": "Bearer"}
Answer = tuple[int, bytes]


def said(status: int, what: object) -> Answer:
    """An answer in JSON."""
    return status, json.dumps(what).encode()


@asynccontextmanager
async def issuer_that(answered: Answer, *, more: bytes | None = None) -> AsyncIterator[tuple[str, list[int]]]:
    """One whose token endpoint gives that answer, and what it has sent beside: ``more`` again and again until nobody
    listens, or nothing more of an answer that is not over where that is empty."""
    sent: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        endpoints = {"issuer": issuer, "authorization_endpoint": issuer, "token_endpoint": f"{issuer}/token"}
        (status, body), goes_on = (answered, more) if asked == "/token" else (said(200, endpoints), None)
        length = len(body) if goes_on is None else 1 << 40
        writer.write(b"HTTP/1.1 %d x\r\nLocation: /else\r\nContent-Length: %d\r\n\r\n" % (status, length) + body)
        while goes_on and not writer.is_closing():
            writer.write(goes_on)
            sent.append(len(goes_on))
            await writer.drain()
        if goes_on is not None:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield issuer, sent


async def redeem(issuer: str, limit: float = LIMIT_SECONDS) -> str:
    """The token for a code."""
    async with asyncio.timeout(PATIENCE_SECONDS), HttpClient(trust_env=False, timeout=None) as http:
        provider = Provider(http, limit=limit)
        return (await provider.redeem(issuer, "client", "code", "verifier", "http://page.test/callback")).tokens.access


async def test_a_code_is_redeemed() -> None:
    async with issuer_that(said(200, GOOD)) as (issuer, _):
        assert await redeem(issuer) == "token"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"\xff\xfe"),
        (200, b'{"access_token": "\xff", "token_type": "Bearer"}'),
        (200, b"["),
        (200, b'{"more": ' + b"[" * 100_000),
        (200, b" " * (MAX_BYTES + 1) + json.dumps(GOOD).encode()),
        said(200, ["token"]),
        said(200, {"access_token": 1, "token_type": "Bearer"}),
        said(302, GOOD),
        said(500, GOOD),
    ],
    ids=range(10),
)
async def test_an_answer_that_cannot_be_read_is_a_provider_that_does_not_answer(answer: Answer) -> None:
    async with issuer_that(answer) as (issuer, _):
        with pytest.raises(SignInFailed) as refused:
            await redeem(issuer)
    assert (refused.value.status, "does not answer" in str(refused.value)) == (503, True)


async def test_a_code_that_the_provider_does_not_take_is_refused() -> None:
    async with issuer_that(said(400, {"error": "invalid_grant"})) as (issuer, _):
        with pytest.raises(GrantRefused):
            await redeem(issuer)


async def test_of_an_answer_without_an_end_no_more_is_read_than_makes_sense() -> None:
    async with issuer_that((200, b"{"), more=b" " * 4096) as (issuer, sent):
        with pytest.raises(SignInFailed):
            await redeem(issuer)
        assert 0 < sum(sent) < 100 * MAX_BYTES  # what buffers of the system hold was sent as well


async def test_an_answer_that_does_not_go_on_is_not_waited_for_for_ever() -> None:
    async with issuer_that((200, b"{"), more=b"") as (issuer, _):
        with pytest.raises(SignInFailed):
            await redeem(issuer, limit=0.2)
