"""Methods that are stored at Stripe: whose they are, and how many customers they leave there."""

import asyncio
import json
from uuid import uuid4

import pytest

from domain.money import Money
from domain.payments.gateway import Captured, MethodFacts, MethodRefused
from domain.payments.gateways.stripe import StripeGateway
from tests.payments_stories import EUR, request_for
from tests.provider_here import BACK
from tests.stripe_stage import OWNER, card


@pytest.fixture
def gateway(stripe_here: StripeGateway) -> StripeGateway:
    return stripe_here


async def test_a_stored_method_is_recognised_when_its_token_is_brought_again(gateway: StripeGateway) -> None:
    first = await card(gateway)
    again = await gateway.add_method(first.partition(":")[2], OWNER)
    assert isinstance(again, MethodFacts) and again.method_ref == first
    other = Money(1000, EUR)
    assert isinstance(await gateway.charge(request_for(first, other)), Captured)


async def test_a_method_of_somebody_else_s_is_refused_and_stays_theirs(gateway: StripeGateway) -> None:
    """All tenants' customers share one account there, where whoever knows a method's id can ask for it."""
    theirs = await card(gateway)
    stolen = await gateway.add_method(theirs.partition(":")[2], "somebody else")
    assert isinstance(stolen, MethodRefused)
    assert isinstance(await gateway.charge(request_for(theirs)), Captured)
    nobody_s = await gateway._client.customers.create_async({}, {"idempotency_key": uuid4().hex})
    left = await gateway._client.payment_methods.attach_async(f"pm_visa#{uuid4().hex}", {"customer": nobody_s.id})
    assert isinstance(await gateway.add_method(left.id, OWNER), MethodRefused)


async def test_a_token_makes_one_customer_there_however_often_it_is_brought(gateway: StripeGateway) -> None:
    token = f"pm_card_visa#{uuid4().hex}"
    made = [await gateway.add_method(token, OWNER) for _ in range(2)]
    assert len({each.method_ref.partition(":")[0] for each in made if isinstance(each, MethodFacts)}) == 1
    refused = [await gateway.add_method(f"pm_not_accepted#{token}", OWNER) for _ in range(2)]
    assert [isinstance(each, MethodRefused) for each in refused] == [True, True]


async def test_a_method_whose_storing_was_not_heard_of_is_there_when_the_token_is_brought_again() -> None:
    """Its customer must not be forgotten as one that was made in vain: Stripe detaches the methods of such."""
    card = {"id": "pm_1", "type": "card", "customer": "cus_1",
            "card": {"brand": "visa", "last4": "4242", "exp_year": 2049, "exp_month": 12}}  # fmt: skip
    answers: dict[str, tuple[int, object]] = {
        "POST /v1/customers": (200, {"id": "cus_1"}),
        "POST /v1/payment_methods/pm_1/attach": (400, {"error": {"type": "invalid_request_error", "code": "attached"}}),
        "GET /v1/payment_methods/pm_1": (200, card),
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode().partition(" HTTP")[0]
        status, said = answers.pop(asked)
        body = json.dumps(said).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    gateway = StripeGateway("main", "sk_test", BACK, url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    stored = await gateway.add_method("pm_1", OWNER)
    await gateway.close()
    server.close()
    assert isinstance(stored, MethodFacts) and (stored.method_ref, answers) == ("cus_1:pm_1", {})
