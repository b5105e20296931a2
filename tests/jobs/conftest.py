"""Ground of their own for workers: they do whatever they find, so they get a database in which nobody else works."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from pydantic import SecretStr

from dev.stack.addresses import servers_of
from dev.stack.keys import keys_in
from dev.stack.state import known_layout
from jobs import queue
from runtime.house import open_house
from runtime.settings import Settings
from tests.jobs_kit import Ground, WorkerProcess
from tests.own_valkey import OwnValkey
from tests.stack_plugin import STATE
from tests.throw_away import clone, in_a_loop_of_its_own
from tests.webhook_desk import desk_of
from tests.world import make_world

QUEUES = 32  # the first numbered Valkey database that no test process uses for itself


@asynccontextmanager
async def new_ground(settings: Settings, database: str, number: int) -> AsyncIterator[Ground]:
    """A database and a queue for workers, with a tenant in it."""
    layout = known_layout(Path(os.environ[STATE]))
    assert layout
    in_a_loop_of_its_own(clone(layout, database))
    servers = servers_of(layout, keys_in(layout.keys), {}, database, redis=number)
    own = {"database_url": servers.database_url, "replica_url": servers.replica_url, "redis_url": servers.redis_url}
    changed = settings.model_copy(update={name: SecretStr(url) for name, url in own.items()})
    async with open_house(changed, "quittance-test-jobs") as house, desk_of(house, changed) as desk:
        environment = {name.upper(): url for name, url in own.items()}
        yield Ground(changed, house, await make_world(house), desk, environment)


def queue_number(worker_id: str) -> int:
    """The number of this test process's Valkey database for workers."""
    return QUEUES + (int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0)


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
