"""Checks of dunning: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def timelines_hold(db: Primary, shard: int) -> list[Row]:
    """Retries stand in order and before the suspension, and nobody lost access before its day had come.

    Where the case was given up, all of the subscription's cases ended on one day, or staff did it: that is no promise.
    """
    return await db.fetch(
        """SELECT c.customer_id, 'dunning_case' AS relation, c.id::text AS row
             FROM dunning_case c
            WHERE c.shard_key = $1
              AND (c.retry_days IS DISTINCT FROM
                      ARRAY(SELECT DISTINCT day FROM unnest(c.retry_days) AS day ORDER BY day)
                   OR c.notice_days IS DISTINCT FROM
                      ARRAY(SELECT DISTINCT day FROM unnest(c.notice_days) AS day ORDER BY day)
                   OR c.suspend_at < ANY (SELECT c.opened_at + c.waited + day * interval '1 day'
                                             FROM unnest(c.retry_days) AS day)
                   OR (c.waiting_since IS NOT NULL) <> EXISTS (
                          SELECT FROM installment_plan p
                           WHERE p.shard_key = c.shard_key AND p.invoice_id = c.invoice_id AND p.ended_at IS NULL)
                   OR c.suspend_at < c.restrict_at OR c.give_up_at <= c.suspend_at OR c.payday_at > c.suspend_at
                   OR c.notices_told > cardinality(c.notice_days) + (c.restrict_at IS NOT NULL)::int
                   OR (c.state <> 'given_up' AND EXISTS (
                          SELECT FROM transition t
                           WHERE t.shard_key = c.shard_key AND t.entity_id = c.id AND t.to_state = 'suspended'
                             AND t.happened_at >= c.opened_at AND t.happened_at < c.suspend_at)))
            ORDER BY c.customer_id, c.id""",
        shard,
    )


CHECKS = (timelines_hold,)
