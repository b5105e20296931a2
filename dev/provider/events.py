"""Events: what happened to an object, numbered per object, kept for ever, and queued for delivery."""

import random
import sqlite3
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import msgspec

from dev.provider import records
from dev.provider.behaviour import WebhookRule, webhook_rule
from dev.provider.records import Dispute, Method, Payment, Payout, Refund, kind_of
from dev.provider.refusals import Refusal, Why
from dev.provider.store import moment

_LATE_MS: Final = 2_000  # longer than the product waits for a provider's answer
_SHUFFLE_MS: Final = 500  # wide enough for a payment's few events to change places

Subject = Payment | Refund | Dispute | Payout
_SUBJECTS: Final[dict[str, type[Subject]]] = {kind_of(shape): shape for shape in (Payment, Refund, Dispute, Payout)}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` is the object as it was then."""

    number: int
    id: str
    type: str
    sequence: int
    created_at: datetime
    subject: Subject


def emit(db: sqlite3.Connection, what: str, subject: Subject) -> None:
    """Record `payment.succeeded` and the like with the object's next sequence number, and queue its deliveries."""
    method_id = None if isinstance(subject, Payout) else subject.method
    now = moment().timestamp()
    row = db.execute(
        "INSERT INTO events (id, type, object, sequence, method, created_at, body)"
        " SELECT ?1, ?2, ?3, coalesce(max(sequence), 0) + 1, ?4, ?5, ?6 FROM events WHERE object = ?3"
        " RETURNING number",
        (f"event_{uuid4().hex}", what, subject.id, method_id, now, msgspec.json.encode(subject)),
    ).fetchone()
    method = records.find(db, Method, method_id) if method_id else None
    _queue(db, row["number"], now, webhook_rule(db, method))


def _queue(db: sqlite3.Connection, event: int, now: float, rule: WebhookRule) -> None:
    state, dues = "due", [now]
    match rule.mode:
        case "late":
            dues = [now + _seconds(rule, _LATE_MS)]
        case "twice":
            dues = [now, now]
        case "shuffled":
            dues = [now + random.uniform(0, _seconds(rule, _SHUFFLE_MS))]
        case "on_demand":
            state = "held"
        case "never":
            dues = []
    for due_at in dues:
        db.execute(
            "INSERT INTO deliveries (event, url, state, due_at) VALUES (?, ?, ?, ?)",
            (event, rule.url or "", state, due_at),
        )


def _seconds(rule: WebhookRule, default_ms: int) -> float:
    return (default_ms if rule.delay_ms is None else rule.delay_ms) / 1000


def list_events(
    db: sqlite3.Connection,
    after: str | None,
    subject: str | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    delivered: bool | None = None,
) -> list[Event]:
    """Events in the order they happened: after a given event, of one object, between two instants, where asked.

    ``delivered`` narrows to those that every receiver took, or to those of which a delivery is under way, was given up
    or was never made.
    """
    rows = db.execute(
        "SELECT * FROM events WHERE (?1 IS NULL OR number > (SELECT number FROM events WHERE id = ?1))"
        " AND (?2 IS NULL OR object = ?2) AND (?4 IS NULL OR created_at >= ?4) AND (?5 IS NULL OR created_at < ?5)"
        " AND (?6 IS NULL OR ?6 = (SELECT coalesce(min(state = 'done'), 0) FROM deliveries"
        " WHERE event = events.number)) ORDER BY number LIMIT ?3",
        (after, subject, limit, since and since.timestamp(), until and until.timestamp(), delivered),
    )
    return [_read(row) for row in rows]


def get_event(db: sqlite3.Connection, number: int) -> Event:
    """The event with this number, which must exist."""
    return _read(db.execute("SELECT * FROM events WHERE number = ?", (number,)).fetchone())


def number_of(db: sqlite3.Connection, event_id: str) -> int:
    """The event's place in the order of all events; refused as NOT_FOUND when there is none."""
    row = db.execute("SELECT number FROM events WHERE id = ?", (event_id,)).fetchone()
    if row is None:
        raise Refusal(Why.NOT_FOUND, "no such event")
    return int(row["number"])


def _read(row: sqlite3.Row) -> Event:
    shape = _SUBJECTS[row["object"].partition("_")[0]]
    return Event(
        number=row["number"],
        id=row["id"],
        type=row["type"],
        sequence=row["sequence"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        subject=msgspec.json.decode(row["body"], type=shape),
    )
