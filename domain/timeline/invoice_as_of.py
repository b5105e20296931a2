"""An invoice as it was at an instant: its state from its history, what was paid and due from ledger and documents."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.invoices.invoice import Invoice
from domain.money import Money


@dataclass(frozen=True, slots=True)
class InvoiceThen:
    """Where the invoice stood: all that happened up to and at the instant is counted."""

    at: datetime
    state: str
    credited: Money
    noted: Money
    paid: Money
    due: Money

    def is_overdue(self, due_at: datetime) -> bool:
        """Whether something was still due when its day had passed."""
        return self.state == "open" and self.at > due_at


async def invoice_as_of(db: Primary, of: Invoice, at: datetime) -> InvoiceThen | None:
    """None before it was issued."""
    row = await db.fetchrow(
        """SELECT (SELECT t.to_state FROM transition t
                    WHERE t.shard_key = i.shard_key AND t.entity_id = i.id AND t.happened_at <= $4
                    ORDER BY t.seq DESC LIMIT 1) AS state,
                  (SELECT coalesce(sum(f.amount), 0) FROM ledger_transfer f
                    WHERE f.shard_key = i.shard_key AND f.customer_id = i.customer_id AND f.number = i.posted_number
                      AND f.debit_kind = 'customer_credit' AND f.credit_kind = 'receivable') AS credited,
                  (SELECT coalesce(sum(n.reduced), 0) FROM credit_note n
                     LEFT JOIN ledger_transaction v ON v.shard_key = n.shard_key AND v.customer_id = n.customer_id
                                                   AND v.number = n.voided_number
                    WHERE n.shard_key = i.shard_key AND n.customer_id = i.customer_id AND n.invoice_id = i.id
                      AND n.issued_at <= $4 AND (v.happened_at IS NULL OR v.happened_at > $4)) AS noted,
                  (SELECT coalesce(sum(CASE WHEN f.credit_kind IN ('receivable', 'write_offs') THEN f.amount
                                            WHEN f.debit_kind IN ('receivable', 'write_offs') THEN -f.amount END), 0)
                     FROM payment p
                     JOIN ledger_transaction t ON t.shard_key = p.shard_key AND t.customer_id = p.customer_id
                                              AND t.cause_id = p.id AND t.happened_at <= $4
                                              AND t.cause IN ('payment.captured', 'payment.returned',
                                                              'payment.withdrawn')
                     JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                           AND f.number = t.number
                    WHERE p.shard_key = i.shard_key AND p.customer_id = i.customer_id AND p.invoice_id = i.id) AS paid
             FROM invoice i WHERE i.shard_key = $1 AND i.customer_id = $2 AND i.id = $3""",
        of.customer.shard,
        of.customer.uuid,
        of.id.uuid,
        at,
    )
    if row is None or row["state"] is None:
        return None
    is_void, currency = row["state"] == "void", of.currency
    credited, noted, paid = (Money(int(row[name]), currency) for name in ("credited", "noted", "paid"))
    if is_void:  # what had paid it went back when it was voided
        credited, paid = Money.zero(currency), Money.zero(currency)
    due = of.total - credited - noted - paid if row["state"] == "open" else Money.zero(currency)
    return InvoiceThen(at, row["state"], credited, noted, paid, due)
