"""The whole product, started as its user starts it, in a throw-away state directory."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from dev.stack.keys import keys_in
from dev.stack.program import dying_with_parent
from dev.stack.state import known_layout
from dev.story.cast import GERMAN, Cast, Role, new_cast
from dev.story.client import PATIENCE_SECONDS
from domain.database import Addresses, Database
from domain.fanout.waiting import shard_keys
from domain.reconciliation.verify import verify_shard
from domain.vault import KEY_BYTES, Vault
from runtime.clock import SystemClock
from tests.dev.launcher import CHECKOUT, Launcher
from tests.ports import free_ports
from tests.throw_away import new_state, throw_away

READY = "stack      ready"
# Endings of what the suite's own stack put into the environment; this product is a stack of its own.
OF_THE_SUITE = ("_URL", "_STATE", "PORT", "_SECRET", "_KEY", "_ISSUER", "PROVIDER", "ENVIRONMENT")


@dataclass
class Product:
    """A running `quittance run`."""

    launcher: Launcher
    port: int

    @property
    def api(self) -> str:
        """Where the API listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        """The dev identity provider."""
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def mailroom(self) -> str:
        """Where the mails are shown."""
        return f"http://127.0.0.1:{self.port + 3}"

    @property
    def worker(self) -> str:
        """Where the worker tells what it measures."""
        return f"http://127.0.0.1:{self.port + 5}"

    @property
    def provider_secret(self) -> str:
        """The key to the sandbox provider's side door."""
        layout = known_layout(self.launcher.state)
        assert layout
        return keys_in(layout.keys).provider_secret

    async def cast(self, http: httpx2.AsyncClient, role: Role = GERMAN, patience: float = PATIENCE_SECONDS) -> Cast:
        """A fresh customer and the support desk."""
        return await new_cast(http, self.api, self.issuer, role, patience)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The product's own database, to look at its books from outside."""
        servers = self.launcher.servers()
        to = Addresses(servers.database_url, servers.replica_url)
        db = await Database.open(to, SystemClock(), os.urandom, Vault(bytes(KEY_BYTES)), name="look", size=2)
        try:
            yield db
        finally:
            await db.close()

    async def findings(self) -> list[str]:
        """What `quittance verify` would say."""
        async with self.database() as db:
            keys = await shard_keys(db.primary)
            return [str(finding) for key in keys for finding in await verify_shard(db.primary, key)]


@asynccontextmanager
async def product() -> AsyncIterator[Product]:
    """Starts everything and stops it again; the launcher's own exit code is part of the test."""
    state, port = new_state(), free_ports(6)[0]
    launcher = _launched(state, port)
    try:
        launcher.until(READY)
        yield Product(launcher, port)
        assert launcher.signal(signal.SIGINT) == 0, launcher.said
    finally:
        launcher.leave()
        throw_away(state)


def _launched(state: Path, port: int) -> Launcher:
    environment = {name: value for name, value in os.environ.items() if not name.endswith(OF_THE_SUITE)}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        cwd=CHECKOUT,
        env={**environment, "QUITTANCE_STATE": str(state), "PORT": str(port)},
        preexec_fn=dying_with_parent(signal.SIGTERM),
    )
    return Launcher(state, process)
