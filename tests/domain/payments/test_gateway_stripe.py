"""The Stripe gateway beyond the contract: amounts, signatures, strange answers, a search that lags behind."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.money import Currency, Money
from domain.payments.gateway import (
    Captured,
    CredentialsRefused,
    Declined,
    NotFound,
    RefundRequest,
    SettlementLines,
    Unavailable,
    Unknown,
    Voided,
)
from domain.payments.gateways.stripe import StripeGateway
from domain.payments.gateways.stripe_amounts import from_stripe, to_stripe
from domain.payments.gateways.stripe_calls import creation_key
from domain.payments.gateways.stripe_http import API_VERSION
from domain.payments.settlement import SettlementLine
from tests.payments_stories import TEN, request_for
from tests.ports import free_port
from tests.provider_here import BACK
from tests.stripe_stage import CHARGE, OWNER, card, charge_answered

INTENT = {"id": "pi_1", "status": "requires_confirmation", "amount": 1000, "currency": "eur", "created": 1,
          "metadata": {"reference": "charge-1"}}  # fmt: skip


@pytest.fixture
def gateway(stripe_here: StripeGateway) -> StripeGateway:
    return stripe_here


@pytest.mark.parametrize(
    ("minor", "code", "there"),
    [
        (1000, "EUR", 1000),
        (500, "JPY", 500),
        (5, "ISK", 500),
        (5, "UGX", 500),
        (5120, "KWD", 5120),
        (5124, "KWD", None),
        (500, "MGA", 5),
        (501, "MGA", None),
    ],
)
def test_an_amount_is_said_as_stripe_counts_it_or_not_at_all(minor: int, code: str, there: int | None) -> None:
    money = Money(minor, Currency(code))
    assert to_stripe(money) == there
    assert there is None or from_stripe(there, code.lower()) == money


def test_an_amount_that_is_none_of_ours_is_not_read() -> None:
    assert [from_stripe(550, "isk"), from_stripe(1, "xxx"), from_stripe(10**30, "eur")] == [None, None, None]


async def test_an_amount_that_stripe_cannot_say_is_declined_and_nothing_is_asked(gateway: StripeGateway) -> None:
    request = request_for(await card(gateway), Money(5124, Currency("KWD")))
    assert await gateway.charge(request) == Declined(None, "amount_not_representable", hard=False)
    assert await gateway.find_charge(request.reference, request.money) == NotFound()


@pytest.mark.row("B7")
@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"", Unknown),
        (200, b"[1]", Unknown),
        (200, b'{"id": "pi_1", "amount": ' + b"7" * 5000 + b"}", Unknown),
        (200, b"[" * 100_000, Unknown),
        (301, b"", Unknown),
        (400, b'{"error": {"type": "invalid_request_error", "code": "parameter_missing"}}', Declined),
        (400, b'{"error": {"type": "idempotency_error"}}', Unknown),
        (401, b'{"error": {"type": "invalid_request_error"}}', Unavailable),
        (403, b'{"error": {"type": "invalid_request_error"}}', Unavailable),
        (402, b'{"error": "no object"}', Unknown),
        (409, b'{"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use"}}', Unknown),
        (429, b'{"error": {"type": "invalid_request_error", "code": "lock_timeout"}}', Unavailable),
        (500, b'{"error": {"type": "api_error"}}', Unknown),
        (503, b"<html>", Unknown),
    ],
)
async def test_each_failure_is_of_its_class(status: int, body: bytes, expected: type) -> None:
    assert isinstance(await charge_answered(status, body), expected)


async def test_the_bank_is_asked_without_the_customer_under_our_key_in_the_version_that_was_read() -> None:
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(next(line for line in head.splitlines() if line.lower().startswith("content-length:")).split()[1])
        asked.append(head + (await reader.readexactly(length)).decode())
        body = json.dumps(
            INTENT | ({"status": "succeeded", "amount_received": 1000} if len(asked) > 1 else {})
        ).encode()
        writer.write(f"HTTP/1.1 200 X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    gateway = StripeGateway("main", "sk_test", BACK, url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert await gateway.charge(CHARGE) == Captured("pi_1", TEN)
    await gateway.close()
    server.close()
    created, confirmed = (each.lower() for each in asked)
    assert "customer=cus_1" in created and "payment_method=pm_1" in created and "confirm=" not in created
    assert confirmed.startswith("post /v1/payment_intents/pi_1/confirm ") and "off_session=true" in confirmed
    assert "automatic_payment_methods[enabled]=true" in created and "return_url=https%3a%2f%2fportal" in confirmed
    assert "idempotency-key: key\r\n" in confirmed and "idempotency-key: key\r\n" not in created
    assert f"stripe-version: {API_VERSION}\r\n" in confirmed and "x-stripe-client-telemetry" not in confirmed


async def test_an_answer_without_end_is_cut_and_a_time_to_wait_is_read() -> None:
    assert isinstance(await charge_answered(200, b" " * (3 * 1024 * 1024)), Unknown)
    limited = await charge_answered(429, b'{"error": {"code": "rate_limit"}}', "Retry-After: 7")
    assert limited == Unavailable("rate limited", timedelta(seconds=7))
    without_a_time = await charge_answered(429, b'{"error": {"code": "rate_limit"}}')
    assert without_a_time == Unavailable("rate limited", timedelta(seconds=2))


async def test_credentials_that_may_not_do_this_are_told_from_an_outage() -> None:
    for status in (401, 403):
        assert await charge_answered(status, b'{"error": {"type": "invalid_request_error"}}') == CredentialsRefused()


async def test_when_nobody_listens_every_call_says_that_nothing_was_done() -> None:
    gateway = StripeGateway("main", "sk_test", BACK, url=f"http://127.0.0.1:{free_port()}")
    answers = [
        await gateway.add_method("pm_card_visa", OWNER),
        await gateway.detach_method("cus_1:pm_1"),
        await gateway.charge(CHARGE),
        await gateway.find_charge("charge-1", TEN),
        await gateway.void("charge-1"),
        await gateway.refund(RefundRequest("key", "refund-1", "pi_1", TEN)),
        await gateway.find_refund("refund-1", TEN, "pi_1"),
        await gateway.settlement_lines(None, None, 10),
    ]
    await gateway.close()
    assert all(isinstance(answer, Unavailable) for answer in answers)


@pytest.mark.row("B8")
async def test_a_key_whose_first_answer_was_a_failure_is_answered_by_the_object_itself(gateway: StripeGateway) -> None:
    request = request_for(await card(gateway, "pm_error_after"))
    assert await gateway.charge(request) == Unknown("HTTP 500")
    again = await gateway.charge(request)
    assert isinstance(again, Captured) and again.money == TEN


async def test_a_reference_that_search_does_not_show_yet_is_never_said_to_be_voided(gateway: StripeGateway) -> None:
    request = request_for(await card(gateway))
    charge = await gateway.charge(request)
    assert isinstance(charge, Captured)
    hidden = replace(request, reference=f"{request.reference} hidden")
    taken = {"amount": 500, "currency": "eur"}
    await gateway._client.payment_intents.create_async(taken, {"idempotency_key": creation_key(hidden.reference)})
    assert isinstance(await gateway.void(hidden.reference), Unknown)
    assert isinstance(await gateway.charge(hidden), Unknown)
    assert await gateway.find_charge("not the reference", TEN, charge.provider_ref) == Unknown("mismatch")


async def test_a_bar_stands_against_a_charge_that_comes_later_and_can_be_set_twice(gateway: StripeGateway) -> None:
    request = request_for(await card(gateway))
    assert [await gateway.void(request.reference) for _ in range(2)] == [Voided(None)] * 2
    assert await gateway.charge(request) == Voided(None)


async def test_pages_of_lines_follow_each_other_without_a_gap(gateway: StripeGateway) -> None:
    method = await card(gateway)
    charges = [await gateway.charge(request_for(method)) for _ in range(4)]
    lines: list[SettlementLine] = []
    after, more = None, True
    while more:
        page = await gateway.settlement_lines(None, after, 100)
        assert isinstance(page, SettlementLines)
        lines += page.lines
        after, more = lines[-1].line_ref, page.more
    ends = lines[-4:]
    assert [line.object_ref for line in ends] == [each.provider_ref for each in charges if isinstance(each, Captured)]
    two = await gateway.settlement_lines(None, ends[0].line_ref, 2)
    assert two == SettlementLines(tuple(ends[1:3]), more=True)
    assert await gateway.settlement_lines(None, ends[2].line_ref, 2) == SettlementLines((ends[3],), more=False)
    assert await gateway.settlement_lines(None, None, 1) == SettlementLines((lines[0],), more=True)
