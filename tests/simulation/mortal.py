"""A process that can die between any two statements, and whose connections can break: what a crash leaves is tested."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.clock import Clock
from domain.database import Database
from domain.payments.gateway import Gateway
from domain.pool import Pool
from domain.reactions.house import House
from domain.vault import Vault
from tests.simulation.clock import Entropy
from tests.simulation.turns import Turns

REACH = 40  # moments; most actions have fewer, so that some faults strike none and long ones are struck anywhere


class Crash(BaseException):
    """The process is gone; not even its own clean-up reaches the database any more."""


@dataclass
class Strike:
    """A fault that waits for its moment: the n-th statement or named point from now on."""

    kind: str  # "crash" or "loss"
    moment: int
    struck_at: str | None = None


def draw_strike(chance: random.Random, kind: str) -> Strike:
    """A strike at any of the next moments, early ones more often."""
    return Strike(kind, 1 + int(REACH * chance.random() ** 2))


class Mortal:
    """Stands in for the pool of one process."""

    def __init__(self, pool: Pool, turns: Turns) -> None:
        self.pool = pool
        self.turns = turns
        self.dead = False
        self.strike: Strike | None = None

    async def take(self, patience_seconds: float) -> "Connection":
        """A connection of the pool; a dead process gets none."""
        self.alive()
        return Connection(self, await self.pool.take(patience_seconds))

    async def give(self, connection: "Connection") -> None:
        """Gives it back after a use that ended as it should."""
        await self.pool.give(connection.real)

    async def release(self, connection: "Connection") -> None:
        """Gives it back after any other; the server takes it back from the dead as well."""
        if connection.real.is_in_transaction():
            await connection.real.execute("ROLLBACK")
        await self.pool.release(connection.real)

    def alive(self) -> None:
        """Nothing is done by the dead."""
        if self.dead:
            raise Crash

    def moment(self, name: str, sql: str = "") -> None:
        """One moment passes, of a statement or of a named point, where no connection can break; the strike that waited
        for it happens."""
        self.alive()
        strike = self.strike
        if strike is None or strike.struck_at or (strike.kind == "loss" and not sql):
            return
        strike.moment -= 1
        if strike.moment > 0:
            return
        strike.struck_at = f"{name} {' '.join(sql.split())[:60]}" if sql else name
        if strike.kind == "loss":
            raise ConnectionResetError("the connection broke")
        self.dead = True
        raise Crash

    def at_point(self, point: str) -> None:
        """A named point of the code was reached."""
        self.moment(point)


class Connection:
    """A connection of a mortal process: each statement has a moment before it and one after it."""

    def __init__(self, owner: Mortal, real: Any) -> None:
        self.owner = owner
        self.real = real

    def is_closed(self) -> bool:
        """Whether the server hung up."""
        return bool(self.real.is_closed())

    async def execute(self, sql: str, *args: object) -> Any:
        """As asyncpg does it."""
        if sql == "ROLLBACK":  # of a dead process the server does it by itself
            return await self.real.execute(sql)
        return await self._run("execute", sql, args)

    async def fetch(self, sql: str, *args: object) -> Any:
        """As asyncpg does it."""
        return await self._run("fetch", sql, args)

    async def fetchrow(self, sql: str, *args: object) -> Any:
        """As asyncpg does it."""
        return await self._run("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """As asyncpg does it."""
        return await self._run("fetchval", sql, args)

    async def _run(self, method: str, sql: str, args: tuple[object, ...]) -> Any:
        turns = self.owner.turns
        await turns.turn()
        self.owner.moment("before", sql)
        result = await turns.answer(self.real, method, sql, args)
        self.owner.moment("after", sql)
        return result


class Process:
    """One life of the house: the database through a mortal pool, and the way to the provider."""

    def __init__(
        self, pool: Pool, turns: Turns, clock: Clock, entropy: Entropy, vault: Vault, gateways: Mapping[str, Gateway]
    ) -> None:
        self.turns = turns
        self.mortal = Mortal(pool, turns)
        self._again = (pool, turns, clock, entropy, vault, gateways)
        ours: Any = self.mortal
        self.house = House(Database(ours, ours, ours, clock, entropy, vault), gateways)

    def reborn(self) -> "Process":
        """A new process in the place of one that died; what is left of the old one is in the database."""
        return Process(*self._again)
