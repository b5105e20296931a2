"""Pools of connections that stay at hand; below ``domain.db``, which nobody else goes by to reach them."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute

AT_HAND_SECONDS = 60  # then what nobody uses goes back to the queue, which closes what has been idle for minutes
STATEMENTS = 500  # prepared on a connection; the code has about 170, and each one beyond this is planned at every call
READ_WRITE, STANDBY = SessionAttribute.read_write, SessionAttribute.standby


class Pool(asyncpg.Pool):
    """A pool that keeps connections at hand between two uses, beside its own queue: to give one back and fetch it again
    costs as much as a small statement. Where all are in use, whoever waits gets the next one in turn: from a queue that
    newcomers may take from first, some would wait for very long."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.at_hand_seconds = AT_HAND_SECONDS
        self._at_hand: list[asyncpg.pool.PoolConnectionProxy] = []
        self._turns: deque[asyncio.Future[asyncpg.pool.PoolConnectionProxy | None]] = deque()
        self._wanted = 0
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
        """Takes it back whatever became of it; whoever is next may look for one that is free."""
        try:
            await super().release(connection, timeout=timeout)
        finally:
            self._next(None)

    async def close(self) -> None:
        """Waits for what is running and closes all connections."""
        if self._returning is not None:
            self._returning.cancel()
        while self._at_hand:
            await self._back(self._at_hand.pop())
        await super().close()

    def get_idle_size(self) -> int:
        """How many connections nobody uses."""
        return super().get_idle_size() + len(self._at_hand)

    async def _acquire(self, patience_seconds: float | None) -> asyncpg.pool.PoolConnectionProxy:
        """Stands for the pool's own, which all its public methods go through."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if _is_usable(connection):
                return connection
            await self._back(connection)
        if self._turns or (super().get_idle_size() == 0 and self.get_size() >= self.get_max_size()):
            handed = await self._in_turn(patience_seconds)
            if handed is not None:
                return handed
        self._wanted += 1
        try:
            fetched: asyncpg.pool.PoolConnectionProxy = (
                await super()._acquire(patience_seconds)  # type: ignore[misc]  # the stubs leave out what is private
            )
        except BaseException:
            self._next(None)  # what was not had is never given back: whoever is next would wait for it in vain
            raise
        finally:
            self._wanted -= 1
        return fetched

    async def _in_turn(self, patience_seconds: float | None) -> asyncpg.pool.PoolConnectionProxy | None:
        """The connection of whoever is done first; None says that one may be free in the pool itself."""
        turn: asyncio.Future[asyncpg.pool.PoolConnectionProxy | None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            async with asyncio.timeout(patience_seconds):
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
    dsn: str, *, size: int, attrs: SessionAttribute, name: str, first: int = 1, idle_seconds: float = 300
) -> Pool:
    """A pool whose connections refuse a server of the wrong kind; ``first`` connections are made at once, and each is
    closed once it has been idle so long (0: never)."""
    return await Pool(
        dsn,
        min_size=0,
        init_size=first,
        max_size=size,
        max_queries=50_000,  # this and the three that are no choice of ours are what asyncpg's create_pool gives
        max_inactive_connection_lifetime=idle_seconds,
        loop=None,
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
