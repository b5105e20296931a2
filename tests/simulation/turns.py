"""Acts that go on at once take turns at each statement, as the seed draws them: so that the same happens again.

Where one waits for a lock of another in the database, as it would anywhere, the turn goes to the others; it is among
them again once it has its answer.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar
from random import Random
from typing import Any

from domain.pool import Pool

LOOK_SECONDS = 0.01  # until it is asked whether a statement waits for a lock; how often changes nothing that happens
_mine: ContextVar[int | None] = ContextVar("mine", default=None)  # the number of the act that a task belongs to

Turn = asyncio.Future[None]


class Turns:
    """Of the acts that are played one goes on at a time; what belongs to none of them goes on whenever it likes."""

    def __init__(self, chance: Random, pool: Pool) -> None:
        self._chance, self._pool = chance, pool
        self._ready: dict[int, Turn] = {}
        self._locked_out: dict[int, tuple[int, asyncio.Future[Any], Turn]] = {}  # by which backend, and its answer
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

    async def answer(self, backend: int, sent: Coroutine[Any, Any, Any]) -> Any:
        """The answer of a statement that an act sends in its turn."""
        number = _mine.get()
        if number is None:
            return await sent
        self._backends.add(backend)
        answer = asyncio.ensure_future(sent)
        while not (await asyncio.wait({answer}, timeout=LOOK_SECONDS))[0]:
            if await self._waits_for_a_lock(backend):
                turn: Turn = asyncio.get_running_loop().create_future()
                self._locked_out[number] = backend, answer, turn
                await self._choose()
                await turn
        return answer.result()

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
            await asyncio.wait([answer for _, answer, _ in self._locked_out.values()], return_when="FIRST_COMPLETED")
            await self._settle()
        if self._ready:
            self._ready.pop(self._chance.choice(sorted(self._ready))).set_result(None)

    async def _settle(self) -> None:
        """Sees who still waits for a lock after what was done in the last turn, and who has an answer."""
        for number, (backend, answer, turn) in sorted(self._locked_out.items()):
            while not answer.done() and not await self._waits_for_a_lock(backend):
                await asyncio.wait({answer}, timeout=LOOK_SECONDS)
            if answer.done():
                del self._locked_out[number]
                self._ready[number] = turn

    async def _waits_for_a_lock(self, backend: int) -> bool:
        async with self._pool.acquire() as connection:
            ours = list(self._backends)
            return bool(await connection.fetchval("SELECT pg_blocking_pids($1) && $2::int[]", backend, ours))
