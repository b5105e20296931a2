"""Drafts: invoices before they are issued, in tables of their own; the id stays the same when one is finalized."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary, Tx
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.line import Line, from_row
from domain.money import Currency, Money, total


@dataclass(frozen=True, slots=True)
class Draft:
    """What an invoice will say. One per subscription, period and reason, whatever asks for it how often."""

    subscription: SubscriptionId
    reason: str
    period_start: datetime
    period_end: datetime
    currency: Currency
    lines: tuple[Line, ...]

    @property
    def total(self) -> Money:
        """The sum of the lines."""
        return total((line.amount for line in self.lines), self.currency)


async def store_draft(tx: Tx, draft: Draft) -> InvoiceId:
    """Writes the draft and its lines; a second one for the same subscription, period and reason breaks a unique key."""
    id = tx.new_id(InvoiceId)
    await tx.execute(
        """INSERT INTO invoice_draft (shard_key, id, tenant_id, customer_id, subscription_id, reason, period_start,
               period_end, currency, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, draft.subscription.uuid, draft.reason,
        draft.period_start, draft.period_end, str(draft.currency), tx.recorded_at,
    )  # fmt: skip
    await _store_lines(tx, id, draft.lines)
    return id


async def _store_lines(tx: Tx, id: InvoiceId, lines: Sequence[Line]) -> None:
    await tx.execute(
        """INSERT INTO invoice_draft_line (shard_key, customer_id, draft_id, position, kind, description, price_id,
               quantity, unit_amount, starts_at, ends_at, currency, amount, credits_invoice_id, credits_position,
               derivation)
           SELECT $1, $2, $3, l.position, l.kind, l.description, l.price_id, l.quantity, l.unit_amount, l.starts_at,
                  l.ends_at, $4, l.amount, l.credits_invoice_id, l.credits_position, l.derivation
             FROM unnest($5::text[], $6::text[], $7::uuid[], $8::int[], $9::bigint[], $10::timestamptz[],
                         $11::timestamptz[], $12::bigint[], $13::uuid[], $14::int[], $15::jsonb[])
                  WITH ORDINALITY AS l (kind, description, price_id, quantity, unit_amount, starts_at, ends_at, amount,
                                        credits_invoice_id, credits_position, derivation, position)""",
        id.shard, tx.customer.uuid, id.uuid, str(lines[0].amount.currency), *columns(lines),
    )  # fmt: skip


def columns(lines: Sequence[Line]) -> tuple[list[object], ...]:
    """The lines as one array a column, in the order of the insert statements."""
    return (
        [line.kind for line in lines],
        [line.description for line in lines],
        [line.price.uuid for line in lines],
        [line.quantity for line in lines],
        [line.unit_amount.minor for line in lines],
        [line.starts_at for line in lines],
        [line.ends_at for line in lines],
        [line.amount.minor for line in lines],
        [line.credits.invoice.uuid if line.credits else None for line in lines],
        [line.credits.position if line.credits else None for line in lines],
        [line.derivation.text() for line in lines],
    )


async def read_draft(db: Primary, customer_shard: int, customer: UUID, id: InvoiceId) -> Draft | None:
    """The customer's draft of that id, or None once it was finalized or dropped."""
    row = await db.fetchrow(
        """SELECT subscription_id, reason, period_start, period_end, currency FROM invoice_draft
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer_shard,
        customer,
        id.uuid,
    )
    if row is None:
        return None
    rows = await db.fetch(
        """SELECT shard_key, kind, description, price_id, quantity, unit_amount, starts_at, ends_at, currency, amount,
                  credits_invoice_id, credits_position, derivation
             FROM invoice_draft_line WHERE shard_key = $1 AND customer_id = $2 AND draft_id = $3 ORDER BY position""",
        customer_shard,
        customer,
        id.uuid,
    )
    return Draft(
        SubscriptionId(customer_shard, row["subscription_id"]),
        row["reason"],
        row["period_start"],
        row["period_end"],
        Currency(row["currency"]),
        tuple(from_row(line) for line in rows),
    )


async def drop_draft(tx: Tx, id: InvoiceId) -> None:
    """Takes the draft and its lines away."""
    await tx.execute(
        "DELETE FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        id.shard,
        tx.customer.uuid,
        id.uuid,
    )
