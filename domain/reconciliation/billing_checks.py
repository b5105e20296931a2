"""Checks of payments and balances against the books: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def receivables_are_what_is_due(db: Primary, shard: int) -> list[Row]:
    """What a customer owes by its account is what its open invoices say is due."""
    return await db.fetch(
        """SELECT b.customer_id, 'account_balance' AS relation, 'receivable ' || b.currency AS row
             FROM account_balance b
             LEFT JOIN invoice i ON i.shard_key = b.shard_key AND i.customer_id = b.customer_id
                                AND i.currency = b.currency
            WHERE b.shard_key = $1 AND b.kind = 'receivable'
            GROUP BY b.customer_id, b.currency, b.balance
           HAVING b.balance <> coalesce(sum(i.due), 0)
            ORDER BY b.customer_id""",
        shard,
    )


async def captures_are_posted(db: Primary, shard: int) -> list[Row]:
    """Every captured amount was debited to cash by the payment's own postings and not withdrawn, and every returned one
    credited."""
    return await db.fetch(
        """SELECT p.customer_id, 'payment' AS relation, p.id::text AS row
             FROM payment p
             LEFT JOIN ledger_transaction t ON t.shard_key = p.shard_key AND t.customer_id = p.customer_id
                                           AND t.cause_id = p.id
                                           AND t.cause IN ('payment.captured', 'payment.returned', 'payment.withdrawn')
             LEFT JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                        AND f.number = t.number
            WHERE p.shard_key = $1
            GROUP BY p.customer_id, p.id, p.kind, p.captured, p.returned
           HAVING p.captured <> coalesce(sum(f.amount) FILTER (
                      WHERE t.cause = 'payment.captured'
                        AND f.debit_kind = CASE p.kind WHEN 'offline' THEN 'cash_outside' ELSE 'cash_clearing' END), 0)
                            - coalesce(sum(f.amount) FILTER (
                      WHERE t.cause = 'payment.withdrawn' AND f.credit_kind = 'cash_clearing'), 0)
               OR p.returned <> coalesce(sum(f.amount) FILTER (
                      WHERE t.cause = 'payment.returned'
                        AND f.credit_kind = CASE p.kind WHEN 'offline' THEN 'cash_outside' ELSE 'cash_clearing' END), 0)
            ORDER BY p.customer_id, p.id""",
        shard,
    )


async def refunds_are_reserved(db: Primary, shard: int) -> list[Row]:
    """What is reserved on a payment is the sum of its refunds that are not failed, rejected or canceled, without what
    was given back beyond what was left of it."""
    return await db.fetch(
        """SELECT p.customer_id, 'payment' AS relation, p.id::text AS row
             FROM payment p
             LEFT JOIN refund r ON r.shard_key = p.shard_key AND r.customer_id = p.customer_id AND r.payment_id = p.id
                               AND r.state NOT IN ('failed', 'rejected', 'canceled')
            WHERE p.shard_key = $1
            GROUP BY p.customer_id, p.id, p.refunds_reserved
           HAVING coalesce(sum(r.amount - r.beyond), 0) <> p.refunds_reserved
            ORDER BY p.customer_id, p.id""",
        shard,
    )


async def refunds_are_posted(db: Primary, shard: int) -> list[Row]:
    """The payable of refunds is what is requested and neither paid out nor taken back."""
    return await db.fetch(
        """SELECT r.customer_id, 'refund' AS relation, r.id::text AS row
             FROM refund r
             LEFT JOIN ledger_transfer f ON f.shard_key = r.shard_key AND f.customer_id = r.customer_id
                                        AND f.number IN (r.posted_number, r.settled_number)
            WHERE r.shard_key = $1 AND r.means IN ('method', 'outside')
              AND r.state NOT IN ('awaiting_approval', 'rejected', 'canceled')
            GROUP BY r.customer_id, r.id, r.amount, r.state, r.posted_number, r.settled_number
           HAVING r.amount <> coalesce(sum(CASE WHEN f.number = r.posted_number AND f.credit_kind = 'refunds_payable'
                                                 AND f.debit_kind IN ('revenue', 'customer_credit')
                                                THEN f.amount END), 0)
               OR (r.settled_number IS NOT NULL
                   AND r.amount <> coalesce(sum(CASE WHEN f.number = r.settled_number
                                                      AND f.debit_kind = 'refunds_payable'
                                                      AND (f.credit_kind IN ('cash_clearing', 'cash_outside'))
                                                          = (r.state = 'succeeded')
                                                     THEN f.amount END), 0))
            ORDER BY r.customer_id, r.id""",
        shard,
    )


async def invoices_say_how_they_were_paid(db: Primary, shard: int) -> list[Row]:
    """What an invoice calls credited its own posting used up, and what it calls paid its payments brought and left."""
    return await db.fetch(
        """-- Each sum once, whatever a planner without statistics thinks of a nested loop over them.
           WITH used AS MATERIALIZED (
               SELECT i.id, coalesce(sum(f.amount), 0) AS credited
                 FROM invoice i
                 LEFT JOIN ledger_transfer f ON f.shard_key = i.shard_key AND f.customer_id = i.customer_id
                                            AND f.number = i.posted_number AND f.debit_kind = 'customer_credit'
                                            AND f.credit_kind = 'receivable'
                WHERE i.shard_key = $1 GROUP BY i.id),
           brought AS MATERIALIZED (
               SELECT i.id, coalesce(sum(CASE WHEN f.credit_kind IN ('receivable', 'write_offs') THEN f.amount
                                              WHEN f.debit_kind IN ('receivable', 'write_offs') THEN -f.amount END), 0)
                          AS paid
                 FROM invoice i
                 LEFT JOIN payment p ON p.shard_key = i.shard_key AND p.customer_id = i.customer_id
                                    AND p.invoice_id = i.id
                 LEFT JOIN ledger_transaction t ON t.shard_key = p.shard_key AND t.customer_id = p.customer_id
                                               AND t.cause_id = p.id
                                               AND t.cause IN ('payment.captured', 'payment.returned',
                                                               'payment.withdrawn')
                 LEFT JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                            AND f.number = t.number
                WHERE i.shard_key = $1 GROUP BY i.id)
           SELECT i.customer_id, 'invoice' AS relation, i.number_text AS row
             FROM invoice i
             JOIN used u ON u.id = i.id
             JOIN brought b ON b.id = i.id
            WHERE i.shard_key = $1
              AND CASE WHEN i.state = 'void' THEN i.credited + i.paid <> 0
                       ELSE i.credited <> u.credited OR i.paid <> b.paid END
            ORDER BY i.customer_id, i.number""",
        shard,
    )


CHECKS = (
    receivables_are_what_is_due,
    captures_are_posted,
    refunds_are_reserved,
    refunds_are_posted,
    invoices_say_how_they_were_paid,
)
