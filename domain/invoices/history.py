"""A customer's invoices, newest first, page by page, from the replica; all of them, or those that are looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Replica
from domain.ids import CustomerId
from domain.invoices.invoice import Invoice
from domain.money import Currency


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What is looked for; None looks for all. Issued at ``since`` or later and before ``until``.

    ``text`` stands in the number, the purchase order or the description of a line, in capitals or not. Totals lie
    between ``least`` and ``most``, in minor units of their currency.
    """

    states: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    currency: Currency | None = None
    least: int | None = None
    most: int | None = None


ALL = InvoiceFilter()


async def invoice_history(
    db: Replica, customer: CustomerId, limit: int, after: tuple[datetime, UUID] | None = None,
    wanted: InvoiceFilter = ALL,
) -> Sequence[Invoice]:  # fmt: skip
    """At most ``limit`` of those wanted, issued before the one that ``after`` names (its instant and id)."""
    rows = await db.fetch(
        """SELECT i.shard_key, i.id, i.tenant_id, i.customer_id, i.legal_entity_id, i.subscription_id, i.reason,
                  i.period_start, i.period_end, i.number_text, i.currency, i.total, i.tax, i.credited, i.noted, i.paid,
                  i.written_off, i.voided, i.due, i.posted_number, i.state, i.seq, i.issued_at, i.due_at, i.collection,
                  i.purchase_order, i.recorded_at
             FROM invoice i
            WHERE i.shard_key = $1 AND i.customer_id = $2
              AND ($4::timestamptz IS NULL OR (i.issued_at, i.id) < ($4::timestamptz, $5::uuid))
              AND ($6::text[] IS NULL OR i.state = ANY ($6::text[]))
              AND ($7::timestamptz IS NULL OR i.issued_at >= $7::timestamptz)
              AND ($8::timestamptz IS NULL OR i.issued_at < $8::timestamptz)
              AND ($9::text IS NULL OR position(lower($9::text) IN lower(i.number_text)) > 0
                   OR position(lower($9::text) IN lower(coalesce(i.purchase_order, ''))) > 0
                   OR EXISTS (SELECT 1 FROM invoice_line l
                               WHERE l.shard_key = i.shard_key AND l.invoice_id = i.id
                                 AND position(lower($9::text) IN lower(l.description)) > 0))
              AND ($10::text IS NULL OR i.currency = $10::text)
              AND ($11::bigint IS NULL OR i.total >= $11::bigint) AND ($12::bigint IS NULL OR i.total <= $12::bigint)
            ORDER BY i.issued_at DESC, i.id DESC LIMIT $3""",
        customer.shard, customer.uuid, limit, after[0] if after else None, after[1] if after else None,
        *_asked(wanted),
    )  # fmt: skip
    return [Invoice(row) for row in rows]


async def count_invoices(db: Replica, customer: CustomerId, cap: int, wanted: InvoiceFilter = ALL) -> int:
    """How many of those wanted a customer has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (
               SELECT 1 AS one FROM invoice i
                WHERE i.shard_key = $1 AND i.customer_id = $2
                  AND ($4::text[] IS NULL OR i.state = ANY ($4::text[]))
                  AND ($5::timestamptz IS NULL OR i.issued_at >= $5::timestamptz)
                  AND ($6::timestamptz IS NULL OR i.issued_at < $6::timestamptz)
                  AND ($7::text IS NULL OR position(lower($7::text) IN lower(i.number_text)) > 0
                       OR position(lower($7::text) IN lower(coalesce(i.purchase_order, ''))) > 0
                       OR EXISTS (SELECT 1 FROM invoice_line l
                                   WHERE l.shard_key = i.shard_key AND l.invoice_id = i.id
                                     AND position(lower($7::text) IN lower(l.description)) > 0))
                  AND ($8::text IS NULL OR i.currency = $8::text)
                  AND ($9::bigint IS NULL OR i.total >= $9::bigint) AND ($10::bigint IS NULL OR i.total <= $10::bigint)
                LIMIT $3) AS n""",
        customer.shard, customer.uuid, cap, *_asked(wanted),
    )  # fmt: skip
    return count


def _asked(of: InvoiceFilter) -> tuple[object, ...]:
    currency = str(of.currency) if of.currency else None
    states = list(of.states) if of.states is not None else None
    return states, of.since, of.until, of.text, currency, of.least, of.most
