"""Checks of what documents say: each returns the rows that break its promise, earliest first."""

from domain.db import Primary, Row


async def invoices_sum_up(db: Primary, shard: int) -> list[Row]:
    """Every invoice is the sum of its lines, before tax and in tax, and has as many as it says."""
    return await db.fetch(
        """SELECT i.customer_id, 'invoice' AS relation, i.number_text AS row
             FROM invoice i
             LEFT JOIN invoice_line l ON l.shard_key = i.shard_key AND l.invoice_id = i.id
            WHERE i.shard_key = $1
            GROUP BY i.customer_id, i.number_text, i.number, i.total, i.tax, i.line_count
           HAVING coalesce(sum(l.amount - CASE WHEN l.tax_inclusive THEN l.tax ELSE 0 END), 0) <> i.total - i.tax
               OR coalesce(sum(l.tax), 0) <> i.tax OR count(l.position) <> i.line_count
            ORDER BY i.customer_id, i.number""",
        shard,
    )


async def line_taxes_sum_up(db: Primary, shard: int) -> list[Row]:
    """The tax of every line is the sum of its components."""
    return await db.fetch(
        """SELECT l.customer_id, 'invoice_line' AS relation, i.number_text || ' line ' || l.position AS row
             FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             LEFT JOIN invoice_line_tax t ON t.shard_key = l.shard_key AND t.invoice_id = l.invoice_id
                                         AND t.position = l.position AND t.correction_id IS NULL
            WHERE l.shard_key = $1
            GROUP BY l.customer_id, i.number_text, i.number, l.position, l.tax
           HAVING coalesce(sum(t.amount), 0) <> l.tax
            ORDER BY l.customer_id, i.number, l.position""",
        shard,
    )


async def invoice_taxes_sum_up(db: Primary, shard: int) -> list[Row]:
    """What an invoice prints of a tax is the sum of that tax over its lines, taxable amount and tax."""
    return await db.fetch(
        """WITH printed AS (
               SELECT customer_id, invoice_id, name, treatment, rate_ppm, rate_id, taxable, amount
                 FROM invoice_tax WHERE shard_key = $1
               UNION ALL
               SELECT customer_id, invoice_id, name, treatment, rate_ppm, rate_id, -taxable, -amount
                 FROM invoice_line_tax WHERE shard_key = $1 AND correction_id IS NULL)
           SELECT p.customer_id, 'invoice_tax' AS relation, i.number_text || ' ' || p.name AS row
             FROM printed p
             JOIN invoice i ON i.shard_key = $1 AND i.id = p.invoice_id
            GROUP BY p.customer_id, i.number_text, i.number, p.name, p.treatment, p.rate_ppm, p.rate_id
           HAVING sum(p.taxable) <> 0 OR sum(p.amount) <> 0
            ORDER BY p.customer_id, i.number, p.name""",
        shard,
    )


async def discounts_sum_up(db: Primary, shard: int) -> list[Row]:
    """The discount of every line is the sum of what its coupons took off."""
    return await db.fetch(
        """SELECT l.customer_id, 'invoice_line' AS relation, i.number_text || ' line ' || l.position AS row
             FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             LEFT JOIN invoice_line_discount d ON d.shard_key = l.shard_key AND d.invoice_id = l.invoice_id
                                              AND d.position = l.position
            WHERE l.shard_key = $1
            GROUP BY l.customer_id, i.number_text, i.number, l.position, l.discount
           HAVING coalesce(sum(d.amount), 0) <> l.discount
            ORDER BY l.customer_id, i.number, l.position""",
        shard,
    )


async def invoices_are_posted(db: Primary, shard: int) -> list[Row]:
    """Every invoice was posted once: its total debited to the receivable, its revenue and its tax credited apart."""
    return await db.fetch(
        """SELECT i.customer_id, 'invoice' AS relation, i.number_text AS row
             FROM invoice i
             LEFT JOIN ledger_transaction t ON t.shard_key = i.shard_key AND t.customer_id = i.customer_id
                                           AND t.number = i.posted_number AND t.cause_id = i.id
             LEFT JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                        AND f.number = t.number AND f.currency = i.currency
            WHERE i.shard_key = $1 AND (i.total <> 0 OR i.tax <> 0)
            GROUP BY i.customer_id, i.number_text, i.number, i.total, i.tax
           HAVING coalesce(sum(CASE f.debit_kind WHEN 'receivable' THEN f.amount END), 0) <> i.total
               OR coalesce(sum(CASE 'revenue' WHEN f.credit_kind THEN f.amount WHEN f.debit_kind THEN -f.amount END), 0)
                  <> i.total - i.tax
               OR coalesce(sum(CASE 'tax_payable' WHEN f.credit_kind THEN f.amount
                                                  WHEN f.debit_kind THEN -f.amount END), 0) <> i.tax
            ORDER BY i.customer_id, i.number""",
        shard,
    )


async def document_numbers_without_gaps(db: Primary, shard: int) -> list[Row]:
    """The documents of every series count 1, 2, 3 up to the number in the series' row."""
    return await db.fetch(
        """SELECT e.house_customer_id AS customer_id, 'number_series' AS relation, s.prefix AS row
             FROM number_series s
             JOIN legal_entity e ON e.id = s.legal_entity_id
             LEFT JOIN (SELECT shard_key, legal_entity_id, series, count(*) AS issued, max(number) AS newest
                          FROM invoice WHERE shard_key = $1 GROUP BY shard_key, legal_entity_id, series
                        UNION ALL
                        SELECT shard_key, legal_entity_id, series, count(*) AS issued, max(number) AS newest
                          FROM receipt WHERE shard_key = $1 GROUP BY shard_key, legal_entity_id, series
                        UNION ALL
                        SELECT shard_key, legal_entity_id, series, count(*) AS issued, max(number) AS newest
                          FROM credit_note WHERE shard_key = $1 GROUP BY shard_key, legal_entity_id, series) d
                    ON d.shard_key = s.shard_key AND d.legal_entity_id = s.legal_entity_id AND d.series = s.series
            WHERE s.shard_key = $1
              AND (coalesce(d.issued, 0) <> s.last_number OR coalesce(d.newest, 0) <> s.last_number)
            ORDER BY s.prefix""",
        shard,
    )


CHECKS = (
    invoices_sum_up,
    line_taxes_sum_up,
    invoice_taxes_sum_up,
    discounts_sum_up,
    invoices_are_posted,
    document_numbers_without_gaps,
)
