"""Taking an issued invoice back whole by a credit note, also what its own credits had given back of earlier charges."""

from domain.db import Tx
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.invoice import Invoice
from domain.invoices.issue_note import NoteIssued, issue_note, to_credit, total_of, whole_of
from domain.invoices.line import lines_of
from domain.invoices.note_line import note_lines_of

TOO_LATE = "late_change"  # the kind of credit note for a change that was paid when its period was over
LATE_START = "late_start"  # and that for a first period that was over when it was paid


async def credit_whole(tx: Tx, of: Invoice, kind: str, reason: str) -> NoteIssued | None:
    """Credits all that is left of the invoice; None where nothing is. What is owed is lowered first."""
    notes = (await credit_notes_of(tx, tx.customer, [of.id])).get(of.id, [])
    standing = [note.id for note in notes if note.state.name == "issued"]
    named = [line for some in (await note_lines_of(tx, tx.customer, standing)).values() for line in some]
    lines = (await lines_of(tx, tx.customer, [of.id]))[of.id]
    parts = whole_of(of, lines, frozenset(line.of.position for line in named))
    if total_of(of, parts).minor <= 0:
        return None
    return await issue_note(tx, of, kind, reason, parts, to_credit(of, total_of(of, parts)))
