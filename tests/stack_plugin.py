"""A throw-away stack for tests: PostgreSQL pair, Valkey and the sandbox peers, one database per xdist worker.

With `-n` the controller starts it before the workers; without, it starts only if a collected test needs it.
`--no-servers` leaves it out altogether.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.stack.addresses import DATABASE, REPLICA_PORT, Servers, servers_of
from dev.stack.keys import keys_in
from dev.stack.plan import Plan
from dev.stack.postgres import superuser_dsn
from dev.stack.stack import Stack
from dev.stack.state import known_layout
from dev.stack.trouble import StackError
from migrations.runner import migrate
from tests.throw_away import clone, in_a_loop_of_its_own, lag_behind, new_state, suite_plan, sweep, throw_away

# Tells xdist's workers where the state directory of the controller's stack is.
STATE = "QUITTANCE_TEST_STATE"
STACK = pytest.StashKey[Stack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-servers", action="store_true", help="start no PostgreSQL and no Valkey")
    parser.addoption("--lag", default="", metavar="TIME", help="let the replica replay each commit so much later")


def pytest_configure(config: pytest.Config) -> None:
    if _may_start(config) and config.getoption("numprocesses", None):
        _start(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any("servers" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and _may_start(session.config) and STACK not in session.config.stash:
        _start(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    stack = config.stash.get(STACK, None)
    if stack:
        stack.stop()
        throw_away(stack.plan.state)


@pytest.fixture(scope="session")
def servers(worker_id: str) -> Servers:
    """The addresses of this worker's own database, migrated and empty, and of its numbered Valkey database."""
    state = os.environ.get(STATE)
    if not state:
        pytest.fail("this test needs the servers that --no-servers left out")
    layout = known_layout(Path(state))
    assert layout
    keys = keys_in(layout.keys)
    database = f"{DATABASE}_{worker_id}"
    worker = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    in_a_loop_of_its_own(clone(layout, database))
    own = servers_of(layout, keys, {}, database, redis=worker)
    os.environ.update(
        OWNER_DATABASE_URL=own.owner_url,
        DATABASE_URL=own.database_url,
        REPLICA_URL=own.replica_url,
        REDIS_URL=own.redis_url,
    )
    return own


@pytest.fixture(scope="session")
def owner_url(servers: Servers) -> str:
    """The primary, as the role that owns the schema."""
    return servers.owner_url


@pytest.fixture(scope="session")
def superuser_url(servers: Servers) -> str:
    """The server's maintenance database, as superuser."""
    assert servers.owner_url
    layout = known_layout(Path(os.environ[STATE]))
    assert layout is not None
    return superuser_dsn(layout, keys_in(layout.keys))


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> str:
    """The primary, as the application's role."""
    return servers.database_url


@pytest.fixture(scope="session")
def replica_url(servers: Servers) -> str:
    """The replica of the same database, as the application's role."""
    return servers.replica_url


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """This worker's numbered Valkey database."""
    return servers.redis_url


@pytest.fixture
def fresh_stack() -> Iterator[Stack]:
    """A stack of this test's own, servers only and with fsync on, to be killed and restarted at will."""
    with _servers_alone() as stack:
        yield stack


@pytest.fixture(scope="module")
def shared_stack() -> Iterator[Stack]:
    """The same for all tests of a file, of which each leaves its servers running as it found them."""
    with _servers_alone() as stack:
        yield stack


@contextmanager
def _servers_alone() -> Iterator[Stack]:
    stack = Stack(Plan(new_state()), quiet=True)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        throw_away(stack.plan.state)


def _may_start(config: pytest.Config) -> bool:
    excluded = hasattr(config, "workerinput") or config.getoption("no_servers") or config.getoption("collectonly")
    return not excluded


def _start(config: pytest.Config) -> None:
    sweep()
    try:
        stack = config.stash[STACK] = Stack(suite_plan(), quiet=True)
        stack.start()
    except StackError as error:
        raise pytest.UsageError(str(error)) from error
    in_a_loop_of_its_own(migrate(stack.ground.servers.owner_url))
    if lag := config.getoption("lag"):
        replica = superuser_dsn(stack.ground.layout, stack.ground.keys, REPLICA_PORT)
        in_a_loop_of_its_own(lag_behind(replica, lag))
    os.environ.update(stack.settings | {STATE: str(stack.plan.state)})
