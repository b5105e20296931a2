"""Pools of connections that stay at hand; below ``domain.db``, which nobody else goes by to reach them."""

import asyncio
import sys
from collections import deque
from contextlib import suppress
from typing import Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute

AT_HAND_SECONDS = 60  # then what nobody uses goes back to the queue, which closes what has been idle for minutes
FULL_SECONDS = 0.5  # so long a server that gave no more connections is not asked for one while some are in use here
USES = 50_000  # as asyncpg has it: what a server's process has gathered in memory by then goes with it
STATEMENTS = 500  # prepared on a connection, at some 50 kB each: fifty simulated lives of all kinds take 316 of the 770
READ_WRITE, STANDBY = SessionAttribute.read_write, SessionAttribute.standby


class Pool(asyncpg.Pool):
    """A pool that keeps connections at hand between two uses, beside its own queue: to give one back and fetch it again
    costs as much as a small statement. Where all are in use, whoever waits gets the next one in turn: from a queue that
    newcomers may take from first, some would wait for very long. Where the server gives no more, those that are here
    are all there are, until it is asked again."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.at_hand_seconds, self.full_seconds = AT_HAND_SECONDS, FULL_SECONDS
        self._at_hand: list[asyncpg.pool.PoolConnectionProxy] = []
        self._turns: deque[asyncio.Future[asyncpg.pool.PoolConnectionProxy | None]] = deque()
        self._wanted = 0
        self._full: asyncio.TimerHandle | None = None
        self._returning: asyncio.TimerHandle | None = None
        self._backs: list[asyncio.Task[None]] = []

    async def take(self, patience_seconds: float) -> asyncpg.pool.PoolConnectionProxy:
        """A connection for one use; asyncpg's errors and TimeoutError where none is to be had."""
        return await self._acquire(patience_seconds)

    async def give(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        """Takes it back after a use that ended as it should; after any other it is for ``release`` to look at."""
        if self.is_closing() or not _is_usable(connection):
            await self._back(connection)
            return
        if self._next(connection):
            return
        if self._wanted:
            await self._back(connection)
            return
        self._at_hand.append(connection)
        if self._returning is None:
            self._returning = asyncio.get_running_loop().call_later(self.at_hand_seconds, self._return)

    async def release(self, connection: Any, *, timeout: Any = None) -> None:
        """Takes it back whatever became of it; once it is back, whoever is next may look for one that is free: also
        where nobody waits for that any more."""
        back = asyncio.ensure_future(super().release(connection, timeout=timeout))
        back.add_done_callback(self._is_back)
        await asyncio.shield(back)

    def _is_back(self, back: "asyncio.Task[None]") -> None:
        if not back.cancelled():
            back.exception()  # seen: whoever waits for it has it too
        self._next(None)

    async def close(self) -> None:
        """Waits for what is running and closes all connections."""
        for timer in (self._returning, self._full):
            if timer is not None:
                timer.cancel()
        while self._at_hand:
            await self._back(self._at_hand.pop())
        await super().close()

    def get_idle_size(self) -> int:
        """How many connections nobody uses."""
        return super().get_idle_size() + len(self._at_hand)

    async def _acquire(self, patience_seconds: float | None) -> asyncpg.pool.PoolConnectionProxy:
        """Stands for the pool's own, which all its public methods go through."""
        until_seconds = None if patience_seconds is None else asyncio.get_running_loop().time() + patience_seconds
        again = False
        while True:
            while self._at_hand:
                connection = self._at_hand.pop()
                if _is_usable(connection):
                    return connection
                await self._back(connection)
            if (self._turns and not again) or self._all_in_use():
                handed = await self._in_turn(until_seconds, again=again)
                if handed is not None:
                    return handed
            else:
                try:
                    return await self._fetch(until_seconds)
                except asyncpg.TooManyConnectionsError:
                    if self.get_size() == 0:
                        self._next(None)
                        raise
                    self._ask_later()
                except BaseException:
                    self._next(None)  # what was not had is never given back: the next one would wait for it in vain
                    raise
            again = True

    def _all_in_use(self) -> bool:
        """Whether no connection is free in the pool itself and none can be added to those that are there."""
        size, idle = self.get_size(), super().get_idle_size()
        return idle == 0 and (size >= self.get_max_size() or (size > 0 and self._full is not None))

    async def _fetch(self, until_seconds: float | None) -> asyncpg.pool.PoolConnectionProxy:
        """One that is free in the pool itself, or a new one."""
        now_seconds = asyncio.get_running_loop().time()
        patience_seconds = None if until_seconds is None else max(0.0, until_seconds - now_seconds)
        self._wanted += 1
        try:
            fetched: asyncpg.pool.PoolConnectionProxy = (
                await super()._acquire(patience_seconds)  # type: ignore[misc]  # the stubs leave out what is private
            )
        finally:
            self._wanted -= 1
        if self._turns and not self._all_in_use():
            self._next(None)  # where the server gave one it may give more
        return fetched

    def _ask_later(self) -> None:
        """Leaves the server alone for a while; then whoever waits longest asks it."""
        if self._full is None:
            self._full = asyncio.get_running_loop().call_later(self.full_seconds, self._ask_again)

    def _ask_again(self) -> None:
        self._full = None
        self._next(None)

    async def _in_turn(self, until_seconds: float | None, *, again: bool) -> asyncpg.pool.PoolConnectionProxy | None:
        """The connection of whoever is done first; None says that one may be free in the pool itself. Who has waited
        before and found nothing waits ``again``, before all others."""
        turn: asyncio.Future[asyncpg.pool.PoolConnectionProxy | None] = asyncio.get_running_loop().create_future()
        if again:
            self._turns.appendleft(turn)
        else:
            self._turns.append(turn)
        try:
            async with asyncio.timeout_at(until_seconds):
                return await turn
        except BaseException:
            if turn in self._turns:
                self._turns.remove(turn)
            elif turn.done() and not turn.cancelled():  # just when nobody waited for it any more
                handed = turn.result()
                if handed is not None:
                    await self.give(handed)
                else:
                    self._next(None)
            raise

    def _next(self, connection: asyncpg.pool.PoolConnectionProxy | None) -> bool:
        """Hands it to whoever waits longest; False where nobody does."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    def _return(self) -> None:
        self._returning = None
        self._backs = [asyncio.ensure_future(self._back(connection)) for connection in self._at_hand]
        self._at_hand = []

    async def _back(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        with suppress(asyncpg.InterfaceError):  # one that was lost meanwhile has gone back by itself
            await self.release(connection)


def _is_usable(connection: asyncpg.pool.PoolConnectionProxy) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # its server went away, and the pool has taken it back
        return False


async def keep_session(connection: object) -> None:
    """No reset between uses: nothing here sets session state, so the round trip would buy nothing."""


async def open_pool(
    dsn: str,
    *,
    size: int,
    attrs: SessionAttribute,
    name: str,
    first: int = 1,
    idle_seconds: float = 300,
    uses: int = USES,
) -> Pool:
    """A pool whose connections refuse a server of the wrong kind; ``first`` connections are made at once, and each is
    closed once it has been idle so long, or had so many uses (``idle_seconds`` 0: never)."""
    return await Pool(
        dsn,
        min_size=0,
        init_size=first,
        max_size=size,
        max_queries=uses if idle_seconds else sys.maxsize,
        max_inactive_connection_lifetime=idle_seconds,
        loop=None,  # this and the next two are what asyncpg's create_pool gives
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        reset=keep_session,
        target_session_attrs=attrs,
        statement_cache_size=STATEMENTS,
        command_timeout=15,  # above every server-side limit below, so that the server's own answer is what is seen
        timeout=5,  # a connect that takes longer will not help the caller any more
        server_settings={
            "application_name": name,
            "jit": "off",  # no statement here is long enough to earn its compilation
            "statement_timeout": "10s",  # a statement beyond this is a fault, not a slow page
            "idle_in_transaction_session_timeout": "10s",  # a stuck process must not hold a customer's head
            "citus.propagate_set_commands": "local",  # SET LOCAL reaches the workers on a cluster; ignored elsewhere
        },
    )
