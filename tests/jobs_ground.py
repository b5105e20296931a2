"""A database and a queue in which nobody works but the workers that a test starts."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from dev.stack.addresses import servers_of
from dev.stack.keys import keys_in
from dev.stack.state import known_layout
from runtime.house import open_house
from runtime.settings import Settings
from tests.jobs_kit import Ground
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
