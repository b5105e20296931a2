"""Databases of a test's own, empty, on the server that all tests share."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from dev.stack.addresses import Servers
from dev.stack.keys import keys_in
from dev.stack.postgres import superuser_dsn
from dev.stack.state import known_layout
from tests.stack_plugin import STATE

WriteFile = Callable[[str, str], Path]


def at(url: str, *, database: str = "", user: str = "", password: str = "") -> str:
    """The address with another database, or another user."""
    parts = urlsplit(url)
    netloc = f"{user}:{password}@" if user else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}" if database else parts.path))


@asynccontextmanager
async def session(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for the length of a block."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def superuser_url(servers: Servers) -> str:
    """The server's maintenance database, as superuser."""
    assert servers.owner_url
    layout = known_layout(Path(os.environ[STATE]))
    assert layout is not None
    return superuser_dsn(layout, keys_in(layout.keys))


@pytest.fixture
async def empty_url(superuser_url: str) -> AsyncIterator[str]:
    """An empty database that is dropped after the test, as superuser."""
    name = f"migrations_{uuid4().hex}"
    async with session(superuser_url) as connection:
        await connection.execute(f"CREATE DATABASE {name}")
    yield at(superuser_url, database=name)
    async with session(superuser_url) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """`write_file(name, sql)` puts a migration into a folder of the test's own and returns the folder."""

    def write(name: str, sql: str) -> Path:
        (tmp_path / f"{name}.sql").write_text(sql)
        return tmp_path

    return write
