"""Checks of what was said against what was done: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def states_end_their_history(db: Primary, shard: int) -> list[Row]:
    """Every entity is in the state that the last row of its history put it in: keys hold only that it was in it."""
    return await db.fetch(
        """WITH entity AS (
               SELECT customer_id, 'subscription' AS relation, id, seq FROM subscription
                WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'invoice', id, seq FROM invoice WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'payment', id, seq FROM payment WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'refund', id, seq FROM refund WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'dispute', id, seq FROM dispute WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'exception_case', id, seq FROM exception_case WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'credit_note', id, seq FROM credit_note WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'contract', id, seq FROM contract WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'dunning_case', id, seq FROM dunning_case WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, 'notice', id, seq FROM notice WHERE shard_key = $1),
           history AS (
               SELECT entity_id, max(seq) AS seq FROM transition WHERE shard_key = $1 GROUP BY entity_id)
           SELECT e.customer_id, e.relation, e.id::text AS row
             FROM entity e
             LEFT JOIN history h ON h.entity_id = e.id
            WHERE h.seq IS DISTINCT FROM e.seq
            ORDER BY e.relation, e.customer_id, e.id""",
        shard,
    )


async def outcomes_are_as_audited(db: Primary, shard: int) -> list[Row]:
    """What a key answers is what its operation's audit entry says was done."""
    return await db.fetch(
        """SELECT k.customer_id, 'operation_key' AS relation, k.key AS row
             FROM operation_key k
             JOIN audit_entry e ON e.shard_key = k.shard_key AND e.customer_id = k.customer_id
                               AND e.operation_id = k.operation_id
            CROSS JOIN LATERAL (  -- one by one: where few are expected, all of the customer were read for each key
                   SELECT body FROM audit_body
                    WHERE shard_key = e.shard_key AND customer_id = e.customer_id
                      AND number = e.number AND recorded_at = e.recorded_at
                   OFFSET 0) b
            WHERE k.shard_key = $1
              AND (k.outcome, k.operation) IS DISTINCT FROM (b.body -> 'outcome', b.body ->> 'operation')
            ORDER BY k.customer_id, e.number""",
        shard,
    )


CHECKS = (states_end_their_history, outcomes_are_as_audited)
