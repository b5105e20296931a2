"""The stack that is measured: a durable PostgreSQL pair of its own on a real disk, thrown away afterwards."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from dev.stack.addresses import Ports
from dev.stack.plan import Plan
from dev.stack.postgres import Pair, superuser_dsn
from dev.stack.processes import Step, module
from dev.stack.stack import Stack
from runtime.settings import Settings
from tests.bench.cpu import families_seconds
from tests.ports import free_ports
from tests.throw_away import new_state, sweep, throw_away

PREFIX = "quittance-bench-"
# A temporary directory in memory would flush for nothing; this one is on a disk and outlives a restart.
PLACE = Path("/var/tmp")


@dataclass(frozen=True)
class Ground:
    """A running pair and Valkey, migrated, without any of our own processes."""

    stack: Stack

    @property
    def pair(self) -> Pair:
        """The embedded servers."""
        assert self.stack.ground.pair is not None
        return self.stack.ground.pair

    @property
    def superuser_dsn(self) -> str:
        """The benchmark's database, as superuser."""
        maintenance = superuser_dsn(self.stack.ground.layout, self.stack.ground.keys)
        return maintenance.replace("/postgres?", "/quittance?")

    def settings(self) -> Settings:
        """What one of our processes would read from its environment."""
        given = {name.lower(): value for name, value in self.stack.settings.items()}
        return Settings.model_validate({name: given[name] for name in Settings.model_fields if name in given})

    def servers_seconds(self) -> float:
        """CPU time of primary and replica so far."""
        return families_seconds(self.stack.named(name).child.process.pid for name in ("primary", "replica"))

    async def ask(self, sql: str, *args: object) -> object:
        """The first value of a statement's first row, as superuser."""
        connection = await asyncpg.connect(self.superuser_dsn)
        try:
            return await connection.fetchval(sql, *args)
        finally:
            await connection.close()

    async def run(self, sql: str) -> None:
        """Statements one after the other, as superuser."""
        connection = await asyncpg.connect(self.superuser_dsn)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def forget_what_waits(self) -> None:
        """Drops events that nobody was there to take, and what Redis holds: a worker would begin with them."""
        await self.ask("DELETE FROM outbox_event")
        async with Redis.from_url(self.settings().redis_url.get_secret_value()) as redis:
            await redis.flushdb()

    async def flush_takes(self, milliseconds: float) -> None:
        """Makes each group of commits wait as long as a slower disk would flush; 0 for the disk as it is."""
        connection = await asyncpg.connect(self.superuser_dsn)
        try:
            await connection.execute(f"ALTER SYSTEM SET commit_delay = {int(milliseconds * 1000)}")
            await connection.execute(f"ALTER SYSTEM SET commit_siblings = {0 if milliseconds else 5}")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()


@contextlib.contextmanager
def ground(place: Path = PLACE) -> Iterator[Ground]:
    """A fresh one; it is stopped and deleted however the block ends."""
    sweep(place, PREFIX)
    state = new_state(place, PREFIX)
    plan = Plan(state, Ports(*free_ports(3)), steps=(Step("migrations", module("migrations")),))
    stack = Stack(plan, quiet=True)
    try:
        stack.start()
        yield Ground(stack)
    finally:
        stack.stop()
        throw_away(state)
