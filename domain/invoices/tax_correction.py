"""Corrections of an invoice's tax: a chain of documents, each of which replaces the decision of the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary, Row, Tx
from domain.ids import CreditNoteId, CustomerId, InvoiceId
from domain.invoices.line_tax import TaxPart
from domain.money import Currency, Money

TAX_CORRECTION = "tax_correction"  # the kind of these credit notes, and how the reasons of adjustment invoices begin


@dataclass(frozen=True, slots=True)
class TaxCorrection:
    """One correction: by a credit note of tax, or by an adjustment invoice. ``gross`` is what is owed more by it.

    ``replaces`` is the subject of the last tax decision before; the new one has the document's id. ``tax_before`` and
    ``tax_after`` are of what was left of the invoice then. Of one whose document ``is_void`` nothing holds any more.
    """

    invoice: InvoiceId
    ordinal: int
    replaces: UUID
    credit_note: CreditNoteId | None
    adjustment: InvoiceId | None
    tax_before: Money
    tax_after: Money
    gross: Money
    reason: str
    recorded_at: datetime
    is_void: bool = False

    @property
    def document(self) -> UUID:
        """The id of its document, which is the subject of its decision."""
        found = self.credit_note or self.adjustment
        assert found is not None, self
        return found.uuid


def _correction(row: Row) -> TaxCorrection:
    shard, currency = row["shard_key"], Currency(row["currency"])
    note, adjustment = row["credit_note_id"], row["adjustment_id"]
    return TaxCorrection(
        invoice=InvoiceId(shard, row["invoice_id"]),
        ordinal=row["ordinal"],
        replaces=row["replaces"],
        credit_note=CreditNoteId(shard, note) if note else None,
        adjustment=InvoiceId(shard, adjustment) if adjustment else None,
        tax_before=Money(row["tax_before"], currency),
        tax_after=Money(row["tax_after"], currency),
        gross=Money(row["gross"], currency),
        reason=row["reason"],
        recorded_at=row["recorded_at"],
        is_void=row["is_void"],
    )


async def tax_corrections_of(
    db: Primary, customer: CustomerId, invoices: Sequence[InvoiceId]
) -> dict[InvoiceId, tuple[TaxCorrection, ...]]:
    """The corrections of each of the customer's invoices that has any, in their order."""
    rows = await db.fetch(
        """SELECT c.shard_key, c.invoice_id, c.ordinal, c.replaces, c.credit_note_id, c.adjustment_id, c.currency,
                  c.tax_before, c.tax_after, c.gross, c.reason, c.recorded_at,
                  coalesce('void' IN (a.state, n.state), false) AS is_void
             FROM tax_correction c
             LEFT JOIN invoice a ON a.shard_key = c.shard_key AND a.id = c.adjustment_id
             LEFT JOIN credit_note n ON n.shard_key = c.shard_key AND n.id = c.credit_note_id
            WHERE c.shard_key = $1 AND c.customer_id = $2 AND c.invoice_id = ANY ($3::uuid[])
            ORDER BY c.invoice_id, c.ordinal""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in invoices],
    )
    found: dict[InvoiceId, tuple[TaxCorrection, ...]] = {}
    for row in rows:
        each = _correction(row)
        found[each.invoice] = (*found.get(each.invoice, ()), each)
    return found


async def made_by(db: Primary, customer: CustomerId, document: UUID) -> TaxCorrection | None:
    """The correction whose document that is, or None for a document that corrects no tax."""
    row = await db.fetchrow(
        """SELECT c.shard_key, c.invoice_id, c.ordinal, c.replaces, c.credit_note_id, c.adjustment_id, c.currency,
                  c.tax_before, c.tax_after, c.gross, c.reason, c.recorded_at,
                  coalesce('void' IN (a.state, n.state), false) AS is_void
             FROM tax_correction c
             LEFT JOIN invoice a ON a.shard_key = c.shard_key AND a.id = c.adjustment_id
             LEFT JOIN credit_note n ON n.shard_key = c.shard_key AND n.id = c.credit_note_id
            WHERE c.shard_key = $1 AND c.customer_id = $2 AND c.document_id = $3""",
        customer.shard,
        customer.uuid,
        document,
    )
    return _correction(row) if row else None


async def insert_correction(tx: Tx, of: TaxCorrection, added: Sequence[tuple[int, TaxPart]]) -> None:
    """Writes the correction before its document, and puts the new taxes on the lines at these positions."""
    id = of.invoice
    await tx.execute(
        """INSERT INTO tax_correction (shard_key, document_id, customer_id, invoice_id, ordinal, replaces,
               credit_note_id, adjustment_id, currency, tax_before, tax_after, gross, reason, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
        id.shard, of.document, tx.customer.uuid, id.uuid, of.ordinal, of.replaces,
        of.credit_note.uuid if of.credit_note else None, of.adjustment.uuid if of.adjustment else None,
        str(of.gross.currency), of.tax_before.minor, of.tax_after.minor, of.gross.minor, of.reason, of.recorded_at,
    )  # fmt: skip
    parts = [part for _, part in added]
    await tx.execute(
        """INSERT INTO invoice_line_tax (shard_key, customer_id, invoice_id, position, part, rate_id, name, treatment,
               rate_ppm, currency, taxable, amount, given_back, correction_id)
           SELECT $1, $2, $3, t.position, t.part, t.rate_id, t.name, t.treatment, t.rate_ppm, $4, t.taxable, t.amount,
                  0, $5
             FROM unnest($6::int[], $7::int[], $8::uuid[], $9::text[], $10::text[], $11::int[], $12::bigint[],
                         $13::bigint[])
                  AS t (position, part, rate_id, name, treatment, rate_ppm, taxable, amount)""",
        id.shard, tx.customer.uuid, id.uuid, str(of.gross.currency), of.document,
        [position for position, _ in added], [part.part for part in parts], [part.rate for part in parts],
        [part.name for part in parts], [part.treatment for part in parts], [part.rate_ppm for part in parts],
        [part.taxable.minor for part in parts], [part.amount.minor for part in parts],
    )  # fmt: skip
