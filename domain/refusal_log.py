"""Refused calls, kept apart from the audit chain and never under the customer that was reached for."""

from datetime import datetime, timedelta

from domain.actor import Actor
from domain.database import Database
from domain.ids import uuid7
from domain.refusals import RefusalCode, Refused
from domain.wire import is_storable

A_MINUTE = timedelta(minutes=1)  # the span the allowance is for
ROWS_A_MINUTE = 600  # a flood of refused calls must not become a flood of rows; ten a second tell the story


class _Allowance:
    """How many rows this process may still write in the running minute."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.left = ROWS_A_MINUTE

    def take(self, now: datetime) -> bool:
        if self.until is None or now >= self.until:
            self.until, self.left = now + A_MINUTE, ROWS_A_MINUTE
        self.left -= 1
        return self.left >= 0


_allowance = _Allowance()


async def log_refusal(db: Database, actor: Actor, operation: str, code: RefusalCode) -> None:
    """Writes one row under the caller's own home, best effort; the system's own refusals are in its jobs' logs."""
    now = db.clock.now()
    if actor.home is None or not is_storable(actor.request_id) or not _allowance.take(now):
        return
    try:
        await db.marks.execute(
            """INSERT INTO refusal_log (shard_key, id, customer_id, actor_scope, operation, code, request_id,
                   recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            actor.home.shard, uuid7(now, db.entropy(10)), actor.home.uuid, actor.scope, operation, code.value,
            actor.request_id, now,
        )  # fmt: skip
    except Refused:
        return  # the caller's answer matters more than the note about it
