"""The sandbox gateway where no honest provider is: nobody listens, or somebody says strange things."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from domain.money import Currency, Money
from domain.payments.gateway import (
    BadSignature,
    Captured,
    ChargeAnswer,
    ChargeRequest,
    CredentialsRefused,
    Declined,
    EventKind,
    MalformedEvent,
    ProviderEvent,
    RefundRequest,
    Unavailable,
    Unknown,
)
from domain.payments.gateways.declines import is_hard
from domain.payments.gateways.sandbox import SandboxGateway
from tests.ports import free_port

TEN = Money(1000, Currency("EUR"))
CHARGE = ChargeRequest("key", "charge-1", TEN, "method_1", {})
PAYMENT: dict[str, Any] = {
    "id": "payment_1",
    "reference": "charge-1",
    "status": "succeeded",
    "amount_minor": 1000,
    "captured_minor": 1000,
    "currency": "EUR",
    "failure": None,
    "action": None,
    "metadata": {},
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def gateway_to(answer: bytes) -> AsyncIterator[SandboxGateway]:
    """A gateway whose provider sends these bytes to whoever connects and asks."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway = SandboxGateway("main", f"http://127.0.0.1:{port}", "secret", request_limit=timedelta(minutes=1))
    try:
        yield gateway
    finally:
        await gateway.close()
        server.close()


def http(status: int, body: bytes, *headers: str) -> bytes:
    """The bytes of an HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def charge_answered(answer: bytes) -> ChargeAnswer:
    """What the gateway makes of that answer to a charge of 10.00 EUR."""
    async with gateway_to(answer) as gateway:
        return await gateway.charge(CHARGE)


async def test_when_nobody_listens_every_call_says_that_nothing_was_done() -> None:
    gateway = SandboxGateway("main", f"http://127.0.0.1:{free_port()}", "secret")
    answers = [
        await gateway.add_method("tok_visa", "customer"),
        await gateway.detach_method("method_1"),
        await gateway.charge(CHARGE),
        await gateway.find_charge("charge-1", TEN),
        await gateway.void("charge-1"),
        await gateway.refund(RefundRequest("key", "refund-1", "payment_1", TEN)),
        await gateway.find_refund("refund-1", TEN, "payment_1"),
    ]
    await gateway.close()
    assert all(isinstance(answer, Unavailable) for answer in answers)


async def test_credentials_that_may_not_do_this_are_told_from_an_outage() -> None:
    for status in (401, 403):
        assert await charge_answered(http(status, b"{}")) == CredentialsRefused()


async def test_an_honest_answer_is_read() -> None:
    assert await charge_answered(http(200, json.dumps(PAYMENT).encode())) == Captured("payment_1", TEN)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount_minor": 999},
        {"captured_minor": 999},
        {"captured_minor": 1001},
        {"currency": "USD"},
        {"currency": "eur"},
        {"currency": "XXX"},
        {"reference": "charge-2"},
        {"amount_minor": 10.0},
        {"amount_minor": "1000"},
        {"amount_minor": True},
        {"amount_minor": None},
        {"status": "refunded"},
        {"status": "authorized"},
        {"status": "failed"},
        {"status": "requires_action"},
        {"id": None},
    ],
)
async def test_an_answer_that_says_anything_else_is_unknown(changed: dict[str, Any]) -> None:
    assert isinstance(await charge_answered(http(200, json.dumps(PAYMENT | changed).encode())), Unknown)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x01\x02",
        b"HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\n{",
        http(200, b""),
        http(200, b"null"),
        http(200, b"[" * 100_000),
        http(200, b"\xff\xfe"),
        http(200, b'{"id": ' + b"9" * 5000 + b"}"),
        http(200, json.dumps(PAYMENT).encode() + b" " * 300_000),
        http(200, b"not gzip", "Content-Encoding: gzip"),
        http(204, b""),
        http(302, b"", "Location: http://127.0.0.1:9/"),
        http(400, b"no"),
        http(404, b'{"detail": "Not Found"}'),
        http(409, b'{"error": {"code": "key_in_progress"}}'),
        http(422, b'{"error": {"code": "strange", "acted": true}}'),
        http(500, b'{"error": {"code": "internal", "acted": false}}'),
        http(502, b"<html>"),
        http(503, b"<html>"),
        http(503, b'{"error": {"code": "unavailable"}}'),
        http(504, b""),
    ],
)
async def test_whatever_does_not_surely_say_what_happened_is_unknown(answer: bytes) -> None:
    assert isinstance(await charge_answered(answer), Unknown)


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        (http(429, b"", "Retry-After: 30"), timedelta(seconds=30)),
        (http(429, b"", "Retry-After: soon"), None),
        (http(429, b"", f"Retry-After: {'9' * 400}"), None),
        (http(503, b'{"error": {"code": "unavailable", "acted": false}}', "Retry-After: 2"), timedelta(seconds=2)),
        (http(401, b""), CredentialsRefused().retry_after),
        (http(403, b""), CredentialsRefused().retry_after),
    ],
)
async def test_what_surely_did_nothing_is_unavailable(answer: bytes, retry_after: timedelta | None) -> None:
    got = await charge_answered(answer)
    assert isinstance(got, Unavailable) and got.retry_after == retry_after


async def test_a_refused_request_is_a_decline_without_a_payment() -> None:
    refusal = http(422, b'{"error": {"code": "method_detached", "acted": false}}')
    assert await charge_answered(refusal) == Declined(None, "method_detached", hard=True)


def test_a_code_that_nobody_listed_is_not_tried_again() -> None:
    assert is_hard("never_heard_of")
    assert is_hard("stolen_card")
    assert not is_hard("insufficient_funds")


def parse(body: Any, message_id: str = "event_1") -> ProviderEvent:
    """What the gateway reads from a body that is properly signed."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(message_id, NOW, raw.decode()),
    }
    return SandboxGateway("main", "http://127.0.0.1:9", "secret").parse_event(raw, headers, [SECRET], NOW)


def envelope(kind: str, thing: Any, **changed: Any) -> dict[str, Any]:
    """The body of an event about that thing."""
    return {
        "id": "event_1",
        "type": kind,
        "sequence": 1,
        "created_at": "2027-03-01T12:00:00Z",
        "object": thing,
    } | changed


async def test_a_kind_that_we_have_no_word_for_is_kept_apart() -> None:
    assert parse(envelope("mandate.updated", {"id": "mandate_1"})).kind is EventKind.UNRECOGNIZED
    assert parse(envelope("payment.dreamt", PAYMENT)).kind is EventKind.UNRECOGNIZED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        envelope("payment.succeeded", None),
        envelope("payment.succeeded", {"id": "payment_1"}),
        envelope("payment.succeeded", PAYMENT | {"currency": "XXX"}),
        envelope("payment.succeeded", PAYMENT | {"captured_minor": 10**30}),
        envelope("payment.succeeded", PAYMENT, sequence=0),
        envelope("payment.succeeded", PAYMENT, created_at="2027-03-01T12:00:00"),
        envelope("payment.succeeded", PAYMENT, id="event_2"),
        envelope("payout.paid", {"id": "payout_1", "amount_minor": "1", "currency": "EUR"}),
    ],
)
async def test_an_authentic_event_that_cannot_be_read_is_malformed_and_not_forged(body: Any) -> None:
    with pytest.raises(MalformedEvent):
        parse(body)
    assert not issubclass(MalformedEvent, BadSignature)
