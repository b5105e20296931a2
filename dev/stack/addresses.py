"""Where the parts of a stack are found, and the environment that tells our processes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from dev.stack.keys import Keys
from dev.stack.layout import Layout
from dev.stack.trouble import StackError

DATABASE = "quittance"
OWNER = "quittance_owner"
APP = "quittance_app"
# They only name the sockets; nothing listens on TCP.
PRIMARY_PORT = 5432
REPLICA_PORT = 5433
DEFAULT_PORT = 8000
# What takes the place of an embedded part when the environment has it; the first three come together or not at all.
GIVEN_DATABASES = ("OWNER_DATABASE_URL", "DATABASE_URL", "REPLICA_URL")
GIVEN_OTHERS = ("REDIS_URL", "OIDC_ISSUER", "PROVIDER", "SMTP_URL", "MAIL_FROM", "PORTAL_URL")


@dataclass(frozen=True)
class Ports:
    """The TCP ports of our own processes on the loopback address."""

    api: int = DEFAULT_PORT
    provider: int = DEFAULT_PORT + 1
    identity: int = DEFAULT_PORT + 2
    mailroom: int = DEFAULT_PORT + 3
    smtp: int = DEFAULT_PORT + 4
    metrics: int = DEFAULT_PORT + 5


@dataclass(frozen=True)
class Servers:
    """Database and queue addresses; they hold passwords."""

    owner_url: str = field(repr=False)
    database_url: str = field(repr=False)
    replica_url: str = field(repr=False)
    redis_url: str


def ports_from(environ: Mapping[str, str]) -> Ports:
    """PORT, and PROVIDER_PORT, IDENTITY_PORT, MAILROOM_PORT, SMTP_PORT, METRICS_PORT (the worker's), which follow it.

    What is no port is refused.
    """
    api = _port(environ, "PORT", DEFAULT_PORT)
    others = ("PROVIDER_PORT", "IDENTITY_PORT", "MAILROOM_PORT", "SMTP_PORT", "METRICS_PORT")
    return Ports(api, *(_port(environ, name, api + place) for place, name in enumerate(others, 1)))


def given_from(environ: Mapping[str, str]) -> dict[str, str]:
    """The addresses of real servers in the environment; some of the databases without the others are refused."""
    databases = {name: environ[name] for name in GIVEN_DATABASES if environ.get(name)}
    if databases and len(databases) < len(GIVEN_DATABASES):
        missing = " and ".join(name for name in GIVEN_DATABASES if name not in databases)
        raise StackError(f"{' and '.join(databases)} is set but {missing} is not: set all three, or none.")
    others = {name: environ[name] for name in GIVEN_OTHERS if environ.get(name)}
    return databases | {name: value for name, value in others.items() if (name, value) != ("PROVIDER", "sandbox")}


def dsn(user: str, password: str, sockets: Path, port: int, database: str = DATABASE) -> str:
    """A URL that asyncpg and libpq both take."""
    return f"postgresql://{user}:{password}@/{database}?host={quote(str(sockets))}&port={port}"


def servers_of(
    layout: Layout, keys: Keys, given: Mapping[str, str], database: str = DATABASE, redis: int = 0
) -> Servers:
    """The addresses of the embedded servers, or of those given."""
    return Servers(
        owner_url=given.get("OWNER_DATABASE_URL") or dsn(OWNER, keys.owner, layout.sockets, PRIMARY_PORT, database),
        database_url=given.get("DATABASE_URL") or dsn(APP, keys.app, layout.sockets, PRIMARY_PORT, database),
        replica_url=given.get("REPLICA_URL") or dsn(APP, keys.app, layout.sockets, REPLICA_PORT, database),
        redis_url=given.get("REDIS_URL") or f"unix://{layout.sockets}/valkey.sock?db={redis}",
    )


def settings_of(layout: Layout, keys: Keys, ports: Ports, servers: Servers) -> dict[str, str]:
    """Every setting our processes take from their environment in a stack of its own."""
    return {
        "OWNER_DATABASE_URL": servers.owner_url,
        "DATABASE_URL": servers.database_url,
        "REPLICA_URL": servers.replica_url,
        "REDIS_URL": servers.redis_url,
        "PORT": str(ports.api),
        "PUBLIC_URL": f"http://127.0.0.1:{ports.api}",
        "PROVIDER": "sandbox",
        "PROVIDER_URL": f"http://127.0.0.1:{ports.provider}",
        "PROVIDER_SECRET": keys.provider_secret,
        "PROVIDER_STATE": str(layout.provider),
        "WEBHOOK_SECRET": keys.webhook_secret,
        "OIDC_ISSUER": f"http://127.0.0.1:{ports.identity}",
        "IDENTITY_STATE": str(layout.identity),
        "SEALING_KEY": keys.sealing_key,
        "WEBHOOK_TARGETS": os.environ.get("WEBHOOK_TARGETS") or "anywhere",
        "ENVIRONMENT": "dev",
        "QUITTANCE_STATE": str(layout.root),
    }


def mail_settings(ports: Ports) -> dict[str, str]:
    """What our processes take from their environment beside that where a mailroom runs."""
    return {
        "SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "MAIL_FROM": "billing@quittance.test",
        "SMTP_PORT": str(ports.smtp),
        "MAILROOM_PORT": str(ports.mailroom),
    }


def child_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment under the settings, without PG*, which would change what a URL leaves open."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {"PYTHONUNBUFFERED": "1"} | dict(settings)


def _port(environ: Mapping[str, str], name: str, otherwise: int) -> int:
    text = environ.get(name) or str(otherwise)
    # Five more ports follow the API's.
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65530:
        raise StackError(f"{name} must be a port number from 1 to 65530, not {text[:20]!r}.")
    return int(text)
