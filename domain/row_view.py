"""Facts that are read from their row when somebody asks for them: of a page's rows most columns are never shown."""

from typing import Any

from domain.db import Row
from domain.ids import EntityId, ReferenceId
from domain.money import Money, currency_of


class RowView:
    """Immutable; equal to another view of an equal row."""

    __slots__ = ("row",)

    row: Row

    def __init__(self, row: Row) -> None:
        _set_row(self, row)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bool(self.row == other.row)

    def __hash__(self) -> int:
        return hash(self.row)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.row!r})"


_set_row = vars(RowView)["row"].__set__  # its slot


def column(name: str) -> Any:
    """The column as it is."""
    return property(lambda of: of.row[name])


def amount(name: str) -> Any:
    """The column in minor units, in the currency of the row."""
    return property(lambda of: Money(of.row[name], currency_of(of.row["currency"])))


def currency(name: str) -> Any:
    """The currency of the code in the column."""
    return property(lambda of: currency_of(of.row[name]))


def own_id(kind: type[EntityId], name: str) -> Any:
    """The id in the column, under the row's shard key; None where the column is."""

    def read(of: RowView) -> EntityId | None:
        found = of.row[name]
        return None if found is None else kind(of.row["shard_key"], found)

    return property(read)


def owner_id(kind: type[EntityId], name: str) -> Any:
    """The same of whoever owns the row: the rows of a page have one owner, and one object stands for it in all."""
    last: EntityId | None = None

    def read(of: RowView) -> EntityId:
        nonlocal last
        shard, uuid, known = of.row["shard_key"], of.row[name], last
        if known is None or known.uuid != uuid or known.shard != shard:
            known = last = kind(shard, uuid)
        return known

    return property(read)


def reference_id(kind: type[ReferenceId], name: str) -> Any:
    """The id of a reference row in the column; None where the column is."""

    def read(of: RowView) -> ReferenceId | None:
        found = of.row[name]
        return None if found is None else kind(found)

    return property(read)
