"""Reads the rows of one shard key by statements of the simulation's own: checks must not lean on what they check.

What was written is found by the transactions that wrote it, so that a look costs what has changed and not what there
is. Now and then all that was written since that was done before is read once more and must be the same, and at the end
everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from domain.pool import Pool
from tests.simulation.facts import SHARED, TABLES, Facts, Row
from tests.simulation.kept import Change, Kept
from tests.simulation.written import GROUPS, Groups, Written

# Rows that come and go; they are few, and always read whole.
VOLATILE = ("outbox_event", "outbox_lease", "due_work", "dead_letter")
# The one with partitions, of which a look had to open each; what it gains, it gains with its audit entries.
BODIES = "audit_body"
FOLLOWED = tuple(table for table in TABLES if table not in (*VOLATILE, BODIES))
# Of these the application may delete rows, so that each look counts them; where others lost one, all that is read anew
# now and then says so. To count all of them cost as much as all the rest of a look.
COUNTED = frozenset({"operation_key", "family_claim", "invoice_draft", "tax_identity", "tax_exemption"})
PATIENCE_SECONDS = 10.0
FIRST = "3"  # the first transaction that any database ever saw
WORK = ("due_work", "outbox_event", "outbox_lease", "inbox_event")  # what a worker looks at


class Unseen(AssertionError):
    """Rows that a look should have found changed, and did not."""


def _own(table: str) -> str:
    return "event_key >= $2::text AND event_key < $2::text || '~'" if table == "inbox_event" else "shard_key = $1"


def _whole(table: str) -> str:
    return f"ARRAY(SELECT t FROM {table} t WHERE {_own(table)} ORDER BY {TABLES[table]}) AS {table}"  # noqa: S608 - our own names


def _since(table: str) -> str:
    written = "age(t.xmin) <= age($3::text::xid)"
    return f"ARRAY(SELECT t FROM {table} t WHERE {_own(table)} AND {written}) AS {table}"  # noqa: S608 - our own names


def _count(table: str) -> str:
    return f"(SELECT count(*) FROM {table} WHERE {_own(table)}) AS {table}_count"  # noqa: S608 - our own names


def _waiting(table: str) -> str:
    more = " AND state IN ('received', 'waiting')" if table == "inbox_event" else ""
    return f"ARRAY(SELECT t FROM {table} t WHERE {_own(table)}{more} ORDER BY {TABLES[table]}) AS {table}"  # noqa: S608 - our own names


ALL = f"SELECT {', '.join(map(_whole, TABLES))}"
WAITING = f"SELECT {', '.join(map(_waiting, WORK))}"
WRITTEN = ", ".join([*map(_since, FOLLOWED), *map(_count, FOLLOWED), *map(_whole, VOLATILE)])
AGAIN = f"SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS seen, {WRITTEN}"
EVERY = frozenset(range(len(GROUPS)))


@lru_cache(maxsize=1 << len(GROUPS))
def _new(groups: Groups) -> tuple[str, tuple[str, ...]]:
    """The statement of a look at these groups and at what belongs to none, and the tables that it follows."""
    left_out = {table for at, group in enumerate(GROUPS) if at not in groups for table in group}
    tables = tuple(table for table in FOLLOWED if table not in left_out)
    counts = [_count(table) for table in tables if table in COUNTED]
    parts = ", ".join([*map(_since, tables), *counts, *map(_whole, VOLATILE)])
    return f"SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS seen, {parts}", tables


@dataclass
class Reader:
    """Keeps the rows of a shard key, and what was written since the changes were last taken."""

    pool: Pool
    shard: int
    events: str  # how the keys of the provider's events begin
    facts: Facts = field(default_factory=lambda: Facts({table: [] for table in TABLES}))
    changes: list[Change] = field(default_factory=list)
    written: Written | None = None  # who hears of each statement; without it a look is at everything
    _kept: dict[str, Kept] = field(default_factory=lambda: {table: Kept(table) for table in TABLES})
    _each: dict[UUID, Facts] = field(default_factory=dict)
    _seen: str = FIRST
    _sure: str = FIRST  # as _seen, of the last time that what was written was read once more
    _connection: Any = None

    async def read(self) -> Facts:
        """The rows as they are now."""
        groups = self.written.take() if self.written else EVERY
        if groups is None:
            return self.facts
        sql, tables = _new(groups)
        found, lost = await self._fetch(sql, self._seen), []
        for table in tables:
            self.changes += self._kept[table].put(found[table])
            if table in COUNTED and found[f"{table}_count"] != len(self._kept[table].rows):
                lost.append(table)
        entries = [row["recorded_at"] for row in found["audit_entry"]]
        if entries:
            self.changes += self._kept[BODIES].put(await self._bodies(min(entries), max(entries)))
        if lost:
            whole = await self._fetch(f"SELECT {', '.join(map(_whole, lost))}")
            for table in lost:
                self.changes += self._kept[table].replace(whole[table])
        for table in VOLATILE:
            self.changes += self._kept[table].replace(found[table])
        self._seen = found["seen"]
        self.facts = Facts({table: kept.rows for table, kept in self._kept.items()}, self.facts)
        return self.facts

    def of(self, customer: UUID) -> Facts:
        """The rows of one customer at the last look, and those that belong to nobody."""
        rows = {
            table: kept.rows if table in SHARED else kept.of_each.get(customer, [])
            for table, kept in self._kept.items()
        }
        facts = self._each[customer] = Facts(rows, self._each.get(customer))
        return facts

    async def waiting(self) -> Facts:
        """What is waiting for a worker now, and nothing else."""
        return Facts(dict(await self._fetch(WAITING)))

    async def read_again(self) -> Facts:
        """As ``read``, and then once more all that was written since this was last done; Unseen where that is not the
        same. What was not written since was compared then, and as many rows as there are have to be there."""
        kept, again = await self.read(), await self._fetch(AGAIN, self._sure)
        missed = [each for each in FOLLOWED if not self._kept[each].holds(again[each], again[f"{each}_count"])]
        missed += [each for each in VOLATILE if self._kept[each].rows != again[each]]
        entries = [row["recorded_at"] for row in again["audit_entry"]]
        bodies = await self._bodies(min(entries), max(entries)) if entries else ()
        if not self._kept[BODIES].holds(bodies, len(self._kept["audit_entry"].rows)):
            missed.append(BODIES)
        if missed:
            raise Unseen(f"looks have missed changes in {missed}")
        self._sure = again["seen"]
        return kept

    async def read_anew(self) -> Facts:
        """As ``read``, and then once more from nothing; Unseen where that is not the same."""
        kept, whole = await self.read(), Facts(dict(await self._fetch(ALL)))
        if missed := kept.differences(whole, TABLES):
            raise Unseen(f"looks have missed changes in {missed}")
        return kept

    async def close(self) -> None:
        """Gives its connection back."""
        if self._connection is not None:
            await self._connection.execute("RESET plan_cache_mode")
            await self.pool.release(self._connection)
            self._connection = None

    def take_changes(self) -> list[Change]:
        """What was written since they were last taken."""
        taken, self.changes = self.changes, []
        return taken

    async def _fetch(self, sql: str, *more: object) -> Any:
        if self._connection is None:
            # One connection for all looks: what their rows look like is asked and each statement planned once.
            self._connection = await self.pool.take(PATIENCE_SECONDS)
            await self._connection.execute("SET plan_cache_mode = force_generic_plan")
        events = (self.events,) if "$2" in sql else ()
        return await self._connection.fetchrow(sql, self.shard, *events, *more)

    async def _bodies(self, since: object, until: object) -> Sequence[Row]:
        async with self.pool.acquire() as connection:  # planned by its months each time: they are many
            rows: Sequence[Row] = await connection.fetch(
                "SELECT * FROM audit_body WHERE shard_key = $1 AND recorded_at >= $2 AND recorded_at <= $3",
                self.shard, since, until,
            )  # fmt: skip
        return rows
