"""Checks of families: a relation stands under two keys, and no chain of parents comes back or is too long."""

from collections import defaultdict
from typing import NamedTuple
from uuid import UUID

from domain.customers.family import MAX_LEVELS, ancestors
from domain.db import Primary, Row
from domain.ids import CustomerId


class Wrong(NamedTuple):
    """Whose row does not hold: relation and row name it."""

    customer: CustomerId
    relation: str
    row: str


async def families_hold(db: Primary, shard: int) -> list[Wrong]:
    """Each span stands under the child's key and under the parent's alike, and no family stands under itself."""
    up, down = await _parents(db, shard, None), await _children(db, shard, None)
    wrong = await _unmatched(db, shard, up, "customer_parent") + await _unmatched(db, shard, down, "customer_child")
    for row in up:
        child = CustomerId(shard, row["customer_id"])
        if row["until_at"] is None:
            above = await ancestors(db, child)
            if child in above or len(above) >= MAX_LEVELS:
                wrong.append(Wrong(child, "customer_parent", f"span {row['seq']}"))
    return sorted(wrong)


async def _unmatched(db: Primary, shard: int, rows: list[Row], table: str) -> list[Wrong]:
    """Rows of the table under this key without their like under the other's."""
    by_key: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_key[row["other_shard"]].append(row)
    found: list[Wrong] = []
    for other, here in by_key.items():
        ids = list({row["other_id"] for row in here})
        there = await (_children if table == "customer_parent" else _parents)(db, other, ids)
        spans = {_span(other, row, flipped=True) for row in there}
        for row in here:
            if _span(shard, row) not in spans:
                found.append(Wrong(CustomerId(shard, row["customer_id"]), table, f"span {row['seq']}"))
    return found


def _span(shard: int, row: Row, *, flipped: bool = False) -> tuple[object, ...]:
    own, other = (shard, row["customer_id"]), (row["other_shard"], row["other_id"])
    pair = (other, own) if flipped else (own, other)
    return (*pair, row["seq"], row["since_at"], row["until_at"])


async def _parents(db: Primary, shard: int, of: list[UUID] | None) -> list[Row]:
    return await db.fetch(
        """SELECT customer_id, parent_shard_key AS other_shard, parent_id AS other_id, seq, since_at, until_at
             FROM customer_parent
            WHERE shard_key = $1 AND ($2::uuid[] IS NULL OR customer_id = ANY ($2)) ORDER BY customer_id, seq""",
        shard,
        of,
    )


async def _children(db: Primary, shard: int, of: list[UUID] | None) -> list[Row]:
    return await db.fetch(
        """SELECT customer_id, child_shard_key AS other_shard, child_id AS other_id, seq, since_at, until_at
             FROM customer_child
            WHERE shard_key = $1 AND ($2::uuid[] IS NULL OR customer_id = ANY ($2)) ORDER BY customer_id, seq""",
        shard,
        of,
    )
