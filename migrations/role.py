"""The role whose rights the migrations grant; the users that the application connects as are it, or members of it."""

import asyncpg

from migrations.files import MigrationRefused

APP_ROLE = "quittance_app"


async def ensure_role(connection: asyncpg.Connection, role: str = APP_ROLE) -> None:
    """Makes the role without login where it is missing; refuses, and says what to do, where this user may not."""
    if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
        return
    try:
        await connection.execute(f"CREATE ROLE {role} NOLOGIN")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass  # roles belong to the whole server: a migrator of another of its databases was faster
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationRefused(
            f"the role {role} is missing and this user may not create it: let an administrator run "
            f'"CREATE ROLE {role} NOLOGIN" once, or give this user CREATEROLE'
        ) from error
