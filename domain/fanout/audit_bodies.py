"""Bodies of the audit trail that are old enough to be forgotten."""

from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId


async def old_audit_bodies(db: Primary, before: datetime, limit: int) -> dict[CustomerId, list[int]]:
    """The numbers of at most so many bodies from before then, by customer; none of a customer on legal hold."""
    rows = await db.fetch(
        """-- fanout
           SELECT b.shard_key, b.customer_id, b.number FROM audit_body b
            WHERE b.recorded_at <= $1
              AND NOT EXISTS (SELECT 1 FROM legal_hold h
                               WHERE h.shard_key = b.shard_key AND h.customer_id = b.customer_id
                                 AND h.lifted_at IS NULL)
            LIMIT $2""",
        before,
        limit,
    )
    found: dict[CustomerId, list[int]] = {}
    for row in rows:
        found.setdefault(CustomerId(row["shard_key"], row["customer_id"]), []).append(row["number"])
    return found
