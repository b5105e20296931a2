"""A Stripe that gives one answer to whoever asks, and what is asked of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from domain.payments.gateway import ChargeAnswer, ChargeRequest, MethodFacts
from domain.payments.gateways.stripe import StripeGateway
from tests.payments_stories import TEN
from tests.provider_here import BACK

OWNER = "the customer"
CHARGE = ChargeRequest("key", "charge-1", TEN, "cus_1:pm_1", {})


async def card(gateway: StripeGateway, token: str = "pm_card_visa") -> str:
    """A stored test card."""
    method = await gateway.add_method(f"{token}#{uuid4().hex}", OWNER)
    assert isinstance(method, MethodFacts)
    return method.method_ref


@asynccontextmanager
async def gateway_to(status: int, body: bytes, *headers: str) -> AsyncIterator[StripeGateway]:
    """A gateway whose Stripe gives this answer to whoever asks."""
    async with gateway_by(lambda _: body, status, *headers) as gateway:
        yield gateway


@asynccontextmanager
async def gateway_by(answer: Callable[[str], bytes], status: int = 200, *headers: str) -> AsyncIterator[StripeGateway]:
    """A gateway whose Stripe answers by the path and query that it is asked for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = answer((await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1])
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    gateway = StripeGateway("main", "sk_test", BACK, url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield gateway
    finally:
        await gateway.close()
        server.close()


async def charge_answered(status: int, body: bytes, *headers: str) -> ChargeAnswer:
    async with gateway_to(status, body, *headers) as gateway:
        return await gateway.charge(CHARGE)
