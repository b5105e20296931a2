"""Primary, Replica, Tx: three types for three promises; in the domain only this and the pool below it import asyncpg.

``Primary`` reads what is true now. ``Replica`` reads history that says how old it is. ``Tx`` is a ``Primary`` that also
writes, emits and knows ``now``; only ``perform`` makes one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg

from domain.actor import Actor
from domain.clock import Entropy
from domain.ids import CustomerId, EntityId, LegalEntityId, OperationId, TenantId, uuid7
from domain.pool import Pool
from domain.refusals import RefusalCode, Refused
from domain.vault import Vault

Row = asyncpg.Record
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Id = TypeVar("Id", bound=EntityId)
T = TypeVar("T")

ACQUIRE_SECONDS = 1  # a caller that gets no connection in a second is told so, instead of queueing without a bound

_under_way: set[asyncio.Task[Any]] = set()

observers: list[Callable[[str, Sequence[object], object | None], None]] = []

LOST = (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError, asyncpg.InsufficientResourcesError, asyncpg.TargetServerAttributeNotMatched,
        asyncpg.InternalClientError)  # fmt: skip
REPEATABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError,
              asyncpg.ReadOnlySQLTransactionError)  # fmt: skip
LOCK_WAIT = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
CHECK = asyncpg.CheckViolationError


def is_lost(error: BaseException) -> bool:
    """Whether the connection or its server went away, so that nothing is known about the statement under way; or had
    no connection, memory or space for it."""
    return isinstance(error, LOST) or (isinstance(error, asyncpg.InterfaceError) and "closed" in str(error))


def unavailable() -> Refused:
    """No server answered and nothing was done."""
    return Refused(RefusalCode.UNAVAILABLE, "The database is not available at the moment.")


def _observe(sql: str, args: Sequence[object], tx: object | None) -> None:
    for observer in observers:
        observer(sql, args, tx)


async def _taken(pool: Pool) -> asyncpg.pool.PoolConnectionProxy:
    try:
        return await pool.take(ACQUIRE_SECONDS)
    except LOST as error:
        raise unavailable() from error


@asynccontextmanager
async def _connection(pool: Pool) -> AsyncIterator[Connection]:
    connection = await _taken(pool)
    try:
        yield connection
    except BaseException:
        await _let_go(pool, connection)
        raise
    await pool.give(connection)


async def _let_go(pool: Pool, connection: asyncpg.pool.PoolConnectionProxy) -> None:
    """Gives back a connection whose use failed. What fails of that, as where a silent server does not say that it has
    ended a statement, must not stand for what failed before: a cancellation would be lost, and tried again."""
    with suppress(Exception):
        await pool.release(connection)  # which cuts what it cannot take back


class _Reader:
    """Statements of their own on a pool: each sees what is committed when it starts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def _read(self, method: str, sql: str, args: Sequence[object]) -> Any:
        _observe(sql, args, None)
        for last in (False, True):  # a pooled connection may have died with its server: look once more
            try:
                connection = await _taken(self._pool)
                try:
                    found = await getattr(connection, method)(sql, *args)
                except BaseException:
                    await _let_go(self._pool, connection)
                    raise
                await self._pool.give(connection)
                return found
            except Exception as error:
                if not is_lost(error):
                    raise
                if last:
                    raise unavailable() from error
        return None

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """All rows."""
        rows: list[Row] = await self._read("fetch", sql, args)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row."""
        row: Row | None = await self._read("fetchrow", sql, args)
        return row

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first value of the first row."""
        return await self._read("fetchval", sql, args)


class Primary(_Reader):
    """Reads on the primary: balances, entities by id, answers of mutations."""


class Replica(_Reader):
    """Reads of history, statements, lists and the audit trail; unrelated to ``Primary`` on purpose."""


class Autocommit(Primary):
    """Single statements that commit by themselves: leases, inbox rows, marks; never the facts of a financial row."""

    async def execute(self, sql: str, *args: object) -> None:
        """One statement, committed; UNAVAILABLE where the connection was lost (it may have been committed)."""
        _observe(sql, args, None)
        try:
            async with _connection(self._pool) as connection:
                await connection.execute(sql, *args)
        except Exception as error:
            if is_lost(error):
                raise unavailable() from error
            raise


@dataclass(slots=True)
class Head:
    """The customer's head row as locked by this transaction; the counters are written back once, at its end."""

    tenant: TenantId
    legal_entity: LegalEntityId
    kind: str
    ledger_number: int
    audit_number: int
    audit_hash: bytes
    event_number: int
    clock_at: datetime | None
    erased: bool = False


@dataclass(slots=True)
class Notes:
    """What an operation leaves for the door to store with its commit."""

    events: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    changes: list[dict[str, str]] = field(default_factory=list)


class Channel(Protocol):
    """What a transaction sends its statements through: its connection, or a lane beside others on one."""

    async def fetch(self, sql: str, /, *args: Any) -> Any:
        """All rows."""

    async def fetchrow(self, sql: str, /, *args: Any) -> Any:
        """The first row."""

    async def fetchval(self, sql: str, /, *args: Any) -> Any:
        """The first value of the first row."""

    async def execute(self, sql: str, /, *args: Any) -> Any:
        """One writing statement."""


class Tx(Primary):
    """One operation's transaction on the primary, with the customer's head locked.

    ``now`` is business time (the customer's test clock where it sits on one), ``recorded_at`` wall time; both fixed.
    """

    def __init__(self, connection: Channel, customer: CustomerId, operation: OperationId, actor: Actor,
                 recorded_at: datetime, entropy: Entropy, vault: Vault, preview: bool) -> None:  # fmt: skip
        self._connection = connection
        self.entropy = entropy
        self.vault = vault
        self.customer = customer
        self.operation = operation
        self.actor = actor
        self.recorded_at = recorded_at
        self.now = recorded_at
        self.preview = preview
        self.notes = Notes()
        self.many_keys_reason: str | None = None
        self._head: Head | None = None

    @property
    def head(self) -> Head:
        """The locked head; there is none before the door has locked it."""
        assert self._head is not None, "no head is locked"
        return self._head

    def hold(self, head: Head) -> None:
        """Takes over the head row that was just locked, and the customer's time with it."""
        self._head = head
        self.now = head.clock_at or self.recorded_at

    async def _read(self, method: str, sql: str, args: Sequence[object]) -> Any:
        _observe(sql, args, self)
        return await getattr(self._connection, method)(sql, *args)

    async def execute(self, sql: str, *args: object) -> None:
        """One writing statement."""
        _observe(sql, args, self)
        await self._connection.execute(sql, *args)

    def new_uuid(self) -> UUID:
        """A fresh version 7 UUID."""
        return uuid7(self.recorded_at, self.entropy(10))

    def new_id(self, kind: type[Id], shard: int | None = None) -> Id:
        """A fresh id under the customer's shard key, or under the one given."""
        return kind(self.customer.shard if shard is None else shard, self.new_uuid())

    def emit(self, kind: str, **ids: object) -> None:
        """Leaves an event that consumers see after the commit, in the customer's order; values are ids, never facts."""
        self.notes.events.append((kind, {name: str(value) for name, value in ids.items()}))

    def changed(self, machine: str, entity: UUID, before: str, after: str) -> None:
        """Leaves a before-and-after for the audit entry."""
        self.notes.changes.append({"machine": machine, "entity": str(entity), "before": before, "after": after})


@asynccontextmanager
async def write_transaction(pool: Pool, lock_timeout_ms: int, *, keep: bool) -> AsyncIterator[Connection]:
    """A transaction on the primary, committed at the end if ``keep``; the door alone opens one."""
    async with _connection(pool) as connection:
        await connection.execute(f"BEGIN; SET LOCAL lock_timeout = {int(lock_timeout_ms)}")
        try:
            yield connection
            await connection.execute("COMMIT" if keep else "ROLLBACK")
        except BaseException:
            if not connection.is_closed():
                with suppress(Exception):  # as above; what is open then is rolled back before the next use
                    await connection.execute("ROLLBACK")
            raise


def kept(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task that runs to its end even where nobody waits for it any more: a loop alone refers to it weakly."""
    task = asyncio.ensure_future(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task
