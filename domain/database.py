"""The pools of a process, and the gate between a write on the primary and history from a replica."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.allowance import Allowance
from domain.clock import Clock, Entropy
from domain.db import Autocommit, Primary, Replica
from domain.pool import READ_WRITE, STANDBY, Pool, open_pool
from domain.refusals import RefusalCode, Refused
from domain.vault import Vault
from domain.watermarks import Watermarks

GATE_SECONDS = 0.05  # replay is usually behind by a millisecond; beyond this the primary answers sooner
GATE_STEP_SECONDS = 0.002  # a look costs one small statement on the replica
LOOK_SECONDS = 0.02  # history may say that it is this much older than it is; under load a look serves several pages
LAG_BOUND = timedelta(seconds=30)  # history older than this is refused rather than shown as if it were fresh
# For what one statement reads, and for what one marks, which is over in a moment: neither transactions that wait for
# each other nor others who take every connection of the server take these, of which one is open from the beginning and
# as many as were ever needed at once stay open. So balances are read and webhooks kept.
STATEMENT_CONNECTIONS = 3
HISTORY_CONNECTIONS = 2  # token reads that fall back to the primary must not crowd out balances
_TOKEN = re.compile(r"[0-9a-f]{24}")


class Source(StrEnum):
    """The server that answered a history query."""

    PRIMARY = "PRIMARY"
    REPLICA = "REPLICA"


@dataclass(frozen=True, slots=True)
class Token:
    """A place in the write-ahead log: (timeline, position). A read at or after it sees the write."""

    timeline: int
    lsn: int

    def __str__(self) -> str:
        return f"{self.timeline:08x}{self.lsn:016x}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The token of a text; INVALID_INPUT for anything the house did not print."""
        if not _TOKEN.fullmatch(text):
            raise Refused(RefusalCode.INVALID_INPUT, "That is not a consistency token.", ("atLeast",))
        return cls(int(text[:8], 16), int(text[8:], 16))


@dataclass(frozen=True, slots=True)
class History:
    """A handle for one history read, and what the answer must say about its age and origin."""

    replica: Replica
    as_of: datetime
    source: Source


@dataclass(frozen=True, slots=True)
class Look:
    """How old the replica was found to be, and until when nobody has to look again, by the event loop's time."""

    as_of: datetime
    until_seconds: float


class HistoryUnavailable(Exception):
    """No replica answers, or it is further behind than the bound, and the caller holds no consistency token."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The two servers of a process, which are two addresses from the first day on."""

    primary: str
    replica: str


class Database:
    """The pools of one process; ``primary`` and ``replica`` are handed to the functions that read.

    ``reads`` and ``marks`` are the pools of single statements on the primary, where they have some of their own;
    ``refusals`` and ``strangers`` are how many refused calls and failed sign-ins the process may still note.
    """

    def __init__(
        self, write: Pool, read: Pool, history: Pool, clock: Clock, entropy: Entropy, vault: Vault,
        reads: Pool | None = None, marks: Pool | None = None,
    ) -> None:  # fmt: skip
        self.pool = write
        self.clock = clock
        self.entropy = entropy
        self.vault = vault
        self.refusals = Allowance()
        self.strangers = Allowance()
        self.primary = Primary(reads or write)
        self.marks = Autocommit(marks or write)
        self._replica = Replica(read)
        self._history = Replica(history)
        self._pools = {write, read, history, reads or write, marks or write}
        self._watermarks = Watermarks(self.primary, clock)
        self._looked: Look | None = None

    @classmethod
    async def open(
        cls, to: Addresses, clock: Clock, entropy: Entropy, vault: Vault, *, name: str, size: int = 8
    ) -> Self:
        """Opens the pools; a primary that cannot be written to, or a replica that is none, fails here."""
        write = await open_pool(to.primary, size=size, attrs=READ_WRITE, name=name)
        # Never closed: who comes after a pause would wait for new ones, on which every statement is planned anew.
        read = await open_pool(to.replica, size=size, attrs=STANDBY, name=name, first=0, idle_seconds=0)
        history = await open_pool(
            to.primary, size=HISTORY_CONNECTIONS, attrs=READ_WRITE, name=f"{name}-history", first=0
        )
        few = STATEMENT_CONNECTIONS
        reads, marks = [
            await open_pool(to.primary, size=few, attrs=READ_WRITE, name=f"{name}-{kind}", idle_seconds=0)
            for kind in ("reads", "marks")
        ]
        return cls(write, read, history, clock, entropy, vault, reads, marks)

    async def close(self) -> None:
        """Waits for what is running and closes all connections."""
        await asyncio.gather(*(pool.close() for pool in self._pools))

    async def token(self) -> Token:
        """The place up to which everything committed so far is flushed; ask after the commit."""
        row = await self.primary.fetchrow(
            """SELECT substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8) AS timeline,
                      pg_current_wal_flush_lsn() - '0/0'::pg_lsn AS lsn"""
        )
        assert row is not None
        return Token(int(row["timeline"], 16), int(row["lsn"]))

    @asynccontextmanager
    async def history(self, at_least: Token | None = None) -> AsyncIterator[History]:
        """A handle for one history read.

        With a token: the replica once it has replayed it, else the primary. Without: the replica, or else
        HistoryUnavailable.
        """
        if at_least is None:
            as_of = await self._recent_age()
            if as_of is None or self.clock.now() - as_of > LAG_BOUND:
                raise HistoryUnavailable("history is not available at the moment")
            yield History(self._replica, as_of, Source.REPLICA)
        elif await self._replayed(at_least):
            yield History(self._replica, await self._age() or self.clock.now(), Source.REPLICA)
        else:
            yield History(self._history, self.clock.now(), Source.PRIMARY)

    async def _recent_age(self) -> datetime | None:
        """As ``_age``, of a look a moment ago: what the replica showed then it shows now, if it answers."""
        now_seconds = asyncio.get_running_loop().time()
        if self._looked is None or now_seconds >= self._looked.until_seconds:
            as_of = await self._age()
            self._looked = None if as_of is None else Look(as_of, now_seconds + LOOK_SECONDS)
            return as_of
        return self._looked.as_of

    async def _age(self) -> datetime | None:
        """The instant up to which the replica surely shows everything; None where it does not answer or not follow."""
        await self._watermarks.refresh()
        try:
            row = await self._replica.fetchrow(
                """SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn AS lsn,
                          pg_last_xact_replay_timestamp() AS replayed_at"""
            )
        except Refused:
            return None
        assert row is not None
        known = [row["replayed_at"], self._watermarks.reached(int(row["lsn"]))]
        return max((at for at in known if at is not None), default=None)

    async def lag(self) -> timedelta | None:
        """How far the replica is behind; None where it does not answer."""
        as_of = await self._age()
        return None if as_of is None else max(timedelta(0), self.clock.now() - as_of)

    async def _replayed(self, token: Token) -> bool:
        """The gate, a statement of its own before the read: a snapshot can be older than the position beside it."""
        for _ in range(int(GATE_SECONDS / GATE_STEP_SECONDS)):
            try:
                row = await self._replica.fetchrow(
                    """SELECT (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline,
                              pg_last_wal_replay_lsn() - '0/0'::pg_lsn AS lsn"""
                )
            except Refused:
                return False
            if row is None or row["timeline"] != token.timeline:
                return False
            if int(row["lsn"]) >= token.lsn:
                return True
            await asyncio.sleep(GATE_STEP_SECONDS)
        return False
