"""Operations that are held in the middle of their work, so that others meet them there."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from dev.story.client import until
from domain.db import Tx
from domain.operation import OPERATIONS, Operation
from domain.reactions.house import House

KEEP_ALIVE_SECONDS = 1  # the server ends a transaction that is idle for ten
C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


@dataclass
class Held(Generic[C, O]):
    """An operation that does its work and then holds its locks until it is let go, however long that is."""

    operation: Operation[C, O]
    worked: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def begun(self, work: Awaitable[object]) -> "asyncio.Future[object]":
        """The work, once this operation has done its own in it."""
        running, worked = asyncio.ensure_future(work), asyncio.ensure_future(self.worked.wait())
        await asyncio.wait((running, worked), return_when=asyncio.FIRST_COMPLETED)
        assert worked.done(), running.result()
        return running


@contextmanager
def held(of: Operation[C, O]) -> Iterator[Held[C, O]]:
    """The operation under another name, as it is held."""

    async def run(tx: Tx, command: C) -> O:
        outcome = await of.run(tx, command)
        made.worked.set()
        while not made.let_go.is_set():
            await tx.fetchval("SELECT 1")
            await asyncio.wait((asyncio.ensure_future(made.let_go.wait()),), timeout=KEEP_ALIVE_SECONDS)
        return outcome

    made = Held(replace(of, name=f"test.held.{of.name}", run=run))
    try:
        yield made
    finally:
        made.let_go.set()
        del OPERATIONS[made.operation.name]


async def until_waiting(house: House, count: int) -> None:
    """Returns once that many backends of this database wait for a lock."""

    async def seen() -> bool | None:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return await house.db.marks.fetchval(waiting) >= count or None

    await until(seen, f"the waiting of {count}")
