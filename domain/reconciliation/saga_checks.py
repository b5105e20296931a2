"""Checks of sagas: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def sagas_hold(db: Primary, shard: int) -> list[Row]:
    """One that goes on has work due at its time-out, and one that is stuck is an exception of its own or of its refund.

    Once all that happened to a customer is performed, none goes on beside facts that are over, and none is over beside
    facts that are not. What a provider says of a refund when its saga was over is a doubt of its own.
    """
    return await db.fetch(
        """SELECT s.customer_id, 'saga' AS relation, s.id::text AS row
             FROM saga s
             JOIN subscription b ON b.shard_key = s.shard_key AND b.id = s.subscription_id
             LEFT JOIN LATERAL (
                  SELECT bool_and(r.state IN ('succeeded', 'failed', 'rejected', 'canceled')) AS over,
                         bool_or(e.id IS NOT NULL) AS doubted
                    FROM refund r
                    LEFT JOIN exception_case e ON e.shard_key = r.shard_key AND e.subject = r.id
                                              AND e.state <> 'resolved'
                                              AND (s.ended_at IS NULL OR e.happened_at < s.ended_at)
                   WHERE r.shard_key = s.shard_key AND r.customer_id = s.customer_id
                     AND r.credit_note_id = s.credit_note_id) f ON true
            WHERE s.shard_key = $1
              AND ((s.state IN ('running', 'compensating')) <> EXISTS (
                       SELECT FROM due_work d
                        WHERE d.shard_key = s.shard_key AND d.customer_id = s.customer_id AND d.kind = 'look_at_saga'
                          AND d.subject = s.id)
                   OR (s.state = 'stuck' AND NOT EXISTS (
                       SELECT FROM exception_case e
                         LEFT JOIN payment p ON p.shard_key = e.shard_key AND p.id = e.payment_id
                         LEFT JOIN invoice i ON i.shard_key = p.shard_key AND i.id = p.invoice_id
                        WHERE e.shard_key = s.shard_key AND e.state <> 'resolved'
                          AND (e.subject = s.id OR i.subscription_id = s.subscription_id))
                       AND NOT EXISTS (SELECT FROM outbox_event o
                                        WHERE o.shard_key = s.shard_key AND o.customer_id = s.customer_id))
                   OR (s.ended_at IS NULL) IS DISTINCT FROM CASE s.kind
                          WHEN 'purchase' THEN b.state = 'incomplete'
                          WHEN 'paid_change' THEN b.pending_invoice_id IS NOT DISTINCT FROM s.invoice_id
                          WHEN 'refund_and_cancel' THEN NOT coalesce(f.over, true) OR coalesce(f.doubted, false)
                          WHEN 'trial' THEN CASE WHEN b.period_start < b.trial_end AND b.state <> 'pending_cancellation'
                                             THEN b.state = 'trialing' ELSE s.ended_at IS NULL END END
                      AND NOT EXISTS (SELECT FROM outbox_event o
                                       WHERE o.shard_key = s.shard_key AND o.customer_id = s.customer_id))
            ORDER BY s.id LIMIT 1""",
        shard,
    )


CHECKS = (sagas_hold,)
