"""Forgetting what old operations were asked and answered; that they were done, by which hash, stays for ever."""

from datetime import datetime, timedelta

from domain.db import Autocommit, Primary
from domain.fanout.audit_bodies import old_audit_bodies

BATCH = 1000  # a megabyte or two in one look
A_YEAR = timedelta(days=366)  # never less than one of the calendar's


async def forget_audit_bodies(marks: Autocommit, db: Primary, now: datetime, years: int, batch: int = BATCH) -> int:
    """Deletes the bodies of entries that are older than that; returns how many.

    The chain holds without them, since each entry keeps its body's hash. A customer on legal hold keeps all of its own.
    """
    before, forgotten = now - years * A_YEAR, 0
    while True:
        old, gone = await old_audit_bodies(db, before, batch), 0
        for customer, numbers in old.items():
            rows = await marks.fetch(
                """DELETE FROM audit_body
                    WHERE shard_key = $1 AND customer_id = $2 AND number = ANY ($3::bigint[]) AND recorded_at <= $4
                    RETURNING number""",
                customer.shard, customer.uuid, numbers, before,
            )  # fmt: skip
            gone += len(rows)
        forgotten += gone
        if not gone or sum(map(len, old.values())) < batch:
            return forgotten
