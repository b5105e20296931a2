"""Writing an issued invoice: its row, its lines and their taxes, none of which the application may change later."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.draft import Draft, columns
from domain.invoices.line_tax import TaxPart
from domain.invoices.number import Number
from domain.invoices.rate import Rated
from domain.machine import State
from domain.money import Money


@dataclass(frozen=True, slots=True)
class Issue:
    """What an invoice's row says beside its draft and its lines."""

    number: Number
    credited: Money
    posted: int | None
    sealed: bytes
    state: State
    collection: str
    due_at: datetime
    purchase_order: str | None


async def insert_invoice(tx: Tx, id: InvoiceId, draft: Draft, rated: Rated, issue: Issue) -> None:
    """The invoice's row."""
    await tx.execute(
        """INSERT INTO invoice (shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason,
               period_start, period_end, series, number, previous_number, number_text, currency, line_count, total, tax,
               credited, noted, paid, written_off, voided, due, posted_number, snapshot_sealed, state, seq, collection,
               issued_at, due_at, purchase_order, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'invoice', $10, $11, $12, $13, $14, $15, $16, $17, 0, 0, 0, 0,
               $15::bigint - $17::bigint, $18, $19, $20, $21, $22, $23, $24, $25, $26)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, tx.head.legal_entity.uuid,
        draft.subscription.uuid if draft.subscription else None, draft.reason, draft.period_start, draft.period_end,
        issue.number.value, issue.number.previous, issue.number.text, str(draft.currency), len(rated.lines),
        rated.total.minor, rated.tax.minor, issue.credited.minor, issue.posted, issue.sealed, issue.state.name,
        issue.state.seq, issue.collection, tx.now, issue.due_at, issue.purchase_order, tx.recorded_at,
    )  # fmt: skip


async def insert_lines(tx: Tx, id: InvoiceId, draft: Draft, rated: Rated) -> None:
    """All lines of the invoice."""
    lines = rated.lines
    await tx.execute(
        """INSERT INTO invoice_line (shard_key, customer_id, invoice_id, position, line_count, subscription_id, kind,
               description, price_id, quantity, unit_amount, starts_at, ends_at, currency, amount, discount, tax,
               tax_inclusive, category, given_back, credits_invoice_id, credits_position, derivation, plan_version_id)
           SELECT $1, $2, $3, l.position, $4, $5, l.kind, l.description, l.price_id, l.quantity, l.unit_amount,
                  l.starts_at, l.ends_at, $6, l.amount, l.discount, l.tax, l.tax_inclusive, l.category, 0,
                  l.credits_invoice_id, l.credits_position, l.derivation, l.plan_version_id
             FROM unnest($7::text[], $8::text[], $9::uuid[], $10::int[], $11::bigint[], $12::timestamptz[],
                         $13::timestamptz[], $14::boolean[], $15::text[], $16::uuid[], $17::int[], $18::jsonb[],
                         $19::uuid[], $20::bigint[], $21::bigint[], $22::bigint[])
                  WITH ORDINALITY AS l (kind, description, price_id, quantity, unit_amount, starts_at, ends_at,
                                        tax_inclusive, category, credits_invoice_id, credits_position, derivation,
                                        plan_version_id, amount, discount, tax, position)""",
        id.shard, tx.customer.uuid, id.uuid, len(lines), draft.subscription.uuid if draft.subscription else None,
        str(draft.currency), *columns(lines), [line.amount.minor for line in lines],
        [line.discount.minor for line in lines], [line.tax.minor for line in lines],
    )  # fmt: skip


async def insert_taxes(tx: Tx, id: InvoiceId, rated: Rated) -> None:
    """The taxes of the lines and their sums by rate; nothing for an invoice without any."""
    parts = [(position, part) for position, line in enumerate(rated.lines, 1) for part in line.components]
    if not parts:
        return
    await tx.execute(
        """WITH sums AS (
               INSERT INTO invoice_tax (shard_key, customer_id, invoice_id, part, rate_id, name, treatment, rate_ppm,
                   currency, taxable, amount)
               SELECT $1, $2, $3, t.part, t.rate_id, t.name, t.treatment, t.rate_ppm, $4, t.taxable, t.amount
                 FROM unnest($5::int[], $6::uuid[], $7::text[], $8::text[], $9::int[], $10::bigint[], $11::bigint[])
                      AS t (part, rate_id, name, treatment, rate_ppm, taxable, amount))
           INSERT INTO invoice_line_tax (shard_key, customer_id, invoice_id, position, part, rate_id, name, treatment,
               rate_ppm, currency, taxable, amount, given_back, of_amount, of_tax)
           SELECT $1, $2, $3, t.position, t.part, t.rate_id, t.name, t.treatment, t.rate_ppm, $4, t.taxable, t.amount,
                  0, t.of_amount, t.of_tax
             FROM unnest($12::int[], $13::int[], $14::uuid[], $15::text[], $16::text[], $17::int[], $18::bigint[],
                         $19::bigint[], $20::bigint[], $21::bigint[])
                  AS t (position, part, rate_id, name, treatment, rate_ppm, taxable, amount, of_amount, of_tax)""",
        id.shard, tx.customer.uuid, id.uuid, str(rated.currency), *tax_columns(rated.taxes),
        [position for position, _ in parts], *tax_columns([part for _, part in parts]),
        [minor_of(part.of_amount) for _, part in parts], [minor_of(part.of_tax) for _, part in parts],
    )  # fmt: skip


async def insert_discounts(tx: Tx, id: InvoiceId, rated: Rated) -> None:
    """What each coupon took off each line; nothing for an invoice without any."""
    found = [(position, each) for position, line in enumerate(rated.lines, 1) for each in line.reductions]
    if not found:
        return
    await tx.execute(
        """INSERT INTO invoice_line_discount (shard_key, customer_id, invoice_id, position, redemption_id, name,
               currency, amount, percent_ppm, fixed, base, weight)
           SELECT $1, $2, $3, d.position, d.redemption_id, d.name, $4, d.amount, d.percent_ppm, d.fixed, d.base,
                  d.weight
             FROM unnest($5::int[], $6::uuid[], $7::text[], $8::bigint[], $9::int[], $10::bigint[], $11::bigint[],
                         $12::bigint[])
                  AS d (position, redemption_id, name, amount, percent_ppm, fixed, base, weight)""",
        id.shard, tx.customer.uuid, id.uuid, str(rated.currency), [position for position, _ in found],
        [each.redemption.uuid for _, each in found], [each.name for _, each in found],
        [each.amount.minor for _, each in found], [each.percent_ppm for _, each in found],
        [minor_of(each.fixed) for _, each in found], [minor_of(each.base) for _, each in found],
        [minor_of(each.weight) for _, each in found],
    )  # fmt: skip


def minor_of(amount: Money | None) -> int | None:
    """The minor units of an amount that may not be there."""
    return None if amount is None else amount.minor


def tax_columns(parts: "tuple[TaxPart, ...] | list[TaxPart]") -> tuple[list[object], ...]:
    """Taxes as one array a column."""
    return (
        [part.part for part in parts],
        [part.rate for part in parts],
        [part.name for part in parts],
        [part.treatment for part in parts],
        [part.rate_ppm for part in parts],
        [part.taxable.minor for part in parts],
        [part.amount.minor for part in parts],
    )
