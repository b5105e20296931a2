"""Checks of what was given back: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def given_back_is_what_was_taken(db: Primary, shard: int) -> list[Row]:
    """What a line says was given back is the sum of the credit lines and credit notes that stand, and no more."""
    return await db.fetch(
        """WITH taken AS (
               SELECT c.credits_invoice_id AS invoice_id, c.credits_position AS position, -c.amount AS amount
                 FROM invoice_line c
                 JOIN invoice o ON o.shard_key = c.shard_key AND o.id = c.invoice_id
                WHERE c.shard_key = $1 AND c.kind = 'credit' AND o.state <> 'void'
               UNION ALL
               SELECT coalesce(c.credits_invoice_id, c.invoice_id), coalesce(c.credits_position, c.position), n.amount
                 FROM credit_note_line n
                 JOIN credit_note o ON o.shard_key = n.shard_key AND o.id = n.credit_note_id
                 JOIN invoice_line c ON c.shard_key = n.shard_key AND c.invoice_id = n.invoice_id
                                    AND c.position = n.invoice_position
                WHERE n.shard_key = $1 AND o.state <> 'void')
           SELECT l.customer_id, 'invoice_line' AS relation, i.number_text || ' line ' || l.position AS row
             FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             LEFT JOIN taken t ON t.invoice_id = l.invoice_id AND t.position = l.position
            WHERE l.shard_key = $1
            GROUP BY l.customer_id, i.number_text, i.number, l.position, l.given_back, l.amount
           HAVING coalesce(sum(t.amount), 0) <> l.given_back OR l.given_back > greatest(l.amount, 0)
            ORDER BY l.customer_id, i.number, l.position""",
        shard,
    )


async def given_back_tax_is_what_was_taken(db: Primary, shard: int) -> list[Row]:
    """So is what each tax of a line says was given back of it.

    What a correction puts on a line is not given back by its own document, but for one that is void: then all of it is.
    """
    return await db.fetch(
        """WITH taken AS (
               SELECT c.credits_invoice_id AS invoice_id, c.credits_position AS position, x.part, -x.amount AS amount
                 FROM invoice_line c
                 JOIN invoice o ON o.shard_key = c.shard_key AND o.id = c.invoice_id
                 JOIN invoice_line_tax x ON x.shard_key = c.shard_key AND x.invoice_id = c.invoice_id
                                        AND x.position = c.position
                 LEFT JOIN invoice_line_tax a ON a.shard_key = c.shard_key AND a.invoice_id = c.credits_invoice_id
                                             AND a.position = c.credits_position AND a.part = x.part
                WHERE c.shard_key = $1 AND c.kind = 'credit' AND o.state <> 'void'
                  AND a.correction_id IS DISTINCT FROM c.invoice_id
               UNION ALL
               SELECT coalesce(c.credits_invoice_id, c.invoice_id), coalesce(c.credits_position, c.position), n.part,
                      n.amount
                 FROM credit_note_line_tax n
                 JOIN credit_note o ON o.shard_key = n.shard_key AND o.id = n.credit_note_id
                 JOIN invoice_line c ON c.shard_key = n.shard_key AND c.invoice_id = n.invoice_id
                                    AND c.position = n.invoice_position
                 LEFT JOIN invoice_line_tax a ON a.shard_key = c.shard_key AND a.part = n.part
                                             AND a.invoice_id = coalesce(c.credits_invoice_id, c.invoice_id)
                                             AND a.position = coalesce(c.credits_position, c.position)
                WHERE n.shard_key = $1 AND o.state <> 'void' AND a.correction_id IS DISTINCT FROM n.credit_note_id
               UNION ALL
               SELECT x.invoice_id, x.position, x.part, x.amount
                 FROM invoice_line_tax x
                 LEFT JOIN invoice i ON i.shard_key = x.shard_key AND i.id = x.correction_id
                 LEFT JOIN credit_note n ON n.shard_key = x.shard_key AND n.id = x.correction_id
                WHERE x.shard_key = $1 AND x.correction_id IS NOT NULL AND 'void' IN (i.state, n.state))
           SELECT l.customer_id, 'invoice_line_tax' AS relation, i.number_text || ' line ' || l.position AS row
             FROM invoice_line_tax l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             LEFT JOIN taken t ON t.invoice_id = l.invoice_id AND t.position = l.position AND t.part = l.part
            WHERE l.shard_key = $1
            GROUP BY l.customer_id, i.number_text, i.number, l.position, l.part, l.given_back
           HAVING coalesce(sum(t.amount), 0) <> l.given_back
            ORDER BY l.customer_id, i.number, l.position""",
        shard,
    )


async def credit_notes_sum_up(db: Primary, shard: int) -> list[Row]:
    """Every credit note is the sum of its lines and has as many as it says, all of its own invoice."""
    return await db.fetch(
        """SELECT n.customer_id, 'credit_note' AS relation, n.number_text AS row
             FROM credit_note n
             LEFT JOIN credit_note_line l ON l.shard_key = n.shard_key AND l.credit_note_id = n.id
                                         AND l.invoice_id = n.invoice_id
            WHERE n.shard_key = $1
            GROUP BY n.customer_id, n.number_text, n.number, n.subtotal, n.tax, n.line_count
           HAVING coalesce(sum(l.net), 0) <> n.subtotal OR coalesce(sum(l.tax), 0) <> n.tax
               OR count(l.position) <> n.line_count
            ORDER BY n.customer_id, n.number""",
        shard,
    )


async def credit_note_taxes_sum_up(db: Primary, shard: int) -> list[Row]:
    """The tax of a credit note is the sum of its taxes by rate, and of those of its lines."""
    return await db.fetch(
        """SELECT n.customer_id, 'credit_note' AS relation, n.number_text AS row
             FROM credit_note n
             LEFT JOIN (SELECT credit_note_id, sum(amount) AS amount FROM credit_note_tax
                         WHERE shard_key = $1 GROUP BY credit_note_id) s ON s.credit_note_id = n.id
             LEFT JOIN (SELECT credit_note_id, sum(amount) AS amount FROM credit_note_line_tax
                         WHERE shard_key = $1 GROUP BY credit_note_id) t ON t.credit_note_id = n.id
            WHERE n.shard_key = $1 AND (coalesce(s.amount, 0) <> n.tax OR coalesce(t.amount, 0) <> n.tax)
            ORDER BY n.customer_id, n.number""",
        shard,
    )


async def credit_notes_are_posted(db: Primary, shard: int) -> list[Row]:
    """Every credit note was posted once: revenue and tax debited apart; one that is void was reversed."""
    return await db.fetch(
        """SELECT n.customer_id, 'credit_note' AS relation, n.number_text AS row
             FROM credit_note n
             LEFT JOIN ledger_transaction t ON t.shard_key = n.shard_key AND t.customer_id = n.customer_id
                                           AND t.number = n.posted_number AND t.cause_id = n.id
             LEFT JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                        AND f.number = t.number AND f.currency = n.currency
             LEFT JOIN ledger_transaction r ON r.shard_key = n.shard_key AND r.customer_id = n.customer_id
                                           AND r.number = n.voided_number AND r.reverses_number = n.posted_number
            WHERE n.shard_key = $1
            GROUP BY n.customer_id, n.number_text, n.number, n.subtotal, n.tax, n.state, r.number
           HAVING coalesce(sum(CASE 'revenue' WHEN f.debit_kind THEN f.amount WHEN f.credit_kind THEN -f.amount END), 0)
                  <> n.subtotal
               OR coalesce(sum(CASE 'tax_payable' WHEN f.debit_kind THEN f.amount
                                                  WHEN f.credit_kind THEN -f.amount END), 0) <> n.tax
               OR (n.state = 'void') <> (r.number IS NOT NULL)
            ORDER BY n.customer_id, n.number""",
        shard,
    )


async def noted_is_what_notes_lowered(db: Primary, shard: int) -> list[Row]:
    """What an invoice says that credit notes lowered is what those that stand say."""
    return await db.fetch(
        """SELECT i.customer_id, 'invoice' AS relation, i.number_text AS row
             FROM invoice i
             LEFT JOIN credit_note n ON n.shard_key = i.shard_key AND n.customer_id = i.customer_id
                                    AND n.invoice_id = i.id AND n.state <> 'void'
            WHERE i.shard_key = $1
            GROUP BY i.customer_id, i.number_text, i.number, i.noted
           HAVING coalesce(sum(n.reduced), 0) <> i.noted
            ORDER BY i.customer_id, i.number""",
        shard,
    )


async def refunded_is_on_its_way(db: Primary, shard: int) -> list[Row]:
    """What a credit note says was refunded is the sum of its refunds, also of those that failed."""
    return await db.fetch(
        """SELECT n.customer_id, 'credit_note' AS relation, n.number_text AS row
             FROM credit_note n
             LEFT JOIN refund r ON r.shard_key = n.shard_key AND r.customer_id = n.customer_id
                               AND r.credit_note_id = n.id
            WHERE n.shard_key = $1
            GROUP BY n.customer_id, n.number_text, n.number, n.refunded
           HAVING coalesce(sum(r.noted), 0) <> n.refunded
            ORDER BY n.customer_id, n.number""",
        shard,
    )


async def refunds_are_of_their_notes(db: Primary, shard: int) -> list[Row]:
    """A refund that a credit note gave is of the note's invoice, which it names where its payment paid another."""
    return await db.fetch(
        """SELECT r.customer_id, 'refund' AS relation, r.id::text AS row
             FROM refund r
             JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id
             LEFT JOIN credit_note n ON n.shard_key = r.shard_key AND n.id = r.credit_note_id
            WHERE r.shard_key = $1
              AND (r.of_invoice_id = p.invoice_id OR coalesce(r.of_invoice_id, p.invoice_id) <> n.invoice_id)
            ORDER BY r.customer_id, r.id""",
        shard,
    )


CHECKS = (
    given_back_is_what_was_taken,
    given_back_tax_is_what_was_taken,
    credit_notes_sum_up,
    credit_note_taxes_sum_up,
    credit_notes_are_posted,
    noted_is_what_notes_lowered,
    refunded_is_on_its_way,
    refunds_are_of_their_notes,
)
