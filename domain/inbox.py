"""The inbox: a provider's events, stored once before anything is done with them, and what became of each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from domain.db import Autocommit, Primary, Row
from domain.machine import Machine
from domain.wire import canonical

INBOX = Machine(
    "inbox",
    {
        ("new", "receive"): "received",
        ("received", "apply"): "applied",
        ("received", "wait"): "waiting",
        ("received", "drop"): "stale",
        ("received", "bury"): "dead",
        ("waiting", "apply"): "applied",
        ("waiting", "wait"): "waiting",
        ("waiting", "drop"): "stale",
        ("waiting", "bury"): "dead",
        ("dead", "replay"): "received",
    },
)

PENDING = frozenset({"received", "waiting"})
LEASE = timedelta(seconds=30)  # above the provider's time limit; a worker that died is replaced within half a minute
CAUSE_LENGTH = 200  # a kind of error and its first words; never a value, which could be personal


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of an authentic event before its body is looked into; ``object_ref`` is empty where it has none."""

    account: str
    event_id: str
    kind: str
    object_ref: str
    sequence: int

    @property
    def key(self) -> str:
        """One per event of a provider account, whatever was delivered how often."""
        return f"{self.account}:{self.event_id}"


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """A stored event and where it stands; ``cause`` says why it is stale or dead, or why it is not done with yet."""

    key: str
    account: str
    kind: str
    object_ref: str
    sequence: int
    state: str
    attempts: int
    cause: str
    error_id: str | None
    recorded_at: datetime


def inbox_event(row: Row) -> InboxEvent:
    """The event of a row that selects all its columns."""
    return InboxEvent(
        row["event_key"],
        row["provider_account"],
        row["kind"],
        row["object_ref"],
        row["object_sequence"],
        row["state"],
        row["attempts"],
        row["cause"],
        row["error_id"],
        row["recorded_at"],
    )


async def store(marks: Autocommit, arrival: Arrival, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Keeps the event with its raw body, both or none; False where it is there already."""
    stored = await marks.fetchval(
        """WITH stored AS (
               INSERT INTO inbox_event (event_key, provider_account, event_id, kind, object_ref, object_sequence,
                   machine, previous_state, last_event, state, attempts, due_at, cause, recorded_at, body_sha256)
               VALUES ($1, $2, $3, $4, $5, $6, 'inbox', 'new', 'receive', 'received', 0, $7, '', $7, $10)
               ON CONFLICT DO NOTHING RETURNING event_key, recorded_at)
           INSERT INTO webhook_body (event_key, recorded_at, headers, body)
           SELECT s.event_key, s.recorded_at, $8, $9 FROM stored s RETURNING event_key""",
        arrival.key,
        arrival.account,
        arrival.event_id,
        arrival.kind,
        arrival.object_ref,
        arrival.sequence,
        now,
        canonical(dict(headers)).decode(),
        body,
        hashlib.sha256(body).digest(),
    )
    return stored is not None


async def find(db: Primary, key: str) -> InboxEvent | None:
    """The event of that key."""
    row = await db.fetchrow(
        """SELECT event_key, provider_account, kind, object_ref, object_sequence, state, attempts, cause, error_id,
                  recorded_at
             FROM inbox_event WHERE event_key = $1""",
        key,
    )
    return inbox_event(row) if row else None


async def raw_of(db: Primary, event: InboxEvent) -> tuple[dict[str, str], bytes]:
    """The headers and the body as they came in; both empty for a kind that means nothing to us."""
    row = await db.fetchrow(
        "SELECT headers, body FROM webhook_body WHERE event_key = $1 AND recorded_at = $2",
        event.key,
        event.recorded_at,
    )
    assert row is not None, "an event is stored with its body"
    return msgspec.json.decode(row["headers"], type=dict[str, str]), row["body"]


async def claim(marks: Autocommit, key: str, now: datetime) -> InboxEvent | None:
    """The event, held for the length of a lease; None where it is done with, not due, or another has it."""
    row = await marks.fetchrow(
        """UPDATE inbox_event SET lease_until = $3
            WHERE event_key = $1 AND state IN ('received', 'waiting') AND due_at <= $2
              AND (lease_until IS NULL OR lease_until <= $2)
            RETURNING event_key, provider_account, kind, object_ref, object_sequence, state, attempts, cause, error_id,
                      recorded_at""",
        key,
        now,
        now + LEASE,
    )
    return inbox_event(row) if row else None


async def move(
    marks: Autocommit, event: InboxEvent, to: str, due_at: datetime, *, cause: str = "", error_id: str | None = None,
    failed: bool = False,
) -> str:  # fmt: skip
    """Makes the machine's move and gives the lease back; where another worker made one first, that one stands."""
    state = INBOX.next(event.state, to)
    await marks.execute(
        """UPDATE inbox_event SET previous_state = $2, last_event = $3, state = $4, due_at = $5, cause = $6,
                  error_id = $7, attempts = $8, lease_until = NULL
            WHERE event_key = $1 AND state = $2""",
        event.key,
        event.state,
        to,
        state,
        due_at,
        cause[:CAUSE_LENGTH],
        error_id,
        event.attempts + failed,
    )
    return state


async def put_back(marks: Autocommit, event: InboxEvent, due_at: datetime, cause: str, error_id: str) -> None:
    """Counts a failed try and says why it failed; nobody looks at the event before the given instant."""
    await marks.execute(
        """UPDATE inbox_event SET attempts = attempts + 1, due_at = $3, cause = $4, error_id = $5, lease_until = NULL
            WHERE event_key = $1 AND state = $2""",
        event.key,
        event.state,
        due_at,
        cause[:CAUSE_LENGTH],
        error_id,
    )


async def make_due(marks: Autocommit, key: str, now: datetime) -> None:
    """Ends the wait of an event whose predecessor has come."""
    await marks.execute(
        "UPDATE inbox_event SET due_at = $2 WHERE event_key = $1 AND state = 'waiting' AND due_at > $2", key, now
    )


async def revive(marks: Autocommit, event: InboxEvent, now: datetime) -> None:
    """Makes a dead event one that has just come in; STATE_CONFLICT for one that is not dead."""
    await marks.execute(
        """UPDATE inbox_event SET previous_state = $2, last_event = 'replay', state = $3, attempts = 0, due_at = $4,
                  cause = '', error_id = NULL, lease_until = NULL
            WHERE event_key = $1 AND state = $2""",
        event.key,
        event.state,
        INBOX.next(event.state, "replay"),
        now,
    )


async def forget_body(marks: Autocommit, key: str) -> None:
    """Deletes what an event said; that it came, and what became of it, stays."""
    await marks.execute("DELETE FROM webhook_body WHERE event_key = $1", key)
