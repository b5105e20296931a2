"""Ground of their own for workers: they do whatever they find, so they get a database in which nobody else works."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator

import pytest
from arq.connections import ArqRedis

from jobs import queue
from runtime.settings import Settings
from tests.jobs_ground import new_ground, queue_number
from tests.jobs_kit import Ground, WorkerProcess
from tests.own_valkey import OwnValkey


@pytest.fixture(scope="session")
async def ground(process_settings: Settings, worker_id: str) -> AsyncIterator[Ground]:
    """What the tests of this process share; some of them leave work behind."""
    async with new_ground(process_settings, f"quittance_jobs_{worker_id}", queue_number(worker_id)) as made:
        yield made


@pytest.fixture
async def empty_ground(process_settings: Settings, worker_id: str) -> AsyncIterator[Ground]:
    """Ground of this test's own, for what must neither meet nor leave other work."""
    number = queue_number(worker_id)
    async with new_ground(process_settings, f"quittance_{secrets.token_hex(6)}", number) as made:
        redis = await queue.connect(made.settings.redis_url.get_secret_value())
        await redis.flushdb()
        await queue.close(redis)
        yield made


@pytest.fixture
async def redis(ground: Ground) -> AsyncIterator[ArqRedis]:
    """The ground's queue, empty."""
    opened = await queue.connect(ground.settings.redis_url.get_secret_value())
    await opened.flushdb()
    yield opened
    await queue.close(opened)


@pytest.fixture
async def workers() -> AsyncIterator[list[WorkerProcess]]:
    """Collects worker processes; those that still run are killed at the end."""
    started: list[WorkerProcess] = []
    yield started
    for worker in started:
        await worker.kill()


@pytest.fixture
def valkey() -> Iterator[OwnValkey]:
    """A server that is not started yet."""
    with tempfile.TemporaryDirectory(prefix="quittance-valkey-") as folder:
        server = OwnValkey(folder)
        yield server
        server.kill()
