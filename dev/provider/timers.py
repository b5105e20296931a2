"""What settles by itself later: a row per open object, so that a killed provider still settles it."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from dev.provider.store import moment

DEFAULT_SETTLE_MS: Final = 1_000  # long enough to be seen as processing, short enough for a demo

AS_SCRIPTED: Final = "as_scripted"


@dataclass(frozen=True, slots=True)
class Timer:
    """`outcome` is AS_SCRIPTED, "succeeded" or a failure code."""

    object: str
    outcome: str


def start_timer(db: sqlite3.Connection, subject: str, outcome: str, after_ms: int | None) -> None:
    """Settle the object after that time; None waits for the admin API."""
    due_at = None if after_ms is None else moment().timestamp() + after_ms / 1000
    db.execute("INSERT INTO timers (object, outcome, due_at) VALUES (?, ?, ?)", (subject, outcome, due_at))


def stop_timer(db: sqlite3.Connection, subject: str) -> Timer | None:
    """Take the object's timer away and return it, or None when nothing is open."""
    row = db.execute("DELETE FROM timers WHERE object = ? RETURNING object, outcome", (subject,)).fetchone()
    return Timer(row["object"], row["outcome"]) if row else None


def due_timers(db: sqlite3.Connection) -> list[Timer]:
    """The timers whose time has come, in order."""
    rows = db.execute(
        "SELECT object, outcome FROM timers WHERE due_at <= ? ORDER BY due_at, number", (moment().timestamp(),)
    )
    return [Timer(row["object"], row["outcome"]) for row in rows]


def next_due(db: sqlite3.Connection) -> float | None:
    """Seconds until the next timer or delivery is due, at least 0; None when none is."""
    row = db.execute(
        "SELECT min(due_at) AS due_at FROM (SELECT min(due_at) AS due_at FROM timers"
        " UNION ALL SELECT min(due_at) FROM deliveries WHERE state = 'due')"
    ).fetchone()
    return None if row["due_at"] is None else max(0.0, row["due_at"] - moment().timestamp())
