"""Forgetting the raw bodies of provider events, which name people, once nobody has a use for them."""

from datetime import datetime, timedelta

from domain.db import Autocommit, Primary
from domain.fanout.provider_events import old_bodies

KEEP_BODIES = timedelta(days=90)  # a provider's own log reaches back 30 days, and a quarter is what books wait for
BATCH = 500  # a few megabytes in one look


async def forget_bodies(marks: Autocommit, db: Primary, now: datetime, batch: int = BATCH) -> int:
    """Deletes the bodies of events that were done with long ago; returns how many.

    What it was, and that it came, stays: id, kind, object, state and the hash of its body. A dead event keeps its body
    until it is done with.
    """
    forgotten = 0
    while True:
        old = await old_bodies(db, now - KEEP_BODIES, batch)
        for key, recorded_at in old:
            await marks.execute("DELETE FROM webhook_body WHERE event_key = $1 AND recorded_at = $2", key, recorded_at)
        forgotten += len(old)
        if len(old) < batch:
            return forgotten
