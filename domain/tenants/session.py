"""Sessions of browsers: the row behind a cookie, whose tokens are sealed and whose secret stands here as a hash."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from domain.database import Database
from domain.db import Row
from domain.ids import CustomerId, SessionId, TenantId, uuid7
from domain.vault import Unsealable

IDLE = timedelta(minutes=30)  # who left the desk comes back to a sign-in (NIST SP 800-63B section 4.2.3)
LONGEST = {
    "portal": timedelta(hours=12),  # NIST SP 800-63B asks for a sign-in a day at the second level
    "staff": timedelta(hours=10),  # one working day
}
TOUCH = timedelta(minutes=1)  # how often a session that is used is written down as used
KEPT = timedelta(days=30)  # ended sessions, for whoever looks into what happened
SECRET_BYTES = 32  # 256 bits: nobody guesses one
_PURPOSE = b"web session"


class Tokens(msgspec.Struct, frozen=True):
    """What the identity provider gave; it never leaves the server."""

    access: str
    refresh: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has not ended. ``person`` is a user's id, or the scope of a member of staff."""

    owner: CustomerId
    id: UUID
    tenant: TenantId
    surface: str
    person: str
    tokens: Tokens
    fresh_until: datetime
    began_at: datetime
    idle_until: datetime
    ends_at: datetime
    opened_by: UUID | None = None
    sign_in: str | None = None
    """The key of the sign-in at the provider that it belongs to, if that has a name."""

    @property
    def name(self) -> str:
        """What it is called outside; it opens nothing."""
        return str(SessionId(self.owner.shard, self.id))


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a session is begun with."""

    owner: CustomerId
    tenant: TenantId
    surface: str
    person: str
    tokens: Tokens
    fresh_until: datetime
    ends_at: datetime
    opened_by: UUID | None = None
    sign_in: str | None = None


async def begin(db: Database, new: NewSession) -> str:
    """Stores a new session and returns what the browser keeps; the person's long ended ones are forgotten."""
    now, secret = db.clock.now(), db.entropy(SECRET_BYTES).hex()
    await db.marks.execute(
        """INSERT INTO web_session (shard_key, id, customer_id, tenant_id, surface, person, opened_by, secret_hash,
               sealed, fresh_until, began_at, idle_until, ends_at, sign_in_key)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
        new.owner.shard, uuid7(now, db.entropy(10)), new.owner.uuid, new.tenant.uuid, new.surface, new.person,
        new.opened_by, _hash(secret), _sealed(db, new.tokens), new.fresh_until, now,
        min(now + IDLE, new.ends_at), new.ends_at, new.sign_in,
    )  # fmt: skip
    await db.marks.execute(
        """DELETE FROM web_session WHERE shard_key = $1 AND customer_id = $2 AND person = $3 AND ends_at < $4""",
        new.owner.shard, new.owner.uuid, new.person, now - KEPT,
    )  # fmt: skip
    return f"{new.owner.shard:x}.{secret}"


async def find(db: Database, cookie: str, surface: str, *, used: bool = True) -> Session | None:
    """The session that a cookie opens at this surface; None for any other text, and for one that is over.

    One that is ``used`` by this begins to be idle anew.
    """
    shard, secret = _taken_apart(cookie)
    if shard is None:
        return None
    now = db.clock.now()
    row = await db.primary.fetchrow(
        """SELECT shard_key, id, customer_id, tenant_id, surface, person, opened_by, sealed, fresh_until, began_at,
                  idle_until, ends_at, sign_in_key
             FROM web_session
            WHERE shard_key = $1 AND secret_hash = $2 AND surface = $3 AND ended_at IS NULL AND idle_until > $4""",
        shard, _hash(secret), surface, now,
    )  # fmt: skip
    if row is None:
        return None
    session = _of(db, row)
    if used and session is not None and session.idle_until < min(now + IDLE - TOUCH, session.ends_at):
        await _touch(db, session, now)
    return session


async def _touch(db: Database, session: Session, now: datetime) -> None:
    await db.marks.execute(
        "UPDATE web_session SET idle_until = $3 WHERE shard_key = $1 AND id = $2 AND ended_at IS NULL",
        session.owner.shard, session.id, min(now + IDLE, session.ends_at),
    )  # fmt: skip


class _Kept(Protocol):
    @property
    def owner(self) -> CustomerId: ...
    @property
    def id(self) -> UUID: ...


async def end(db: Database, session: _Kept) -> None:
    """Ends a session; one that was opened from it to act for a customer opens nothing without it."""
    await db.marks.execute(
        """UPDATE web_session SET ended_at = $3 WHERE shard_key = $1 AND id = $2 AND ended_at IS NULL""",
        session.owner.shard, session.id, db.clock.now(),
    )  # fmt: skip


def _of(db: Database, row: Row) -> Session | None:
    try:
        tokens = msgspec.json.decode(db.vault.reveal(_PURPOSE, bytes(row["sealed"])), type=Tokens)
    except Unsealable:
        return None  # sealed under a key that is gone: the person signs in again
    return Session(
        CustomerId(row["shard_key"], row["customer_id"]), row["id"], TenantId(row["tenant_id"]), row["surface"],
        row["person"], tokens, row["fresh_until"], row["began_at"], row["idle_until"], row["ends_at"],
        row["opened_by"], row["sign_in_key"],
    )  # fmt: skip


def _sealed(db: Database, tokens: Tokens) -> bytes:
    return db.vault.hide(_PURPOSE, msgspec.json.encode(tokens), db.entropy)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _taken_apart(cookie: str) -> tuple[int | None, str]:
    shard, _, secret = cookie.partition(".")
    hexadecimal = all(character in "0123456789abcdef" for character in shard + secret)
    if not hexadecimal or not 1 <= len(shard) <= 7 or len(secret) != 2 * SECRET_BYTES:  # below the last int4
        return None, ""
    return int(shard, 16), secret


async def renewing(db: Database, session: Session, lease: timedelta) -> bool:
    """Whether this caller is the one that renews the tokens now; it has so long for it."""
    now = db.clock.now()
    rows = await db.marks.fetch(
        """UPDATE web_session SET refreshing_until = $4
            WHERE shard_key = $1 AND id = $2 AND ended_at IS NULL AND fresh_until = $3
              AND (refreshing_until IS NULL OR refreshing_until <= $5) RETURNING id""",
        session.owner.shard, session.id, session.fresh_until, now + lease, now,
    )  # fmt: skip
    return bool(rows)


async def renewed(db: Database, session: Session, tokens: Tokens, fresh_until: datetime) -> None:
    """Keeps the new tokens; the next renewal may begin."""
    await db.marks.execute(
        """UPDATE web_session SET sealed = $3, fresh_until = $4, refreshing_until = NULL
            WHERE shard_key = $1 AND id = $2 AND ended_at IS NULL""",
        session.owner.shard, session.id, _sealed(db, tokens), fresh_until,
    )  # fmt: skip
