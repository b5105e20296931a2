"""What happened at a tenant's doors: who signed in and out, who was let act for whom, what was revoked and refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.database import Database
from domain.db import Primary, Row
from domain.ids import CustomerId, uuid7
from domain.refusals import Refused
from domain.wire import is_storable


class SecurityKind(StrEnum):
    """What happened."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    STEP_UP = "step_up"
    ACTING_BEGAN = "acting_began"
    ACTING_ENDED = "acting_ended"
    SESSIONS_ENDED = "sessions_ended"
    PROVIDER_LOGOUT = "provider_logout"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: ``person`` did it or had it done, ``about`` is a customer or session, ``cause`` says why if told.

    Both are ids, never names. ``cause`` is the reason that staff gave for acting, or a short word of ours.
    """

    kind: SecurityKind
    surface: str
    person: str = ""
    about: str = ""
    cause: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """A happening as it was written down."""

    id: UUID
    at: datetime
    what: Happening


NEAR = timedelta(minutes=2)  # a request ends within it, so what it did at the doors has an id of these minutes
_FIRST = bytes(10)  # the entropy of the first id of a millisecond


async def log_security(db: Database, home: CustomerId, what: Happening) -> None:
    """Writes one row under the tenant's house, best effort: nobody is kept out because a note could not be made.

    Of failed sign-ins, which anybody can cause, a process writes so many a minute; whatever else happened is always
    written, so that no flood hides who acted for whom.
    """
    now = db.clock.now()
    if not is_storable([what.person, what.about, what.cause, what.request_id]):
        return
    if what.kind is SecurityKind.LOGIN_FAILED and not db.strangers.take(now):
        return
    try:
        await db.marks.execute(
            """INSERT INTO security_event (shard_key, id, customer_id, kind, surface, person, about, cause, request_id,
                   recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            home.shard, uuid7(now, db.entropy(10)), home.uuid, what.kind.value, what.surface, what.person, what.about,
            what.cause, what.request_id, now,
        )  # fmt: skip
    except Refused:
        return  # the caller's answer matters more than the note about it


async def happenings(db: Primary, home: CustomerId, before: UUID | None, limit: int) -> list[Happened]:
    """The newest first, before that one if one is named."""
    rows = await db.fetch(
        """SELECT id, kind, surface, person, about, cause, request_id, recorded_at FROM security_event
            WHERE shard_key = $1 AND customer_id = $2 AND ($3::uuid IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4""",
        home.shard, home.uuid, before, limit,
    )  # fmt: skip
    return [_happened(row) for row in rows]


def _happened(row: Row) -> Happened:
    what = Happening(
        SecurityKind(row["kind"]), row["surface"], row["person"], row["about"], row["cause"], row["request_id"]
    )
    return Happened(row["id"], row["recorded_at"], what)


async def happenings_near(db: Primary, home: CustomerId, request_id: str, at: datetime) -> list[Happened]:
    """What the request of that id, whose work was committed at that instant, did at the doors; in order."""
    rows = await db.fetch(
        """SELECT id, kind, surface, person, about, cause, request_id, recorded_at FROM security_event
            WHERE shard_key = $1 AND customer_id = $2 AND id >= $3 AND id < $4 AND request_id = $5 ORDER BY id""",
        home.shard, home.uuid, uuid7(at - NEAR, _FIRST), uuid7(at + NEAR, _FIRST), request_id,
    )  # fmt: skip
    return [_happened(row) for row in rows]


async def count_happenings(db: Primary, home: CustomerId, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM security_event
                                  WHERE shard_key = $1 AND customer_id = $2 LIMIT $3) AS e""",
        home.shard,
        home.uuid,
        cap,
    )
    return count
