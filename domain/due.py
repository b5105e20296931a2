"""Due work: what must happen without a caller is a row with a ``due_at``; queues only wake somebody up to look."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.db import Autocommit, Primary, Row, Tx
from domain.ids import CustomerId

ADVANCE = "advance_clock"  # takes a customer's test clock on; its subject is the customer
LEASE = timedelta(seconds=30)  # above the provider's time limit; a worker that died is replaced within half a minute


@dataclass(frozen=True, slots=True)
class Due:
    """One piece of due work of a customer; ``subject`` is the entity it is about.

    ``scheduled_at`` is the wall time at which it was made due: the same work may be due twice at one instant.
    """

    customer: CustomerId
    kind: str
    subject: UUID
    due_at: datetime
    attempts: int
    clocked: bool
    scheduled_at: datetime

    @property
    def key(self) -> str:
        """Under which it is performed, so that a row that is looked at twice is performed once.

        Work that schedules itself again for the very instant, as on a test clock that stands still, has another key.
        """
        return f"{self.kind}:{self.subject}:{self.due_at.isoformat()}:{self.scheduled_at.isoformat()}"


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


async def schedule(tx: Tx, kind: str, subject: UUID, due_at: datetime, *, follows: str = "business") -> None:
    """Makes the work due once at the instant; an earlier schedule of the same kind and subject is replaced.

    ``follows`` says which time that is: ``business`` (the customer's test clock, where it has one) or ``wall``. What is
    due where a test clock already stands is done at once, although the clock does not move.
    """
    await schedule_all(tx, [(kind, subject)], due_at, follows=follows)


async def schedule_all(
    tx: Tx, works: Sequence[tuple[str, UUID]], due_at: datetime, *, follows: str = "business"
) -> None:
    """As ``schedule`` for each kind and subject, all at one instant and by one statement."""
    if not works:
        return
    clocked = follows == "business" and tx.head.clock_at is not None
    await _store(tx, works, due_at, follows, clocked=clocked)
    if clocked and due_at <= tx.now:
        await _store(tx, [(ADVANCE, tx.customer.uuid)], tx.recorded_at, "wall", clocked=False)


async def _store(tx: Tx, works: Sequence[tuple[str, UUID]], due_at: datetime, follows: str, *, clocked: bool) -> None:
    await tx.execute(
        """INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts, recorded_at)
           SELECT $1, $2, w.kind, w.subject, $5, $6, $7, 0, $8
             FROM unnest($3::text[], $4::uuid[]) AS w (kind, subject)
           ON CONFLICT (shard_key, customer_id, kind, subject) DO UPDATE
              SET due_at = EXCLUDED.due_at, follows = EXCLUDED.follows, clocked = EXCLUDED.clocked, attempts = 0,
                  lease_until = NULL, recorded_at = EXCLUDED.recorded_at""",
        tx.customer.shard,
        tx.customer.uuid,
        [kind for kind, _ in works],
        [subject for _, subject in works],
        due_at,
        follows,
        clocked,
        tx.recorded_at,
    )


async def finish(tx: Tx, kind: str, subject: UUID) -> None:
    """Takes the work away, in the transaction that did it or made it pointless."""
    await tx.execute(
        "DELETE FROM due_work WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4",
        tx.customer.shard,
        tx.customer.uuid,
        kind,
        subject,
    )


async def claim(marks: Autocommit, due: Due, now: datetime) -> bool:
    """Whether this caller has the work for the length of a lease; False where another has it or it is gone."""
    claimed = await marks.fetchval(
        """UPDATE due_work SET lease_until = $6
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4 AND due_at = $7
              AND recorded_at = $8 AND (lease_until IS NULL OR lease_until <= $5) RETURNING subject""",
        due.customer.shard,
        due.customer.uuid,
        due.kind,
        due.subject,
        now,
        now + LEASE,
        due.due_at,
        due.scheduled_at,
    )
    return claimed is not None


async def claim_batch(marks: Autocommit, shard: int, kind: str, now: datetime, limit: int) -> list[Due]:
    """Work of one kind on one shard key, the longest due first, now this caller's for the length of a lease.

    Of kinds that go in batches (see 0019_due_batches.sql); what failed before is left to go alone.
    """
    rows = await marks.fetch(
        """WITH free AS (
               SELECT customer_id, subject FROM due_work
                WHERE shard_key = $1 AND kind = $2 AND kind IN ('renew', 'finalize_invoice') AND NOT clocked
                  AND attempts = 0 AND due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3)
                ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED)
           UPDATE due_work d SET lease_until = $5 FROM free
            WHERE d.shard_key = $1 AND d.kind = $2 AND d.customer_id = free.customer_id AND d.subject = free.subject
           RETURNING d.shard_key, d.customer_id, d.kind, d.subject, d.due_at, d.attempts, d.clocked, d.recorded_at""",
        shard,
        kind,
        now,
        limit,
        now + LEASE,
    )
    return sorted((_due(row) for row in rows), key=lambda due: due.due_at)


async def hold(marks: Autocommit, due: Due, until: datetime) -> None:
    """Keeps claimed work from everybody until the wall time, also when its claimer does not live to see it."""
    await marks.execute(
        """UPDATE due_work SET lease_until = $5
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4 AND due_at = $6
              AND recorded_at = $7""",
        due.customer.shard,
        due.customer.uuid,
        due.kind,
        due.subject,
        until,
        due.due_at,
        due.scheduled_at,
    )


async def put_back(marks: Autocommit, due: Due, lease_until: datetime) -> None:
    """Counts a failed try; nobody looks at the work before the given wall time. Work scheduled anew stands."""
    await marks.execute(
        """UPDATE due_work SET attempts = attempts + 1, lease_until = $5
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4 AND due_at = $6
              AND recorded_at = $7""",
        due.customer.shard,
        due.customer.uuid,
        due.kind,
        due.subject,
        lease_until,
        due.due_at,
        due.scheduled_at,
    )


async def postpone(marks: Autocommit, due: Due, due_at: datetime) -> None:
    """Makes the work due at another instant and gives the lease back; nothing failed. Work scheduled anew stands."""
    await marks.execute(
        """UPDATE due_work SET due_at = $5, lease_until = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4 AND due_at = $6
              AND recorded_at = $7""",
        due.customer.shard,
        due.customer.uuid,
        due.kind,
        due.subject,
        due_at,
        due.due_at,
        due.scheduled_at,
    )


async def discard(marks: Autocommit, due: Due) -> None:
    """Takes failed work away after its dead letter was written; work scheduled anew meanwhile stands."""
    await marks.execute(
        """DELETE FROM due_work
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4 AND due_at = $5
              AND recorded_at = $6""",
        due.customer.shard,
        due.customer.uuid,
        due.kind,
        due.subject,
        due.due_at,
        due.scheduled_at,
    )


async def restore(to: Autocommit | Tx, due: Due) -> None:
    """Puts buried work back as it was, and so under its old key; work scheduled anew meanwhile stands."""
    await to.execute(
        """INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8) ON CONFLICT DO NOTHING""",
        due.customer.shard,
        due.customer.uuid,
        due.kind,
        due.subject,
        due.due_at,
        "business" if due.clocked else "wall",
        due.clocked,
        due.scheduled_at,
    )


async def find(db: Primary, customer: CustomerId, kind: str, subject: UUID) -> Due | None:
    """The work as it stands now, or None where it is done."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, kind, subject, due_at, attempts, clocked, recorded_at FROM due_work
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND subject = $4""",
        customer.shard,
        customer.uuid,
        kind,
        subject,
    )
    return _due(row) if row else None


async def next_on_clock(db: Primary, customer: CustomerId, until: datetime) -> Due | None:
    """The customer's earliest work that follows its test clock, up to the instant."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, kind, subject, due_at, attempts, clocked, recorded_at FROM due_work
            WHERE shard_key = $1 AND customer_id = $2 AND clocked AND due_at <= $3
            ORDER BY due_at, kind, subject LIMIT 1""",
        customer.shard,
        customer.uuid,
        until,
    )
    return _due(row) if row else None


async def next_on_wall(db: Primary, customer: CustomerId, kinds: Collection[str], now: datetime) -> Due | None:
    """The customer's earliest work of these kinds that follows wall time and is due and unclaimed."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, kind, subject, due_at, attempts, clocked, recorded_at FROM due_work
            WHERE shard_key = $1 AND customer_id = $2 AND NOT clocked AND due_at <= $3 AND kind = ANY ($4::text[])
              AND (lease_until IS NULL OR lease_until <= $3)
            ORDER BY due_at, kind, subject LIMIT 1""",
        customer.shard,
        customer.uuid,
        now,
        list(kinds),
    )
    return _due(row) if row else None


async def next_of_kind(db: Primary, customer: CustomerId, kind: str, now: datetime) -> Due | None:
    """The customer's earliest work of that kind that follows wall time and is due and unclaimed."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, kind, subject, due_at, attempts, clocked, recorded_at FROM due_work
            WHERE shard_key = $1 AND customer_id = $2 AND kind = $3 AND NOT clocked AND due_at <= $4
              AND (lease_until IS NULL OR lease_until <= $4)
            ORDER BY due_at, subject LIMIT 1""",
        customer.shard,
        customer.uuid,
        kind,
        now,
    )
    return _due(row) if row else None


async def is_imminent(db: Primary, customer: CustomerId, kinds: Sequence[str], until: datetime) -> bool:
    """Whether work of one of the kinds that follows wall time is due by the instant, claimed or not."""
    found = await db.fetchval(
        """SELECT 1 FROM due_work
            WHERE shard_key = $1 AND customer_id = $2 AND NOT clocked AND kind = ANY ($3::text[]) AND due_at <= $4
            LIMIT 1""",
        customer.shard,
        customer.uuid,
        list(kinds),
        until,
    )
    return found is not None
