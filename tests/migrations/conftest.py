"""Databases of a test's own, empty, on the server that all tests share."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

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
