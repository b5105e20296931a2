"""Checks of disputes against payments and books: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def disputes_are_reserved(db: Primary, shard: int) -> list[Row]:
    """What disputes have of a payment is the sum of what is covered of those that are open or lost."""
    return await db.fetch(
        """SELECT p.customer_id, 'payment' AS relation, p.id::text AS row
             FROM payment p
             LEFT JOIN dispute d ON d.shard_key = p.shard_key AND d.customer_id = p.customer_id AND d.payment_id = p.id
                                AND d.state <> 'won'
            WHERE p.shard_key = $1
            GROUP BY p.customer_id, p.id, p.disputes_reserved
           HAVING coalesce(sum(d.covered), 0) <> p.disputes_reserved
            ORDER BY p.customer_id, p.id""",
        shard,
    )


async def disputes_are_posted(db: Primary, shard: int) -> list[Row]:
    """What is owed for disputes, what they lost and what they cost is, for each of them, what its own postings say.

    Credit that was withheld lowers the loss; of a dispute that was won it is the customer's again. It is no more than
    what the dispute covers of its payment and what of that was refunded as credit; of a payment that was returned what
    was withheld stays, also where that refund is void since.
    """
    return await db.fetch(
        """SELECT d.customer_id, 'dispute' AS relation, d.id::text AS row
             FROM dispute d
             LEFT JOIN ledger_transaction t ON t.shard_key = d.shard_key AND t.customer_id = d.customer_id
                                           AND t.cause_id = d.id
             LEFT JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                        AND f.number = t.number
            WHERE d.shard_key = $1
            GROUP BY d.customer_id, d.id, d.payment_id, d.state, d.amount, d.covered, d.fee
           HAVING coalesce(sum(CASE 'disputes' WHEN f.debit_kind THEN f.amount
                                               WHEN f.credit_kind THEN -f.amount END), 0)
                  <> CASE WHEN d.state IN ('open', 'evidence_submitted') THEN d.covered ELSE 0 END
               OR coalesce(sum(CASE 'dispute_losses' WHEN f.debit_kind THEN f.amount
                                                     WHEN f.credit_kind THEN -f.amount END), 0)
                  + coalesce(sum(CASE 'customer_credit' WHEN f.debit_kind THEN f.amount
                                                        WHEN f.credit_kind THEN -f.amount END), 0)
                  <> CASE d.state WHEN 'won' THEN 0 WHEN 'lost' THEN d.amount ELSE d.amount - d.covered END
               OR coalesce(sum(CASE 'customer_credit' WHEN f.debit_kind THEN f.amount
                                                      WHEN f.credit_kind THEN -f.amount END), 0)
                  NOT BETWEEN 0 AND CASE d.state WHEN 'won' THEN 0 ELSE least(d.amount, d.covered + (
                      SELECT coalesce(sum(r.amount), 0) FROM refund r
                        JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id
                       WHERE r.shard_key = $1 AND r.customer_id = d.customer_id AND r.payment_id = d.payment_id
                         AND r.means = 'credit' AND (r.state = 'succeeded' OR r.state = 'failed' AND p.returned > 0)
                      )) END
               OR coalesce(sum(CASE 'dispute_fees' WHEN f.debit_kind THEN f.amount
                                                   WHEN f.credit_kind THEN -f.amount END), 0) <> d.fee
            ORDER BY d.customer_id, d.id""",
        shard,
    )


async def dispute_accounts_add_up(db: Primary, shard: int) -> list[Row]:
    """Nothing is on the accounts of disputes but what disputes have posted there."""
    return await db.fetch(
        """SELECT f.customer_id, 'ledger_transaction' AS relation, f.number::text AS row
             FROM ledger_transfer f
             JOIN ledger_transaction t ON t.shard_key = f.shard_key AND t.customer_id = f.customer_id
                                      AND t.number = f.number
             LEFT JOIN dispute d ON d.shard_key = t.shard_key AND d.customer_id = t.customer_id AND d.id = t.cause_id
            WHERE f.shard_key = $1 AND d.id IS NULL
              AND (f.debit_kind IN ('disputes', 'dispute_losses', 'dispute_fees')
                   OR f.credit_kind IN ('disputes', 'dispute_losses', 'dispute_fees'))
            ORDER BY f.customer_id, f.number""",
        shard,
    )


CHECKS = (disputes_are_reserved, disputes_are_posted, dispute_accounts_add_up)
