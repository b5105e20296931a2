"""The API in this process, on the servers and peers of the shared stack, in front of the test world's tenant."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from redis.asyncio import Redis

from api.app import build_app
from api.redis_bucket import PREFIX
from domain.reactions.house import House
from runtime.settings import Settings
from tests.api_callers import Api, running
from tests.web_kit import Acme, make_acme
from tests.world import World, fresh, make_world


@pytest.fixture(scope="session")
async def minting() -> AsyncIterator[httpx2.AsyncClient]:
    """A client for the identity provider."""
    async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
        yield client


@pytest.fixture(scope="session")
async def http(process_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the whole application, which lives as long as the session.

    No circuit stands before its provider: the trouble that one test makes must not be another's.
    """
    async with running(build_app(process_settings, fenced=lambda house: house)) as client:
        yield client


@pytest.fixture(scope="session")
async def api(process_settings: Settings, http: httpx2.AsyncClient, world: World, minting: httpx2.AsyncClient) -> Api:
    """The world's tenant, whose doors believe the stack's identity provider."""
    await world.trust(process_settings.oidc_issuer)
    return Api(http, world, process_settings.oidc_issuer, minting)


@pytest.fixture(scope="session")
async def elsewhere(
    process_settings: Settings, http: httpx2.AsyncClient, house: House, minting: httpx2.AsyncClient
) -> Api:
    """Another tenant behind the same API."""
    other = await make_world(house)
    await other.trust(process_settings.oidc_issuer)
    return Api(http, other, process_settings.oidc_issuer, minting)


@pytest.fixture(scope="session")
async def acme(process_settings: Settings, http: httpx2.AsyncClient, house: House, minting: httpx2.AsyncClient) -> Acme:
    """The tenant at which a browser signs in as a persona."""
    return await make_acme(house, http, process_settings.oidc_issuer, minting)


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of this worker's Valkey database."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def valkey_of_the_session(redis_url: str) -> AsyncIterator[Redis]:
    """One client for all tests that need no client of their own."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def full_buckets(valkey_of_the_session: Redis) -> None:
    """For files of which many tests ask as the same few: those are not about how many requests somebody has, and the
    faster they are, the sooner nobody would have any."""
    await fill_buckets(valkey_of_the_session)


async def fill_buckets(client: Redis) -> None:
    """Every caller has all its points again."""
    if known := await client.keys(f"{PREFIX}*"):
        await client.unlink(*known)


@pytest.fixture
def caller() -> str:
    """One whom no other test counts."""
    return fresh("caller")
