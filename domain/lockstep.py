"""Lockstep: runs of many customers side by side in one transaction, the statements they wait for sent together.

Each run sees what it would see alone. It stops at each statement until all others have stopped at theirs; then those of
one text travel together: reads as one statement over arrays, writes one after the other without waiting in between.
"""

from collections.abc import Awaitable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from domain.db import Connection, Row
from domain.side_by_side import read_together

T = TypeVar("T")
_LOCKS = (" FOR UPDATE", " FOR NO KEY UPDATE", " FOR SHARE", " FOR KEY SHARE")


class OutOfStep(Exception):
    """These runs cannot go side by side; each can still go alone."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """A statement that a run waits for."""

    method: str
    sql: str
    args: tuple[object, ...]

    def __await__(self) -> Generator["_Ask", Any, Any]:
        return (yield self)


class Lane:
    """What a run of many holds instead of a connection; only ``in_lockstep`` answers it."""

    async def fetch(self, sql: str, *args: object) -> Any:
        """All rows."""
        return await _Ask("fetch", sql, args)

    async def fetchrow(self, sql: str, *args: object) -> Any:
        """The first row."""
        return await _Ask("fetchrow", sql, args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first value of the first row."""
        return await _Ask("fetchval", sql, args)

    async def execute(self, sql: str, *args: object) -> Any:
        """Rows are written and none returned."""
        return await _Ask("execute", sql, args)


async def in_lockstep(connection: Connection, runs: Sequence[Awaitable[T]]) -> list[T]:
    """What each run returns, in their order; the first error of any ends all of them and is raised.

    Runs may wait for nothing but statements on their lanes. A writing statement that is asked for a row returns at most
    one; where some returned none, nobody can tell whose rows there are, and that is OutOfStep.
    """
    steps = [_Step(run) for run in runs]
    try:
        waiting = [step for step in steps if step.goes_on(None)]
        while waiting:
            for asked in _alike(waiting):
                answers = await _answered(connection, [step.ask for step in asked])
                for step, answer in zip(asked, answers, strict=True):
                    step.goes_on(answer)
            waiting = [step for step in waiting if not step.is_over]
        return [step.result for step in steps]
    finally:
        for step in steps:
            step.run.close()


class _Step(Generic[T]):
    """A run, and what it waits for now."""

    def __init__(self, run: Awaitable[T]) -> None:
        self.run = cast(Coroutine[Any, Any, T], run)  # what an async function returns
        self.is_over = False
        self.ask: _Ask
        self.result: T

    def goes_on(self, answer: object) -> bool:
        """Lets it run up to its next statement; False where it came to its end."""
        try:
            asked = self.run.send(answer)
        except StopIteration as end:
            self.is_over, self.result = True, end.value
            return False
        if not isinstance(asked, _Ask):
            raise OutOfStep(f"a run waits for {type(asked).__name__}, which is no statement")
        self.ask = asked
        return True


def _alike(waiting: Sequence[_Step[T]]) -> list[list[_Step[T]]]:
    """Those that wait for one statement, with each other; texts in the order in which they were first asked for."""
    groups: dict[tuple[str, str], list[_Step[T]]] = {}
    for step in waiting:
        groups.setdefault((step.ask.method, step.ask.sql), []).append(step)
    return list(groups.values())


async def _answered(connection: Connection, asks: Sequence[_Ask]) -> Sequence[Any]:
    """The answers to asks of one method and text."""
    method, sql = asks[0].method, asks[0].sql
    if len(asks) == 1:
        return [await getattr(connection, method)(sql, *asks[0].args)]
    if method == "execute":
        await connection.executemany(sql, [ask.args for ask in asks])
        return [None] * len(asks)
    if is_read(sql):
        if all(ask.args == asks[0].args for ask in asks):
            return [await getattr(connection, method)(sql, *asks[0].args)] * len(asks)
        rows = await read_together(connection, sql, [ask.args for ask in asks])
        if rows is not None:
            return [_of_method(method, found) for found in rows]
    elif method != "fetch":
        written = await connection.fetchmany(sql, [ask.args for ask in asks])
        if len(written) != len(asks):
            raise OutOfStep("a statement wrote nothing for some of its runs")
        return [_of_method(method, [row]) for row in written]
    return [await getattr(connection, method)(sql, *ask.args) for ask in asks]


def is_read(sql: str) -> bool:
    """Whether a statement neither writes nor locks, so that it does not matter how often it runs."""
    return sql.lstrip().startswith("SELECT") and not any(lock in sql for lock in _LOCKS)


def _of_method(method: str, rows: Sequence[Row]) -> Any:
    if method == "fetch":
        return rows
    first = rows[0] if rows else None
    return first if method == "fetchrow" or first is None else first[0]
