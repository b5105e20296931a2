"""Keys of operations that moved nothing: forgotten after the days for which a client may still retry."""

from datetime import datetime

from domain.db import Autocommit

BATCH = 1000  # deleted at once: a few milliseconds, so that nobody waits behind it


async def forget_expired(marks: Autocommit, shard: int, now: datetime, batch: int = BATCH) -> int:
    """Deletes the keys of a shard key whose time is over; returns how many. Keys that moved money have no end."""
    forgotten = 0
    while True:
        gone = await marks.fetch(
            """DELETE FROM operation_key
                WHERE shard_key = $1 AND (customer_id, actor_scope, key) IN (
                      SELECT k.customer_id, k.actor_scope, k.key FROM operation_key k
                       WHERE k.shard_key = $1 AND k.keep_until <= $2 ORDER BY k.keep_until LIMIT $3)
                RETURNING customer_id""",
            shard,
            now,
            batch,
        )
        forgotten += len(gone)
        if len(gone) < batch:
            return forgotten
