"""Who has something to do: reads of ids over all shard keys, without locks; the claim happens at the work itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.due import Due
from domain.ids import CustomerId


def _due(row: Row) -> Due:
    return Due(
        CustomerId(row["shard_key"], row["customer_id"]),
        row["kind"],
        row["subject"],
        row["due_at"],
        row["attempts"],
        row["clocked"],
        row["recorded_at"],
    )


async def due_by_wall(db: Primary, kinds: Collection[str], now: datetime, limit: int) -> list[Due]:
    """Unclaimed work of these kinds that is due and goes alone, longest waiting first; so does a batch's failure."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, customer_id, kind, subject, due_at, attempts, clocked, recorded_at FROM due_work
            WHERE NOT clocked AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
              AND (kind NOT IN ('renew', 'finalize_invoice') OR attempts > 0) AND kind = ANY ($3::text[])
            ORDER BY due_at, shard_key LIMIT $2""",
        now,
        limit,
        list(kinds),
    )
    return [_due(row) for row in rows]


async def batches_due(db: Primary, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Shard keys and kinds of work that is due there and goes in batches, seen among so many rows that wait longest."""
    rows = await db.fetch(
        """-- fanout
           SELECT d.shard_key, d.kind
             FROM (SELECT shard_key, kind, due_at FROM due_work
                    WHERE NOT clocked AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
                      AND kind IN ('renew', 'finalize_invoice') AND attempts = 0
                    ORDER BY due_at, shard_key LIMIT $2) AS d
            GROUP BY d.shard_key, d.kind ORDER BY min(d.due_at)""",
        now,
        limit,
    )
    return [(row["shard_key"], row["kind"]) for row in rows]


async def customers_with_events(db: Primary, kinds: Collection[str], now: datetime, limit: int) -> list[CustomerId]:
    """Customers whose first event is of these kinds and may be performed now, and whom nobody drains."""
    rows = await db.fetch(
        """-- fanout
           SELECT e.shard_key, e.customer_id FROM outbox_event e
             LEFT JOIN outbox_event b ON b.shard_key = e.shard_key AND b.customer_id = e.customer_id
                                     AND b.number < e.number
             LEFT JOIN outbox_lease l ON l.shard_key = e.shard_key AND l.customer_id = e.customer_id
            WHERE b.number IS NULL AND (e.retry_at IS NULL OR e.retry_at <= $1)
              AND (l.lease_until IS NULL OR l.lease_until < $1) AND e.kind = ANY ($3::text[])
            ORDER BY e.recorded_at LIMIT $2""",
        now,
        limit,
        list(kinds),
    )
    return [CustomerId(row["shard_key"], row["customer_id"]) for row in rows]


async def shard_keys(db: Primary) -> list[int]:
    """Every shard key there is."""
    rows = await db.fetch("SELECT shard_key FROM tenant_shard_key ORDER BY shard_key")
    return [row["shard_key"] for row in rows]


async def any_notices(db: Primary) -> bool:
    """Whether customers have been told anything by e-mail yet, or were to be."""
    found = await db.fetchval(
        """-- fanout
           SELECT 1 AS one FROM notice LIMIT 1"""
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, counted up to COUNTED, and since when: due work, events, providers' events.

    ``letters`` is what failed too often and nobody has replayed.
    """

    due: int
    due_since: datetime | None
    events: int
    events_since: datetime | None
    inbox: int
    inbox_since: datetime | None
    letters: int


COUNTED = 100_000  # of each: a scrape stays a small read of an index where a million wait, and says enough by then


async def backlog(db: Primary, now: datetime) -> Backlog:
    """The counts and oldest instants that monitoring watches, in one statement."""
    row = await db.fetchrow(
        """-- fanout
           SELECT d.waiting AS due, d.since AS due_since, e.waiting AS events, e.since AS events_since,
                  i.waiting AS inbox, i.since AS inbox_since, l.waiting AS letters
             FROM (SELECT count(*) AS waiting, min(w.due_at) AS since
                     FROM ((SELECT due_at FROM due_work
                             WHERE NOT clocked AND due_at <= $1 AND attempts = 0
                               AND kind IN ('renew', 'finalize_invoice')
                             ORDER BY due_at LIMIT $2)
                           UNION ALL
                           (SELECT due_at FROM due_work
                             WHERE NOT clocked AND due_at <= $1
                               AND (kind NOT IN ('renew', 'finalize_invoice') OR attempts > 0)
                             ORDER BY due_at LIMIT $2)) AS w) AS d,
                  (SELECT count(*) AS waiting, min(o.recorded_at) AS since
                     FROM (SELECT recorded_at FROM outbox_event LIMIT $2) AS o) AS e,
                  (SELECT count(*) AS waiting, min(p.recorded_at) AS since
                     FROM (SELECT recorded_at FROM inbox_event WHERE state IN ('received', 'waiting') LIMIT $2) AS p
                  ) AS i,
                  (SELECT (SELECT count(*) FROM dead_letter WHERE replayed_at IS NULL)
                            + (SELECT count(*) FROM inbox_event WHERE state = 'dead') AS waiting) AS l""",
        now,
        COUNTED,
    )
    assert row is not None
    return Backlog(**row)
