"""What a process that died holds is held for half a minute: tests of every run let that time pass at once."""

from arq.connections import ArqRedis

from domain.database import Database
from domain.fanout.waiting import shard_keys
from tests.jobs_kit import let_go


async def a_minute_passes(db: Database, redis: ArqRedis) -> None:
    """For everybody's leases, in the database and in the queue, and for what the provider is asked again."""
    for shard in await shard_keys(db.primary):
        await db.marks.execute(
            "UPDATE outbox_lease SET lease_until = lease_until - interval '1 minute' WHERE shard_key = $1", shard
        )
        await db.marks.execute(
            """UPDATE due_work
                  SET lease_until = lease_until - interval '1 minute',
                      due_at = CASE WHEN kind IN ('send_payment', 'send_refund') THEN due_at - interval '1 minute'
                                    ELSE due_at END
                WHERE shard_key = $1 AND (lease_until IS NOT NULL OR kind IN ('send_payment', 'send_refund'))""",
            shard,
        )
    await let_go(redis)
