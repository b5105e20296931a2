"""Fixtures of the tests of the sandbox provider."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.provider_process import Bench, ProviderProcess, Receiver, bench_at, receiver, shared_or_own_provider


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderProcess]:
    """One provider for all tests of this run."""
    running = shared_or_own_provider()
    yield running
    running.kill()


@pytest.fixture
async def bench(provider: ProviderProcess) -> AsyncIterator[Bench]:
    """This test's own corner of the provider."""
    async with bench_at(provider) as corner:
        yield corner


@pytest.fixture
async def endpoint() -> AsyncIterator[Receiver]:
    """This test's own webhook endpoint."""
    async with receiver() as listening:
        yield listening
