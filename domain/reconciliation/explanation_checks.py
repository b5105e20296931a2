"""The checks that lines of invoices and credit notes follow from their explanations: they work every line out again."""

from itertools import groupby
from uuid import UUID

from domain.db import Primary, Row
from domain.ids import CreditNoteId, CustomerId, InvoiceId
from domain.invoices.explanation import explains
from domain.invoices.line import lines_of
from domain.invoices.note_line import note_line_taxes_of, note_lines_of, says

BATCH = 500  # invoices worked out at a time: a few thousand lines in memory


async def lines_explain_themselves(db: Primary, shard: int) -> list[Row]:
    """Evaluating the explanation of every line gives its amounts and taxes to the minor unit again."""
    after = (UUID(int=0), UUID(int=0))
    while rows := await _invoices(db, shard, after):
        for owner, own in groupby(rows, key=lambda row: row["customer_id"]):
            named = {InvoiceId(shard, row["id"]): row for row in own}
            found = await lines_of(db, CustomerId(shard, owner), list(named))
            wrong = [named[id] for id, lines in found.items() if not explains(lines)]
            if wrong:
                return wrong
        after = (rows[-1]["customer_id"], rows[-1]["id"])
    return []


async def _invoices(db: Primary, shard: int, after: tuple[UUID, UUID]) -> list[Row]:
    return await db.fetch(
        """SELECT customer_id, id, 'invoice_line' AS relation, number_text AS row
             FROM invoice WHERE shard_key = $1 AND (customer_id, id) > ($2, $3)
            ORDER BY customer_id, id LIMIT $4""",
        shard,
        *after,
        BATCH,
    )


async def note_lines_explain_themselves(db: Primary, shard: int) -> list[Row]:
    """So does evaluating the explanation of every line of a credit note, but those of before their working was kept."""
    after = (UUID(int=0), UUID(int=0))
    while rows := await _notes(db, shard, after):
        for owner, own in groupby(rows, key=lambda row: row["customer_id"]):
            wrong = await _wrong_notes(db, CustomerId(shard, owner), list(own))
            if wrong:
                return wrong
        after = (rows[-1]["customer_id"], rows[-1]["id"])
    return []


async def _wrong_notes(db: Primary, customer: CustomerId, rows: list[Row]) -> list[Row]:
    named = {CreditNoteId(customer.shard, row["id"]): row for row in rows}
    found = await note_lines_of(db, customer, list(named))
    taxes = await note_line_taxes_of(db, customer, list(named))
    billed = await lines_of(db, customer, sorted({line.of.invoice for lines in found.values() for line in lines}))
    return [
        named[id]
        for id, lines in found.items()
        if not all(
            says(line, taxes.get((id, place), ()), billed[line.of.invoice][line.of.position - 1])
            for place, line in enumerate(lines, 1)
        )
    ]


async def _notes(db: Primary, shard: int, after: tuple[UUID, UUID]) -> list[Row]:
    return await db.fetch(
        """SELECT customer_id, id, 'credit_note_line' AS relation, number_text AS row
             FROM credit_note WHERE shard_key = $1 AND (customer_id, id) > ($2, $3)
            ORDER BY customer_id, id LIMIT $4""",
        shard,
        *after,
        BATCH,
    )


CHECKS = (lines_explain_themselves, note_lines_explain_themselves)
