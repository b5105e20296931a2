"""The provider's books on disk: one SQLite connection, used by one event loop and never across an await."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SCHEMA_VERSION: Final = 2

_SCHEMA: Final = """
CREATE TABLE records (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, reference TEXT,
    owner TEXT, status TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX records_by_reference ON records (kind, reference);
CREATE INDEX records_by_owner ON records (kind, owner, status);
CREATE TABLE keys (
    key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, record TEXT NOT NULL, answer BLOB NOT NULL,
    used_at REAL NOT NULL) STRICT;
CREATE TABLE tries (key TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE voided_references (reference TEXT PRIMARY KEY) STRICT;
CREATE TABLE behaviours (scope TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE timers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL UNIQUE, outcome TEXT NOT NULL, due_at REAL) STRICT;
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, object TEXT NOT NULL,
    sequence INTEGER NOT NULL, method TEXT, created_at REAL NOT NULL, body BLOB NOT NULL,
    UNIQUE (object, sequence)) STRICT;
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event INTEGER NOT NULL REFERENCES events (number), url TEXT NOT NULL,
    state TEXT NOT NULL, due_at REAL, tries INTEGER NOT NULL DEFAULT 0, last_status INTEGER) STRICT;
CREATE INDEX deliveries_by_due ON deliveries (state, due_at);
CREATE INDEX deliveries_by_event ON deliveries (event);
CREATE TABLE lines (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object TEXT NOT NULL, payment TEXT NOT NULL,
    reference TEXT NOT NULL, currency TEXT NOT NULL, gross_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL,
    created_at REAL NOT NULL, payout TEXT) STRICT;
CREATE INDEX lines_by_payout ON lines (payout, currency);
CREATE INDEX lines_by_payment ON lines (payment);
"""

_EMPTY: Final = """
BEGIN IMMEDIATE;
DELETE FROM records; DELETE FROM keys; DELETE FROM tries; DELETE FROM voided_references; DELETE FROM behaviours;
DELETE FROM timers; DELETE FROM deliveries; DELETE FROM events; DELETE FROM lines;
COMMIT;
"""


class WrongState(Exception):
    """The state file belongs to another version of the provider."""


class Store:
    """Opens or creates the books; `path` may be ":memory:". Raises WrongState for books of another version."""

    def __init__(self, path: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing in WAL mode: written pages are the kernel's. Only a power cut could.
        self.db.execute("PRAGMA synchronous = NORMAL")
        self._prepare(path)

    def _prepare(self, path: str) -> None:
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            self.db.close()
            raise WrongState(f"{path} holds provider state of version {version}, not {SCHEMA_VERSION}: remove it")
        if version == 0:
            self.db.executescript(f"BEGIN;{_SCHEMA};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing when the block raises."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def forget_everything(self) -> None:
        """Empty every table."""
        self.db.executescript(_EMPTY)

    def close(self) -> None:
        self.db.close()


def moment() -> datetime:
    """The provider's clock: the real one, for no test clock moves a provider."""
    return datetime.now(UTC)
