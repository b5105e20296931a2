"""A credit note that is void: its posting is reversed, and what it gave back of the charges counts no longer."""

from domain.db import Primary, Tx
from domain.ids import CreditNoteId, CustomerId
from domain.invoices.credit_note import CREDIT_NOTE, CreditNote
from domain.invoices.given_back import take_again
from domain.invoices.line import LineRef, lines_of
from domain.invoices.line_tax import TaxPart
from domain.invoices.note_line import note_line_taxes_of, note_lines_of
from domain.invoices.reversal import Taken
from domain.ledger.post import Cause, reverse


async def take_note_back(tx: Tx, of: CreditNote) -> None:
    """Voids an issued credit note; what it had lowered on its invoice is the caller's to raise again.

    STATE_CONFLICT for one that is void; INSUFFICIENT_BALANCE where the credit it gave was used up.
    """
    state = await CREDIT_NOTE.move(tx, tx.customer, of.id.uuid, of.state, "void")
    voided = await reverse(tx, of.posted_number, Cause("credit_note.voided", of.id.uuid))
    await take_again(tx, await _parts(tx, of))
    await tx.execute(
        """UPDATE credit_note SET state = $4, seq = $5, voided_number = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq, voided,
    )  # fmt: skip
    tx.emit("credit_note.voided", credit_note=of.id, invoice=of.invoice)


async def _parts(tx: Tx, of: CreditNote) -> list[tuple[LineRef, Taken]]:
    """What the note counts as given back, on the charges where it counts."""
    own = (await note_lines_of(tx, tx.customer, [of.id]))[of.id]
    taxes = await note_parts_of(tx, tx.customer, of.id)
    lines = (await lines_of(tx, tx.customer, [of.invoice]))[of.invoice]
    parts = []
    for position, line in enumerate(own, 1):
        counted = lines[line.of.position - 1].credits or line.of
        parts.append((counted, Taken(line.amount, line.net, line.tax, taxes.get(position, ()))))
    return parts


async def note_parts_of(db: Primary, customer: CustomerId, id: CreditNoteId) -> dict[int, tuple[TaxPart, ...]]:
    """The taxes of the lines of a credit note by position, numbered as on the lines of the invoice."""
    found = await note_line_taxes_of(db, customer, [id])
    return {position: parts for (_, position), parts in found.items()}
