"""A sandbox provider inside the test's own process, and gateways to its endpoints in Stripe's shape."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn
from pydantic import SecretStr

from dev.provider.http.app import build_app
from dev.provider.settings import ProviderSettings
from dev.provider.stripe.names import inward
from domain.payments.gateways.stripe import StripeGateway
from tests.ports import free_port
from tests.provider_process import SECRET, WEBHOOK_SECRET, ProviderProcess

BACK = "https://portal.test/back"


@pytest.fixture(scope="session")
async def provider_here() -> AsyncIterator[ProviderProcess]:
    """A provider that all tests of this process share."""
    async with provider_in_this_process() as running:
        yield running


@pytest.fixture
async def stripe_here(provider_here: ProviderProcess) -> AsyncIterator[StripeGateway]:
    """A gateway to the Stripe of that provider."""
    opened = stripe_at(provider_here)
    yield opened
    await opened.close()


@asynccontextmanager
async def provider_in_this_process() -> AsyncIterator[ProviderProcess]:
    """A provider with books in memory, served by this loop over a real socket."""
    url = f"http://127.0.0.1:{free_port()}"
    settings = ProviderSettings(
        provider_url=url,
        provider_secret=SecretStr(SECRET),
        webhook_secret=SecretStr(WEBHOOK_SECRET),
        webhook_url=None,
        public_url=None,
        provider_state=None,
    )
    config = uvicorn.Config(build_app(settings), "127.0.0.1", settings.port, log_level="critical", lifespan="on")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    try:
        yield ProviderProcess(url, SECRET, WEBHOOK_SECRET)
    finally:
        server.should_exit = server.force_exit = True
        await serving
        await server.shutdown()


def stripe_at(provider: ProviderProcess, **more: timedelta) -> StripeGateway:
    """A gateway to the provider's Stripe; the caller closes it."""
    return StripeGateway("main", provider.secret, BACK, url=f"{provider.url}/stripe", **more)


def in_the_books(stripe_ref: str) -> str:
    """The id in the provider's books of what Stripe's clients know by that id."""
    return inward(stripe_ref).replace("intent_", "payment_")
