"""Drafts: invoices before they are issued, in tables of their own; the id stays the same when one is finalized.

A draft holds what was ordered. Discount and tax are worked out when it is rated: for a look at it, and at its issue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary, Tx
from domain.ids import CustomerId, InvoiceId, SubscriptionId
from domain.invoices.line import Line, from_row
from domain.money import Currency

FINALIZE = "finalize_invoice"  # the due work that issues a renewal's draft once its hour is over


@dataclass(frozen=True, slots=True)
class Draft:
    """What an invoice will say. One per subscription, period and reason, whatever asks for it how often.

    Drafts of staff have no subscription, but for what replaces an invoice of one. ``net_days`` and ``purchase_order``
    stand instead of the customer's own terms.
    """

    subscription: SubscriptionId | None
    reason: str
    period_start: datetime
    period_end: datetime
    currency: Currency
    lines: tuple[Line, ...]
    purchase_order: str | None = None
    net_days: int | None = None


async def store_draft(tx: Tx, draft: Draft) -> InvoiceId:
    """Writes the draft and its lines; a second one for the same subscription, period and reason breaks a unique key."""
    id = tx.new_id(InvoiceId)
    await tx.execute(
        """INSERT INTO invoice_draft (shard_key, id, tenant_id, customer_id, subscription_id, reason, period_start,
               period_end, currency, purchase_order, net_days, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid,
        draft.subscription.uuid if draft.subscription else None, draft.reason, draft.period_start, draft.period_end,
        str(draft.currency), draft.purchase_order, draft.net_days, tx.recorded_at,
    )  # fmt: skip
    await store_lines(tx, id, draft.currency, draft.lines)
    return id


async def store_lines(tx: Tx, id: InvoiceId, currency: Currency, lines: Sequence[Line]) -> None:
    """Writes the lines of a draft that has none yet."""
    await tx.execute(
        """INSERT INTO invoice_draft_line (shard_key, customer_id, draft_id, position, kind, description, price_id,
               quantity, unit_amount, starts_at, ends_at, currency, amount, tax_inclusive, category,
               credits_invoice_id, credits_position, derivation, plan_version_id)
           SELECT $1, $2, $3, l.position, l.kind, l.description, l.price_id, l.quantity, l.unit_amount, l.starts_at,
                  l.ends_at, $4, l.amount, l.tax_inclusive, l.category, l.credits_invoice_id, l.credits_position,
                  l.derivation, l.plan_version_id
             FROM unnest($5::text[], $6::text[], $7::uuid[], $8::int[], $9::bigint[], $10::timestamptz[],
                         $11::timestamptz[], $12::boolean[], $13::text[], $14::uuid[], $15::int[], $16::jsonb[],
                         $17::uuid[], $18::bigint[])
                  WITH ORDINALITY AS l (kind, description, price_id, quantity, unit_amount, starts_at, ends_at,
                                        tax_inclusive, category, credits_invoice_id, credits_position, derivation,
                                        plan_version_id, amount, position)""",
        id.shard, tx.customer.uuid, id.uuid, str(currency), *columns(lines),
        [line.list_amount.minor for line in lines],
    )  # fmt: skip


def columns(lines: Sequence[Line]) -> tuple[list[object], ...]:
    """What drafts and issued invoices store alike of their lines, as one array a column."""
    return (
        [line.kind for line in lines],
        [line.description for line in lines],
        [line.price.uuid if line.price else None for line in lines],
        [line.quantity for line in lines],
        [line.unit_amount.minor for line in lines],
        [line.starts_at for line in lines],
        [line.ends_at for line in lines],
        [line.tax_inclusive for line in lines],
        [line.category for line in lines],
        [line.credits.invoice.uuid if line.credits else None for line in lines],
        [line.credits.position if line.credits else None for line in lines],
        [line.derivation.text() for line in lines],
        [line.plan_version.uuid if line.plan_version else None for line in lines],
    )


async def read_draft(db: Primary, customer_shard: int, customer: UUID, id: InvoiceId) -> Draft | None:
    """The customer's draft of that id, or None once it was finalized or dropped."""
    row = await db.fetchrow(
        """SELECT subscription_id, reason, period_start, period_end, currency, purchase_order, net_days
             FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer_shard,
        customer,
        id.uuid,
    )
    if row is None:
        return None
    subscription = row["subscription_id"]
    return Draft(
        SubscriptionId(customer_shard, subscription) if subscription else None,
        row["reason"],
        row["period_start"],
        row["period_end"],
        Currency(row["currency"]),
        await _lines(db, CustomerId(customer_shard, customer), id),
        row["purchase_order"],
        row["net_days"],
    )


async def _lines(db: Primary, customer: CustomerId, id: InvoiceId) -> tuple[Line, ...]:
    rows = await db.fetch(
        """SELECT l.shard_key, l.kind, l.description, l.price_id, p.plan_id, l.quantity, l.unit_amount, l.starts_at,
                  l.ends_at, l.currency, l.amount, 0::bigint AS discount, l.tax_inclusive, l.category,
                  0::bigint AS given_back, l.credits_invoice_id, l.credits_position, l.derivation,
                  l.plan_version_id
             FROM invoice_draft_line l
             LEFT JOIN price p ON p.id = l.price_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.draft_id = $3 ORDER BY l.position""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    return tuple(from_row(row, (), ()) for row in rows)


async def drop_draft(tx: Tx, id: InvoiceId) -> None:
    """Takes the draft and its lines away."""
    await tx.execute(
        "DELETE FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        id.shard,
        tx.customer.uuid,
        id.uuid,
    )
