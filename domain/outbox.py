"""The outbox: a customer's events in order, from the commit that caused them to the commit of their effects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

from domain.db import Autocommit, Primary, Row, Tx
from domain.ids import CustomerId
from domain.wire import Json, canonical


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a customer: a kind and ids. ``number`` has no gaps within the customer.

    ``request_id`` is that of the request that it follows from; empty where that is not known.
    """

    customer: CustomerId
    number: int
    kind: str
    body: dict[str, str]
    attempts: int
    clocked: bool
    request_id: str = ""

    @property
    def key(self) -> str:
        """The key under which a consumer performs its effect, so that a second delivery finds the first."""
        return f"event:{self.number}"


def numbered(tx: Tx) -> tuple[list[int], list[str], list[str]]:
    """The numbers, kinds and bodies of the operation's events; the head moves on."""
    first = tx.head.event_number + 1
    tx.head.event_number += len(tx.notes.events)
    kinds = [kind for kind, _ in tx.notes.events]
    bodies = [canonical(dict(body)).decode() for _, body in tx.notes.events]
    return list(range(first, first + len(kinds))), kinds, bodies


def _event(row: Row) -> Event:
    return Event(
        CustomerId(row["shard_key"], row["customer_id"]),
        row["number"],
        row["kind"],
        msgspec.json.decode(row["body"]),
        row["attempts"],
        row["clocked"],
        row["request_id"] or "",
    )


async def restore(tx: Tx, event: Event) -> None:
    """Puts a buried event back in its place, and so under its old key; it belongs to the request that asks for it."""
    await tx.execute(
        """INSERT INTO outbox_event (shard_key, customer_id, number, kind, body, operation_id, clocked, attempts,
               recorded_at, request_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) ON CONFLICT DO NOTHING""",
        event.customer.shard,
        event.customer.uuid,
        event.number,
        event.kind,
        canonical(dict[str, Json](event.body)).decode(),
        tx.operation.uuid,
        tx.head.clock_at is not None,
        tx.recorded_at,
        tx.actor.request_id,
    )


async def next_event(db: Primary, customer: CustomerId, now: datetime) -> Event | None:
    """The customer's first event, or None where there is none or the first one waits for its next try."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, number, kind, body, attempts, clocked, retry_at, request_id
             FROM outbox_event
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY number LIMIT 1""",
        customer.shard,
        customer.uuid,
    )
    return None if row is None or (row["retry_at"] or now) > now else _event(row)


async def recorded_at(db: Primary, event: Event) -> datetime | None:
    """When it was written, in wall time; None where it is done with."""
    at: datetime | None = await db.fetchval(
        "SELECT recorded_at FROM outbox_event WHERE shard_key = $1 AND customer_id = $2 AND number = $3",
        event.customer.shard,
        event.customer.uuid,
        event.number,
    )
    return at


@dataclass(frozen=True, slots=True)
class Turn:
    """What stands after an event is done with: whether the holder still drains, and the event that is next, if any may
    be performed now. ``empty`` says that no event is left at all."""

    held: bool
    event: Event | None
    empty: bool


async def finish(marks: Autocommit, event: Event, holder: UUID, now: datetime, until: datetime) -> Turn:
    """Takes the event away once every consumer's effect is committed, and the next one in hand in the same commit.

    Where nothing is next the lease ends with it, so that whoever comes with a new event at this moment is not turned
    away by a drainer that looks no more.
    """
    row = await marks.fetchrow(
        """WITH gone AS (
               DELETE FROM outbox_event WHERE shard_key = $1 AND customer_id = $2 AND number = $3),
           rest AS (
               SELECT shard_key, customer_id, number, kind, body, attempts, clocked, retry_at, request_id
                 FROM outbox_event
                WHERE shard_key = $1 AND customer_id = $2 AND number <> $3 ORDER BY number LIMIT 1),
           lease AS (
               UPDATE outbox_lease
                  SET lease_until = CASE WHEN EXISTS (SELECT FROM rest WHERE coalesce(retry_at, $5) <= $5)
                                         THEN $6 ELSE timestamptz 'epoch' END
                WHERE shard_key = $1 AND customer_id = $2 AND holder = $4 RETURNING holder)
           SELECT r.shard_key, r.customer_id, r.number, r.kind, r.body, r.attempts, r.clocked, r.retry_at, r.request_id,
                  (SELECT holder FROM lease) AS holder
             FROM (VALUES (1)) AS one (row) LEFT JOIN rest r ON true""",
        event.customer.shard,
        event.customer.uuid,
        event.number,
        holder,
        now,
        until,
    )
    assert row is not None
    empty = row["number"] is None
    ready = not empty and (row["retry_at"] or now) <= now
    return Turn(row["holder"] is not None and ready, _event(row) if ready else None, empty)


@dataclass(frozen=True, slots=True)
class Passed:
    """How many events were taken away, and whether none is left."""

    count: int
    empty: bool


async def pass_over_first(marks: Autocommit, customer: CustomerId, kinds: Sequence[str]) -> Passed:
    """Takes away the customer's first events up to one of another kind or one that an endpoint of the tenant hears of:
    nobody performs anything for those kinds. It needs no lease, for the same reason as ``pass_over``.
    """
    row = await marks.fetchrow(
        """WITH told AS (
               SELECT unnest(w.kinds) AS kind
                 FROM customer_head h JOIN webhook_endpoint w ON w.tenant_id = h.tenant_id
                WHERE h.shard_key = $1 AND h.customer_id = $2 AND w.active),
           stop AS (
               SELECT min(o.number) AS number FROM outbox_event o
                WHERE o.shard_key = $1 AND o.customer_id = $2
                  AND (NOT o.kind = ANY ($3::text[]) OR o.kind IN (SELECT kind FROM told))),
           passed AS (
               DELETE FROM outbox_event e
                WHERE e.shard_key = $1 AND e.customer_id = $2
                  AND coalesce(e.number < (SELECT number FROM stop), true) RETURNING e.number)
           SELECT (SELECT count(*) FROM passed) AS passed, number AS stop FROM stop""",
        customer.shard,
        customer.uuid,
        kinds,
    )
    assert row is not None
    return Passed(row["passed"], row["stop"] is None)


class Waiting(Enum):
    """What waits in a customer's outbox."""

    NOTHING = "nothing"
    LATER = "later"  # its first event failed and waits for its next try
    NOW = "now"


async def waiting(db: Primary, customer: CustomerId, now: datetime) -> Waiting:
    """Whether the customer's first event may be performed now, or later, or there is none."""
    row = await db.fetchrow(
        "SELECT retry_at FROM outbox_event WHERE shard_key = $1 AND customer_id = $2 ORDER BY number LIMIT 1",
        customer.shard,
        customer.uuid,
    )
    if row is None:
        return Waiting.NOTHING
    return Waiting.NOW if (row["retry_at"] or now) <= now else Waiting.LATER


async def pass_over(marks: Autocommit, shard: int, customers: Sequence[CustomerId], kinds: Collection[str]) -> None:
    """Takes away each customer's first events up to one of another kind: nobody performs anything for those kinds.

    It needs no lease: an event that a drainer has in hand stands until its effect is there, and all later ones with it.
    """
    await marks.execute(
        """DELETE FROM outbox_event e
            WHERE e.shard_key = $1 AND e.customer_id = ANY ($2::uuid[]) AND e.kind = ANY ($3::text[])
              AND NOT EXISTS (SELECT FROM outbox_event b
                               WHERE b.shard_key = $1 AND b.customer_id = e.customer_id AND b.number < e.number
                                 AND NOT b.kind = ANY ($3::text[]))""",
        shard,
        [customer.uuid for customer in customers],
        list(kinds),
    )


async def put_back(marks: Autocommit, event: Event, retry_at: datetime) -> None:
    """Counts a failed try and says when the next one is due; the customer's later events wait behind it."""
    await marks.execute(
        """UPDATE outbox_event SET attempts = attempts + 1, retry_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND number = $3""",
        event.customer.shard,
        event.customer.uuid,
        event.number,
        retry_at,
    )


async def take_lease(marks: Autocommit, customer: CustomerId, holder: UUID, now: datetime, until: datetime) -> bool:
    """Whether the holder drains this customer's outbox from now on; a lease that ran out may be taken over."""
    taken = await marks.fetchval(
        """INSERT INTO outbox_lease (shard_key, customer_id, holder, lease_until) VALUES ($1, $2, $3, $5)
           ON CONFLICT (shard_key, customer_id) DO UPDATE
              SET holder = EXCLUDED.holder, lease_until = EXCLUDED.lease_until
            WHERE outbox_lease.holder = $3 OR outbox_lease.lease_until < $4 RETURNING holder""",
        customer.shard,
        customer.uuid,
        holder,
        now,
        until,
    )
    return taken is not None


async def give_lease_back(marks: Autocommit, customer: CustomerId, holder: UUID) -> None:
    """Ends the holder's lease, so that the next drainer need not wait it out, whatever either takes for the time."""
    await marks.execute(
        """UPDATE outbox_lease SET lease_until = 'epoch'
            WHERE shard_key = $1 AND customer_id = $2 AND holder = $3""",
        customer.shard,
        customer.uuid,
        holder,
    )
