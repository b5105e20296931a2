"""A provider's events as a whole: those that wait for a worker, the dead ones, and the others of one object."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.inbox import InboxEvent, inbox_event


async def events_due(db: Primary, now: datetime, limit: int) -> list[str]:
    """Keys of events that may be looked at now and that nobody holds, the longest waiting first."""
    rows = await db.fetch(
        """-- fanout
           SELECT event_key FROM inbox_event
            WHERE state IN ('received', 'waiting') AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
            ORDER BY due_at, event_key LIMIT $2""",
        now,
        limit,
    )
    return [row["event_key"] for row in rows]


async def listened_through(db: Primary, until: datetime) -> set[str]:
    """The provider accounts of whose events those up to the instant, or to a later one, were heard of to their end."""
    rows = await db.fetch(
        """-- fanout
           SELECT provider_account FROM event_look WHERE ended_at IS NOT NULL AND until > $1""",
        until,
    )
    return {row["provider_account"] for row in rows}


async def listened_until(db: Primary) -> dict[str, datetime]:
    """Up to which instant each provider account's events were heard of, or are in the round that is under way."""
    rows = await db.fetch(
        """-- fanout
           SELECT provider_account, until FROM event_look"""
    )
    return {row["provider_account"]: row["until"] for row in rows}


async def events_kept(db: Primary, keys: Collection[str]) -> set[str]:
    """Which of the keys are those of events that are kept."""
    rows = await db.fetch(
        """-- fanout
           SELECT event_key FROM inbox_event WHERE event_key = ANY ($1::text[])""",
        list(keys),
    )
    return {row["event_key"] for row in rows}


async def dead_events(db: Primary, limit: int) -> list[InboxEvent]:
    """Events that failed too often or that nothing could be done with, oldest first."""
    rows = await db.fetch(
        """-- fanout
           SELECT event_key, provider_account, kind, object_ref, object_sequence, state, attempts, cause, error_id,
                  recorded_at
             FROM inbox_event WHERE state = 'dead' ORDER BY recorded_at LIMIT $1""",
        limit,
    )
    return [inbox_event(row) for row in rows]


async def events_not_done(db: Primary, limit: int) -> list[InboxEvent]:
    """Events that wait for a worker, for the one before them or for the provider, the oldest first."""
    rows = await db.fetch(
        """-- fanout
           SELECT event_key, provider_account, kind, object_ref, object_sequence, state, attempts, cause, error_id,
                  recorded_at
             FROM inbox_event WHERE state IN ('received', 'waiting') ORDER BY recorded_at, event_key LIMIT $1""",
        limit,
    )
    return [inbox_event(row) for row in rows]


async def old_bodies(db: Primary, before: datetime, limit: int) -> list[tuple[str, datetime]]:
    """Keys and instants of raw bodies from before the instant whose events are done with, the oldest first."""
    rows = await db.fetch(
        """-- fanout
           SELECT b.event_key, b.recorded_at
             FROM webhook_body b
             JOIN inbox_event e ON e.event_key = b.event_key
            WHERE b.recorded_at < $1 AND e.state IN ('applied', 'stale')
            ORDER BY b.recorded_at LIMIT $2""",
        before,
        limit,
    )
    return [(row["event_key"], row["recorded_at"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of an object's other events: the highest sequence done with, and whether one was equal to ours."""

    passed: int
    equal: bool


async def others_done(db: Primary, event: InboxEvent) -> Around:
    """The event's place among those of its object that are done with; zero where it is the first."""
    row = await db.fetchrow(
        """-- fanout
           SELECT coalesce(max(object_sequence), 0) AS passed, coalesce(bool_or(object_sequence = $3), false) AS equal
             FROM inbox_event
            WHERE provider_account = $1 AND object_ref = $2 AND event_key <> $4
              AND state IN ('applied', 'stale', 'dead')""",
        event.account,
        event.object_ref,
        event.sequence,
        event.key,
    )
    assert row is not None
    return Around(row["passed"], row["equal"])


async def next_waiting(db: Primary, event: InboxEvent) -> str | None:
    """The key of the object's next event that waits for one before it, this one perhaps."""
    key: str | None = await db.fetchval(
        """-- fanout
           SELECT event_key FROM inbox_event
            WHERE provider_account = $1 AND object_ref = $2 AND object_sequence > $3 AND state = 'waiting'
            ORDER BY object_sequence LIMIT 1""",
        event.account,
        event.object_ref,
        event.sequence,
    )
    return key


async def events_about(db: Primary, account: str, references: Collection[str]) -> list[str]:
    """Keys of the account's events about one of these objects that nobody works on any more."""
    rows = await db.fetch(
        """-- fanout
           SELECT event_key FROM inbox_event
            WHERE provider_account = $1 AND object_ref = ANY ($2::text[]) AND state IN ('applied', 'stale', 'dead')
            ORDER BY event_key""",
        account,
        list(references),
    )
    return [row["event_key"] for row in rows]
