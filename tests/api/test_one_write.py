"""Answers in one piece: the same bytes as uvicorn's own, by one write where all of an answer is there."""

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.one_write import OneWriteProtocol

GET = b"GET /plain HTTP/1.1\r\nHost: here\r\n\r\n"
LENGTH = (b"content-length", b"5")


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def body(part: bytes, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": part, "more_body": more}


ANSWERS: dict[str, list[Message]] = {
    "plain": [start(LENGTH, (b"x-one", b"1"), status=404), body(b"hello")],
    "parts": [start(LENGTH), body(b"he", True), body(b"llo")],
    "stream": [start((b"content-type", b"text/event-stream")), body(b"a", True), body(b"b")],
    "closing": [start(LENGTH, (b"connection", b"close")), body(b"hello")],
    "short": [start(LENGTH), body(b"hell")],
    "long": [start(LENGTH), body(b"hello!")],
    "split": [start(LENGTH, (b"x-one", b"1\r\nx-two: 2")), body(b"hello")],
    "empty": [start((b"content-length", b"0")), body(b"")],
}
REQUESTS = {name: GET.replace(b"plain", name.encode()) for name in ANSWERS} | {
    "head": GET.replace(b"GET", b"HEAD"),
    "old": GET.replace(b"/1.1", b"/1.0"),
    "two at once": GET + GET.replace(b"plain", b"empty"),
    "with a body": b"POST /plain HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers as its path says; a body is read first."""
    if scope["method"] == "POST":
        assert (await receive())["body"] == b"ok"
    for message in ANSWERS.get(scope["path"][1:], [start(LENGTH)]):
        await send(message)


class Network(asyncio.Transport):
    """The other side of a connection: keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def resume_reading(self) -> None:
        """Reading never stopped."""

    pause_reading = resume_reading


async def answered(kind: type[HttpToolsProtocol], request: bytes) -> Network:
    config = uvicorn.Config(app, lifespan="off", log_level="critical", access_log=False, server_header=False)
    config.load()
    network, state = Network(), ServerState()
    state.default_headers = [(b"date", b"Sun, 06 Nov 1994 08:49:37 GMT")]
    protocol = kind(config, state, {})
    protocol.connection_made(network)
    protocol.data_received(request)
    while state.tasks:
        await asyncio.wait(set(state.tasks))
    protocol.connection_lost(None)
    return network


@pytest.mark.parametrize("request_bytes", REQUESTS.values(), ids=[*REQUESTS])
async def test_the_answer_is_the_same_as_uvicorns_own(request_bytes: bytes) -> None:
    usual, whole = await answered(HttpToolsProtocol, request_bytes), await answered(OneWriteProtocol, request_bytes)
    assert b"".join(whole.writes) == b"".join(usual.writes)
    assert whole.closed == usual.closed


async def test_what_is_all_there_is_written_once_and_a_stream_as_it_comes() -> None:
    assert len((await answered(OneWriteProtocol, REQUESTS["plain"])).writes) == 1
    assert [bytes(each) for each in (await answered(OneWriteProtocol, REQUESTS["stream"])).writes[1:]] == [
        b"1\r\na\r\n", b"1\r\nb\r\n0\r\n\r\n",
    ]  # fmt: skip


async def test_an_answer_that_stops_after_its_head_is_an_error_that_the_client_sees() -> None:
    network = await answered(OneWriteProtocol, GET.replace(b"plain", b"nothing"))
    assert b"".join(network.writes).startswith(b"HTTP/1.1 500 ")
