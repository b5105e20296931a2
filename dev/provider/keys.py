"""Idempotency keys: the first answer under a key is kept with the effect, in the same transaction."""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from dev.provider.records import R
from dev.provider.refusals import Refusal, Why
from dev.provider.store import moment

KEY_WINDOW: Final = timedelta(hours=24)  # as long as the large providers promise; afterwards a key is new again


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A client's key and the hash of what it is used for."""

    key: str
    fingerprint: bytes


def fingerprint(operation: str, body: msgspec.Struct) -> bytes:
    """Equal for equal requests, whatever the order of their fields."""
    return hashlib.sha256(operation.encode() + b"\n" + msgspec.json.encode(body, order="deterministic")).digest()


def once(db: sqlite3.Connection, use: KeyUse, shape: type[R], act: Callable[[sqlite3.Connection], R]) -> tuple[R, bool]:
    """The object as it was first answered under the key and whether that was before; KEY_REUSED for another request."""
    oldest = (moment() - KEY_WINDOW).timestamp()
    db.execute("DELETE FROM keys WHERE key = ? AND used_at < ?", (use.key, oldest))
    row = db.execute("SELECT fingerprint, answer FROM keys WHERE key = ?", (use.key,)).fetchone()
    if row:
        if row["fingerprint"] != use.fingerprint:
            raise Refusal(Why.KEY_REUSED, "the key was used for another request")
        return msgspec.json.decode(row["answer"], type=shape), True
    record = act(db)
    db.execute(
        "INSERT INTO keys (key, fingerprint, record, answer, used_at) VALUES (?, ?, ?, ?, ?)",
        (use.key, use.fingerprint, record.id, msgspec.json.encode(record), moment().timestamp()),
    )
    return record, False


def record_of(db: sqlite3.Connection, key: str) -> str | None:
    """The id of what was created under the key."""
    row = db.execute("SELECT record FROM keys WHERE key = ?", (key,)).fetchone()
    return str(row["record"]) if row else None


def forget(db: sqlite3.Connection, key: str) -> None:
    """End the key's window now."""
    db.execute("DELETE FROM keys WHERE key = ?", (key,))


def count_try(db: sqlite3.Connection, key: str) -> int:
    """1 for the first request under the key, 2 for the next …; kept apart from the answers."""
    row = db.execute(
        "INSERT INTO tries (key, count) VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET count = count + 1"
        " RETURNING count",
        (key,),
    ).fetchone()
    return int(row["count"])
