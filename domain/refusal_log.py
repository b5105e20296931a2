"""Refused calls, kept apart from the audit chain and never under the customer that was reached for."""

from domain.actor import Actor
from domain.database import Database
from domain.ids import uuid7
from domain.refusals import RefusalCode, Refused
from domain.wire import is_storable


async def log_refusal(db: Database, actor: Actor, operation: str, code: RefusalCode) -> None:
    """Writes one row under the caller's own home, best effort; the system's own refusals are in its jobs' logs."""
    if code is RefusalCode.UNAVAILABLE:
        return  # a server that takes no change takes no note of it: the caller would wait once more, and for that
    now = db.clock.now()
    if actor.home is None or not is_storable(actor.request_id) or not db.refusals.take(now):
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
