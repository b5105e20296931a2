"""Acts that go on at once take turns at each statement, as the seed draws them: so that the same happens again.

Where one waits for a lock of another in the database, as it would anywhere, the turn goes to the others; it is among
them again once it has its answer. Whoever would wait behind another that waits does so here, and sends its statement
again when that one has its answer: of several that wait for a row which is then written, the database lets any be next.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg

from domain.pool import Pool

LOOK_SECONDS = 0.01  # until it is asked whether a statement waits for a lock; how often changes nothing that happens
_mine: ContextVar[int | None] = ContextVar("mine", default=None)  # the number of the act that a task belongs to

Turn = asyncio.Future[None]


@dataclass(eq=False)
class Statement:
    """One that an act sends in its turn, on a connection of its own. It has no answer yet where it is to wait here."""

    connection: Any
    method: str
    sql: str
    args: tuple[object, ...]
    answer: asyncio.Future[Any] | None = None
    saved: bool = False
    turn: Turn = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def backend(self) -> int:
        """The process of the server that runs it."""
        return int(self.connection.get_server_pid())

    def begin(self) -> None:
        """Sends it."""
        self.answer = asyncio.ensure_future(getattr(self.connection, self.method)(self.sql, *self.args))

    async def is_over(self) -> bool:
        """Whether it has an answer or gets one soon."""
        assert self.answer is not None
        return bool((await asyncio.wait({self.answer}, timeout=LOOK_SECONDS))[0])

    async def save(self) -> None:
        """Makes it one that can be taken back from the transaction it belongs to, if to any."""
        if self.connection.is_in_transaction() and not self.saved:
            await self.connection.execute("SAVEPOINT turn")
            self.saved = True

    async def take_back(self, canceller: Any) -> bool:
        """Cancels it, as if it had not been sent; False where it had its answer before."""
        assert self.answer is not None
        await canceller.execute("SELECT pg_cancel_backend($1)", self.backend)
        await asyncio.wait({self.answer})
        if not isinstance(self.answer.exception(), asyncpg.QueryCanceledError):
            return False
        if self.saved:
            await self.connection.execute("ROLLBACK TO SAVEPOINT turn")
        self.answer = None
        return True

    async def result(self) -> Any:
        """Its answer, which there is."""
        assert self.answer is not None
        result = self.answer.result()
        if self.saved:
            await self.connection.execute("RELEASE SAVEPOINT turn")
        return result


class Turns:
    """Of the acts that are played one goes on at a time; what belongs to none of them goes on whenever it likes."""

    def __init__(self, chance: Random, pool: Pool) -> None:
        self._chance, self._pool = chance, pool
        self._ready: dict[int, Turn] = {}
        self._locked_out: dict[int, Statement] = {}  # in the order in which they came to wait
        self._backends: set[int] = set()

    async def play(self, acts: Sequence[Coroutine[Any, Any, None]]) -> list[BaseException | None]:
        """How each of them ended, or None."""
        first = [self._enlist(number) for number in range(len(acts))]
        tasks = [
            asyncio.ensure_future(self._played(number, turn, act))
            for number, (turn, act) in enumerate(zip(first, acts, strict=True))
        ]
        await self._choose()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        self._backends.clear()
        return ended

    async def turn(self) -> None:
        """Waits until it is this act's turn again; at once for who belongs to none."""
        number = _mine.get()
        if number is not None:
            turn = self._enlist(number)
            await self._choose()
            await turn

    async def answer(self, connection: Any, method: str, sql: str, args: tuple[object, ...]) -> Any:
        """The answer of a statement that an act sends in its turn."""
        statement, number = Statement(connection, method, sql, args), _mine.get()
        if number is None:
            return await getattr(connection, method)(sql, *args)
        self._backends.add(statement.backend)
        if not await self._send(statement):
            self._locked_out[number] = statement
            await self._choose()
            await statement.turn
        return await statement.result()

    async def _played(self, number: int, turn: Turn, act: Coroutine[Any, Any, None]) -> None:
        _mine.set(number)
        await turn
        try:
            await act
        finally:
            await self._choose()

    def _enlist(self, number: int) -> Turn:
        turn = self._ready[number] = asyncio.get_running_loop().create_future()
        return turn

    async def _choose(self) -> None:
        """Gives the turn, which its holder gives up, to one of those who are ready."""
        await self._settle()
        while self._locked_out and not self._ready:  # they wait for each other, until the database ends it
            await self._let_wait()
            answers = [each.answer for each in self._locked_out.values() if each.answer is not None]
            await asyncio.wait(answers, return_when="FIRST_COMPLETED")
            await self._settle()
        if self._ready:
            self._ready.pop(self._chance.choice(sorted(self._ready))).set_result(None)

    async def _let_wait(self) -> None:
        """Has those wait in the database that others there wait for: it does not see who waits here."""
        blocking = await self._blocking([each for each in self._locked_out.values() if each.answer is not None])
        for each in self._locked_out.values():
            if each.answer is None and any(each.backend in others for others in blocking.values()):
                each.begin()

    async def _settle(self) -> None:
        """Sees who still waits for a lock after what was done in the last turn, and who has an answer."""
        over = {number for number, each in self._locked_out.items() if each.answer and await self._is_answered(each)}
        self._call_up(over)
        for number, each in list(self._locked_out.items()) if over else ():
            if each.answer is None and await self._send(each):
                self._call_up({number})

    def _call_up(self, numbers: set[int]) -> None:
        for number in numbers:
            self._ready[number] = self._locked_out.pop(number).turn

    async def _is_answered(self, statement: Statement) -> bool:
        """False where it waits for a lock of another act."""
        while not await statement.is_over():
            if (await self._blocking([statement]))[statement.backend]:
                return False
        return True

    async def _send(self, statement: Statement) -> bool:
        """Whether it got its answer; otherwise it waits for a lock, or is to be sent again, since another waits too."""
        waiting = [each for each in self._locked_out.values() if each.answer is not None]
        if waiting and statement.sql != "COMMIT":
            await statement.save()
        statement.begin()
        if await self._is_answered(statement):
            return True
        if waiting and statement.sql != "COMMIT" and await self._is_behind(statement, waiting):
            async with self._pool.acquire() as canceller:
                return not await statement.take_back(canceller)
        return False

    async def _is_behind(self, statement: Statement, waiting: Sequence[Statement]) -> bool:
        """Whether another waits for the same as this one, and not, at last, for this one."""
        blocking = await self._blocking([statement, *waiting])
        before = blocking.pop(statement.backend)
        reached, more = set[int](), before
        while more - reached:
            reached |= more
            more = {each for backend in reached for each in blocking.get(backend, ())}
        shared = before & {each for backend, others in blocking.items() for each in (backend, *others)}
        return bool(shared) and statement.backend not in reached

    async def _blocking(self, statements: Sequence[Statement]) -> dict[int, set[int]]:
        """The acts' backends that each of them waits for."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(
                "SELECT pid, pg_blocking_pids(pid) AS others FROM unnest($1::int[]) pid",
                [each.backend for each in statements],
            )
        return {row["pid"]: self._backends & set(row["others"]) for row in rows}
