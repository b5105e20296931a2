"""The application's role is there before anything is granted to it, or the run says who can make it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from migrations.files import MigrationRefused
from migrations.patience import patiently
from migrations.role import ensure_role
from tests.migrations.conftest import at, session


@pytest.fixture
async def role(superuser_url: str) -> AsyncIterator[str]:
    """The name of a role that does not exist before the test nor after it."""
    name = f"role_{uuid4().hex}"
    yield name
    async with session(superuser_url) as connection:
        await connection.execute(f"DROP ROLE IF EXISTS {name}")


async def test_a_missing_role_is_made_without_login_and_once(superuser_url: str, role: str) -> None:
    async with session(superuser_url) as connection:
        for _ in range(2):
            await ensure_role(connection, role)
        assert await connection.fetchval("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", role) is False


async def test_an_owner_who_may_not_create_roles_is_told_what_to_do(superuser_url: str, role: str) -> None:
    async with session(superuser_url) as connection:
        await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    async with session(at(superuser_url, user=role, password="secret")) as connection:
        with pytest.raises(MigrationRefused, match=r'run "CREATE ROLE some_app NOLOGIN" once'):
            await ensure_role(connection, "some_app")


async def test_a_lock_that_is_never_free_ends_in_a_refusal() -> None:
    tries = []

    async def work() -> None:
        tries.append(1)
        raise asyncpg.LockNotAvailableError

    with pytest.raises(MigrationRefused, match="0007_thing was not applied: a lock it needs was held through 3 tries"):
        await patiently(work, "0007_thing", (0, 0))
    assert len(tries) == 3


async def test_a_lock_that_becomes_free_is_taken() -> None:
    faults = [asyncpg.LockNotAvailableError(), asyncpg.DeadlockDetectedError()]

    async def work() -> None:
        if faults:
            raise faults.pop()

    await patiently(work, "0007_thing", (0, 0))
    assert faults == []
