"""Dead letters: work that failed too often, kept with its cause until somebody replays it; the pipeline goes on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from domain.database import Database
from domain.db import Autocommit, Primary, Row, Tx
from domain.due import Due
from domain.ids import CustomerId, DeadLetterId, uuid7
from domain.outbox import Event
from domain.wire import Json, canonical

CAUSE_LENGTH = 200  # a kind of error and its first words; never a value, which could be personal


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What failed: its source, kind and ids, the cause and the id under which the error was logged."""

    customer: CustomerId
    id: DeadLetterId
    source: str
    kind: str
    body: dict[str, str]
    cause: str
    error_id: str
    attempts: int
    recorded_at: datetime
    replayed_at: datetime | None


async def bury(db: Database, work: Due | Event, cause: str, error_id: str) -> None:
    """Writes the dead letter; the work itself is taken away by the caller afterwards."""
    if isinstance(work, Due):
        source, body = "due", _due_body(work)
    else:
        source, body = "outbox", {"number": str(work.number), **work.body}
    now = db.clock.now()
    await db.marks.execute(
        """INSERT INTO dead_letter (shard_key, id, customer_id, source, kind, body, cause, error_id, attempts,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        work.customer.shard, uuid7(now, db.entropy(10)), work.customer.uuid, source, work.kind,
        canonical(dict[str, Json](body)).decode(), cause[:CAUSE_LENGTH], error_id, work.attempts + 1, now,
    )  # fmt: skip


def _due_body(work: Due) -> dict[str, str]:
    return {
        "subject": str(work.subject),
        "due_at": work.due_at.isoformat(),
        "scheduled_at": work.scheduled_at.isoformat(),
        "clocked": str(work.clocked).lower(),
    }


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(
        CustomerId(row["shard_key"], row["customer_id"]),
        DeadLetterId(row["shard_key"], row["id"]),
        row["source"],
        row["kind"],
        msgspec.json.decode(row["body"]),
        row["cause"],
        row["error_id"],
        row["attempts"],
        row["recorded_at"],
        row["replayed_at"],
    )


async def find(db: Primary, id: DeadLetterId) -> DeadLetter | None:
    """The letter of that id, replayed or not."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, id, source, kind, body, cause, error_id, attempts, recorded_at, replayed_at
             FROM dead_letter WHERE shard_key = $1 AND id = $2""",
        id.shard,
        id.uuid,
    )
    return _letter(row) if row else None


async def open_letters(db: Primary, shard: int, limit: int, after: DeadLetter | None = None) -> list[DeadLetter]:
    """The letters of a shard key that nobody has replayed yet, oldest first, from behind a letter of any shard key."""
    rows = await db.fetch(
        """SELECT shard_key, customer_id, id, source, kind, body, cause, error_id, attempts, recorded_at, replayed_at
             FROM dead_letter
            WHERE shard_key = $1 AND replayed_at IS NULL
              AND ($3::timestamptz IS NULL OR (recorded_at, id) > ($3::timestamptz, $4::uuid))
            ORDER BY recorded_at, id LIMIT $2""",
        shard,
        limit,
        after.recorded_at if after else None,
        after.id.uuid if after else None,
    )
    return [_letter(row) for row in rows]


async def mark_replayed(to: Autocommit | Tx, letter: DeadLetter, now: datetime) -> None:
    """Says that the work was put back or done."""
    await to.execute(
        "UPDATE dead_letter SET replayed_at = $3 WHERE shard_key = $1 AND id = $2",
        letter.id.shard,
        letter.id.uuid,
        now,
    )


def buried_work(letter: DeadLetter) -> Due:
    """The due work that a letter holds, as if it had not been tried."""
    body = letter.body
    due_at, scheduled_at = (datetime.fromisoformat(body[name]) for name in ("due_at", "scheduled_at"))
    clocked = body["clocked"] == "true"
    return Due(letter.customer, letter.kind, UUID(body["subject"]), due_at, 0, clocked, scheduled_at)


def buried_event(letter: DeadLetter) -> Event:
    """The event that a letter holds, as if it had not been tried."""
    body = dict(letter.body)
    return Event(letter.customer, int(body.pop("number")), letter.kind, body, 0, False)
