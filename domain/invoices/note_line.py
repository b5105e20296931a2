"""The lines of credit notes and their taxes: each names the line of the invoice that it takes a part back of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Replica, Tx
from domain.ids import CreditNoteId, CustomerId, InvoiceId
from domain.invoices.insert import tax_columns
from domain.invoices.line import Derivation, Line, LineRef
from domain.invoices.line_tax import TaxPart, by_tax, tax_part
from domain.invoices.note_working import NoteExplanation, Working
from domain.invoices.reversal import Taken
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Unused:
    """The span whose time is given back, and how the amount follows from it."""

    starts_at: datetime
    ends_at: datetime
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class NotePart:
    """A part that a credit note takes back: ``of`` is the invoice line, ``counted`` the charge it is counted on.

    They differ for a credit line that is taken back: what it had given back of an earlier charge counts no longer.
    ``working`` is what it was worked out from.
    """

    of: LineRef
    counted: LineRef
    description: str
    taken: Taken
    working: Working
    unused: Unused | None = None


@dataclass(frozen=True, slots=True)
class CreditNoteLine:
    """A line of a credit note; ``amount`` as the invoice's line counts, and the same as net and tax.

    ``working`` is None on a line of before it was kept.
    """

    of: LineRef
    description: str
    amount: Money
    net: Money
    tax: Money
    unused: Unused | None
    working: Working | None = None


async def insert_note_lines(tx: Tx, id: CreditNoteId, currency: Currency, parts: Sequence[NotePart]) -> None:
    """All lines of the credit note."""
    spans = [part.unused for part in parts]
    await tx.execute(
        """INSERT INTO credit_note_line (shard_key, customer_id, credit_note_id, position, line_count, invoice_id,
               invoice_position, description, currency, amount, net, tax, starts_at, ends_at, derivation,
               working)
           SELECT $1, $2, $3, l.position, $4, l.invoice_id, l.invoice_position, l.description, $5, l.amount, l.net,
                  l.tax, l.starts_at, l.ends_at, l.derivation, l.working
             FROM unnest($6::uuid[], $7::int[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[],
                         $12::timestamptz[], $13::timestamptz[], $14::jsonb[], $15::jsonb[])
                  WITH ORDINALITY AS l (invoice_id, invoice_position, description, amount, net, tax, starts_at, ends_at,
                                        derivation, working, position)""",
        id.shard, tx.customer.uuid, id.uuid, len(parts), str(currency),
        [part.of.invoice.uuid for part in parts], [part.of.position for part in parts],
        [part.description for part in parts], [part.taken.amount.minor for part in parts],
        [part.taken.net.minor for part in parts], [part.taken.tax.minor for part in parts],
        [span.starts_at if span else None for span in spans], [span.ends_at if span else None for span in spans],
        [span.derivation.text() if span else None for span in spans], [part.working.text() for part in parts],
    )  # fmt: skip


async def insert_note_taxes(tx: Tx, id: CreditNoteId, currency: Currency, parts: Sequence[NotePart]) -> None:
    """The taxes of the lines and their sums by rate; nothing where there are none."""
    taxes = [(position, part.of, tax) for position, part in enumerate(parts, 1) for tax in part.taken.components]
    if not taxes:
        return
    sums = by_tax(tax for _, _, tax in taxes)
    await tx.execute(
        """WITH sums AS (
               INSERT INTO credit_note_tax (shard_key, customer_id, credit_note_id, part, rate_id, name, treatment,
                   rate_ppm, currency, taxable, amount)
               SELECT $1, $2, $3, t.part, t.rate_id, t.name, t.treatment, t.rate_ppm, $4, t.taxable, t.amount
                 FROM unnest($5::int[], $6::uuid[], $7::text[], $8::text[], $9::int[], $10::bigint[], $11::bigint[])
                      AS t (part, rate_id, name, treatment, rate_ppm, taxable, amount))
           INSERT INTO credit_note_line_tax (shard_key, customer_id, credit_note_id, position, part, invoice_id,
               invoice_position, rate_id, name, treatment, rate_ppm, currency, taxable, amount)
           SELECT $1, $2, $3, t.position, t.part, t.invoice_id, t.invoice_position, t.rate_id, t.name, t.treatment,
                  t.rate_ppm, $4, t.taxable, t.amount
             FROM unnest($12::int[], $13::uuid[], $14::int[], $15::int[], $16::uuid[], $17::text[], $18::text[],
                         $19::int[], $20::bigint[], $21::bigint[])
                  AS t (position, invoice_id, invoice_position, part, rate_id, name, treatment, rate_ppm, taxable,
                        amount)""",
        id.shard, tx.customer.uuid, id.uuid, str(currency), *tax_columns(sums),
        [position for position, _, _ in taxes], [ref.invoice.uuid for _, ref, _ in taxes],
        [ref.position for _, ref, _ in taxes], *tax_columns([tax for _, _, tax in taxes]),
    )  # fmt: skip


async def note_lines_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[CreditNoteId]
) -> dict[CreditNoteId, tuple[CreditNoteLine, ...]]:
    """The lines of the customer's credit notes, by position."""
    rows = await db.fetch(
        """SELECT shard_key, credit_note_id, invoice_id, invoice_position, description, currency, amount, net, tax,
                  starts_at, ends_at, derivation, working
             FROM credit_note_line WHERE shard_key = $1 AND customer_id = $2 AND credit_note_id = ANY ($3::uuid[])
            ORDER BY credit_note_id, position""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[CreditNoteId, tuple[CreditNoteLine, ...]] = dict.fromkeys(ids, ())
    for row in rows:
        id, currency = CreditNoteId(row["shard_key"], row["credit_note_id"]), Currency(row["currency"])
        span = row["starts_at"]
        line = CreditNoteLine(
            LineRef(InvoiceId(row["shard_key"], row["invoice_id"]), row["invoice_position"]),
            row["description"],
            Money(row["amount"], currency),
            Money(row["net"], currency),
            Money(row["tax"], currency),
            Unused(span, row["ends_at"], Derivation.read(row["derivation"])) if span else None,
            Working.read(row["working"]) if row["working"] else None,
        )
        found[id] = (*found[id], line)
    return found


async def note_taxes_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[CreditNoteId]
) -> dict[CreditNoteId, tuple[TaxPart, ...]]:
    """The taxes of the customer's credit notes by rate, as they print them."""
    rows = await db.fetch(
        """SELECT shard_key, credit_note_id, part, rate_id, name, treatment, rate_ppm, currency, taxable, amount,
                  0::bigint AS given_back
             FROM credit_note_tax WHERE shard_key = $1 AND customer_id = $2 AND credit_note_id = ANY ($3::uuid[])
            ORDER BY credit_note_id, part""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[CreditNoteId, tuple[TaxPart, ...]] = dict.fromkeys(ids, ())
    for row in rows:
        id = CreditNoteId(row["shard_key"], row["credit_note_id"])
        found[id] = (*found[id], tax_part(row))
    return found


async def note_line_taxes_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[CreditNoteId]
) -> dict[tuple[CreditNoteId, int], tuple[TaxPart, ...]]:
    """The taxes of each line of the customer's credit notes, by note and position; none for a line without any."""
    rows = await db.fetch(
        """SELECT shard_key, credit_note_id, position, part, rate_id, name, treatment, rate_ppm, currency, taxable,
                  amount, 0::bigint AS given_back
             FROM credit_note_line_tax
            WHERE shard_key = $1 AND customer_id = $2 AND credit_note_id = ANY ($3::uuid[])
            ORDER BY credit_note_id, position, part""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[tuple[CreditNoteId, int], tuple[TaxPart, ...]] = {}
    for row in rows:
        place = (CreditNoteId(row["shard_key"], row["credit_note_id"]), row["position"])
        found[place] = (*found.get(place, ()), tax_part(row))
    return found


def explain_note_line(line: CreditNoteLine, taxes: Sequence[TaxPart], billed: Line) -> NoteExplanation | None:
    """Why it is that much, given its taxes and the invoice's line that it names; None where no working was kept."""
    if line.working is None:
        return None
    return NoteExplanation(line.working, line.unused.derivation if line.unused else None, billed, tuple(taxes))


def says(line: CreditNoteLine, taxes: Sequence[TaxPart], billed: Line) -> bool:
    """Whether the line's explanation comes to what the line says; one without says nothing else."""
    why = explain_note_line(line, taxes, billed)
    if why is None:
        return True
    if len(taxes) != len(why.working.taxes):
        return False
    found = [part.amount for part in why.evaluated_taxes]
    return (why.evaluated_amount, why.evaluated_tax, why.evaluated_gross, found) == (
        line.amount, line.tax, line.net + line.tax, [part.amount for part in taxes],
    )  # fmt: skip
