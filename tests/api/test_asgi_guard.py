"""The wrappers around every door: bounds on a body, headers on every answer, an id on every request."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from api.asgi import MAX_BODY_BYTES, guard


async def echo_length(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def scope(*headers: tuple[str, str], scheme: str = "http") -> dict[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": raw, "scheme": scheme}


class Exchange:
    """One request by hand: gives the app its chunks, then what comes after them, and keeps what it answers."""

    def __init__(self, *chunks: bytes, complete: bool = True) -> None:
        self.given = 0
        self.sent: list[Message] = []
        self._messages: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": not complete or n < len(chunks) - 1}
            for n, chunk in enumerate(chunks)
        ]

    async def receive(self) -> Message:
        if not self._messages:
            await asyncio.Event().wait()  # a client that sends nothing more
        self.given += 1
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def exchange(app: Any, scope_: dict[str, Any], *chunks: bytes, complete: bool = True) -> Exchange:
    done = Exchange(*chunks, complete=complete)
    await app(scope_, done.receive, done.send)
    return done


async def test_a_body_of_the_limit_passes_and_one_byte_more_does_not() -> None:
    fits = await exchange(guard(echo_length), scope(), b"x" * MAX_BODY_BYTES)
    too_long = await exchange(guard(echo_length), scope(), b"x" * (MAX_BODY_BYTES + 1))

    assert (fits.status, fits.body) == (200, str(MAX_BODY_BYTES).encode())
    assert too_long.status == 413


async def test_a_declared_length_beyond_the_limit_is_refused_before_a_byte_is_read() -> None:
    done = await exchange(guard(echo_length), scope(("content-length", str(MAX_BODY_BYTES + 1))), b"x")

    assert (done.status, done.given) == (413, 0)
    assert done.headers["connection"] == "close"
    assert json.loads(done.body)["errors"][0]["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize("length", ["9" * 5_000, "00000000000000000000009999999"])
async def test_an_absurd_length_is_refused_without_being_computed(length: str) -> None:
    assert (await exchange(guard(echo_length), scope(("content-length", length)), b"x")).status == 413


async def test_a_chunked_body_is_read_no_further_than_the_limit() -> None:
    chunks = [b"x" * 1_024] * 10_000
    done = await exchange(guard(echo_length), scope(("transfer-encoding", "chunked")), *chunks)

    assert done.status == 413
    assert done.given == MAX_BODY_BYTES // 1_024 + 1


async def test_a_length_that_lies_does_not_let_more_in() -> None:
    done = await exchange(guard(echo_length), scope(("content-length", "5")), b"x" * (MAX_BODY_BYTES + 1))

    assert done.status == 413


@pytest.mark.parametrize("chunks", [[b"x"], [b""], [b'{"query"', b":"]])
async def test_a_body_that_never_ends_is_given_up(chunks: list[bytes]) -> None:
    done = await exchange(guard(echo_length, receive_seconds=0.01), scope(), *chunks, complete=False)

    assert done.status == 408
    assert done.headers["connection"] == "close"
    assert json.loads(done.body)["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_the_graphql_door_answers_the_same_bounds(door: Any) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"query": "'
        for _ in range(300):
            yield b"#" * 1_024
        yield b'"}'

    answer = await door.client.post("/graphql", content=chunks(), headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


async def test_a_caller_who_is_not_signed_in_cannot_make_us_read_a_body(open_door: Any) -> None:
    done = await exchange(open_door(signed_in=False).app, scope(("content-type", "application/json")), b"x" * 1_000)

    assert (done.status, done.given) == (401, 0)


async def test_waiting_for_the_client_to_leave_has_no_time_limit() -> None:
    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        leaving = asyncio.ensure_future(receive())
        for _ in range(10):  # a limit of no time at all would end it within two turns of the loop
            await asyncio.sleep(0)
        await PlainTextResponse("over" if leaving.done() else "waiting")(scope, receive, send)
        leaving.cancel()

    done = await exchange(guard(stream, receive_seconds=0), scope(), b"")

    assert done.body == b"waiting"


async def test_every_answer_carries_the_headers_of_a_pure_api(door: Any) -> None:
    for answer in (await door.ask("{ hello }"), await door.send(b"x"), await door.client.put("/graphql")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers


async def test_a_page_keeps_its_own_policy_and_https_is_remembered() -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("", headers={"content-security-policy": "default-src 'self'"})(scope, receive, send)

    done = await exchange(guard(page), scope(scheme="https"))

    assert done.headers["content-security-policy"] == "default-src 'self'"
    assert done.headers["strict-transport-security"].startswith("max-age=")


async def test_a_request_has_an_id_in_answer_scope_and_log() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["state"]["request_id"], structlog.contextvars.get_contextvars()["request_id"]))
        await PlainTextResponse("")(scope, receive, send)

    first = await exchange(guard(app), scope())
    second = await exchange(guard(app), scope())

    assert seen == [(each.headers["x-request-id"],) * 2 for each in (first, second)]
    assert seen[0] != seen[1]
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("trace-0123456789", True), ("a" * 64, True), ("short", False), ("a" * 65, False), ("a b c d e f", False),
     ("x\ny: zzzzzzzz", False), ("{'inject': 1}", False), ("4242-4242-4242-4242", False), ("378282246310005", False),
     ("sk_live_0123456789", False), ("eyJhbGciOiJub25lIn0.e30.", False)],
)  # fmt: skip
async def test_a_caller_s_request_id_is_kept_only_if_it_is_harmless(given: str, kept: bool) -> None:
    done = await exchange(guard(echo_length), scope(("x-request-id", given)), b"")

    assert (done.headers["x-request-id"] == given) is kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [("00-{}-00f067aa0ba902b7-01", True), ("cc-{}-00f067aa0ba902b7-01-new", True), ("ff-{}-00f067aa0ba902b7-01", False),
     ("00-{}-0000000000000000-01", False), ("00-{}-00f067aa0ba902b7", False), ("{}", False)],
)  # fmt: skip
async def test_a_request_without_an_id_has_that_of_its_trace(given: str, kept: bool) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    done = await exchange(guard(echo_length), scope(("traceparent", given.format(trace))), b"")

    assert (done.headers["x-request-id"] == trace) is kept
