"""The rows of one table from look to look, in their order, all of them and those of each customer."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.simulation.facts import OWNERS, SHARED, TABLES, Row

Key = tuple[Any, ...]


@dataclass
class Change:
    """A row that was written: as it was, if it was there, and as it is, if it still is."""

    table: str
    before: Row | None
    after: Row | None

    @property
    def owner(self) -> UUID | None:
        """The customer whose row it is."""
        row = self.after or self.before
        owner: UUID | None = row[OWNERS.get(self.table, "customer_id")] if row and self.table not in SHARED else None
        return owner


class Kept:
    """The lists are never changed, since earlier looks hold them: each look that finds something makes new ones."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.rows: list[Row] = []
        self.of_each: dict[UUID, list[Row]] = {}
        self._names = tuple(name.strip() for name in TABLES[table].split(","))
        self._keys: list[Key] = []
        self._owner = None if table in SHARED else OWNERS.get(table, "customer_id")

    def put(self, found: Sequence[Row]) -> Iterator[Change]:
        """Takes rows that are new or have changed; what of that is really so."""
        copied = not found
        for row in found:
            key = self._key(row)
            at = bisect_left(self._keys, key)
            before = self.rows[at] if at < len(self._keys) and self._keys[at] == key else None
            if before == row:
                continue
            if not copied:
                self.rows, copied = list(self.rows), True
            if before is None:
                self._keys.insert(at, key)
                self.rows.insert(at, row)
            else:
                self.rows[at] = row
            self._put_own(before, row)
            yield Change(self.table, before, row)

    def holds(self, found: Sequence[Row], count: int) -> bool:
        """Whether these rows are among its own, of which there are so many."""
        places = [(bisect_left(self._keys, self._key(row)), row) for row in found]
        return count == len(self.rows) and all(at < count and self.rows[at] == row for at, row in places)

    def replace(self, found: list[Row]) -> Iterator[Change]:
        """Takes all rows that there are; what is new, has changed or is gone."""
        if found == self.rows:
            return
        before = dict(zip(self._keys, self.rows, strict=True))
        self.rows, self._keys = found, [self._key(row) for row in found]
        groups: dict[UUID, list[Row]] = {}
        for key, row in zip(self._keys, found, strict=True):
            if self._owner:
                groups.setdefault(row[self._owner], []).append(row)
            was = before.pop(key, None)
            if was != row:
                yield Change(self.table, was, row)
        self.of_each = {
            owner: self.of_each[owner] if self.of_each.get(owner) == rows else rows for owner, rows in groups.items()
        }
        yield from (Change(self.table, row, None) for row in before.values())

    def _key(self, row: Row) -> Key:
        return tuple([row[name] for name in self._names])

    def _put_own(self, before: Row | None, row: Row) -> None:
        if self._owner is None:
            return
        own = list(self.of_each.get(row[self._owner], ()))
        at = bisect_left(own, self._key(row), key=self._key)
        own[at : at + (before is not None)] = [row]
        self.of_each[row[self._owner]] = own


def owners(changes: Iterable[Change]) -> set[UUID]:
    """The customers of whom something was written."""
    return {owner for change in changes if (owner := change.owner) is not None}
