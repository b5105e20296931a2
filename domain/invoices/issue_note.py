"""Issuing a credit note: revenue and tax are taken back together, what is due is lowered, and the rest is given back.

What is refunded becomes customer credit first, and each refund takes it from there: so where a refund fails, its amount
is the customer's credit again, while the note, its tax and its revenue stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.db import Tx
from domain.ids import CreditNoteId, InvoiceId
from domain.invoices.credit_note import CREDIT_NOTE
from domain.invoices.given_back import give_back, taken_of
from domain.invoices.invoice import Invoice
from domain.invoices.line import Line, LineRef
from domain.invoices.note_line import NotePart, insert_note_lines, insert_note_taxes
from domain.invoices.note_working import How, Working
from domain.invoices.number import Number, take_number
from domain.invoices.reversal import Taken, amount_left
from domain.invoices.settle import lower
from domain.ledger.account import Account
from domain.ledger.pairing import transfers_of
from domain.ledger.post import Cause, post
from domain.machine import State
from domain.money import Money, total
from domain.refusals import RefusalCode, Refused

PREVIEW = "PREVIEW"  # a preview takes no number
NOTABLE = frozenset({"open", "paid", "uncollectible"})  # a void invoice has nothing left to take back


@dataclass(frozen=True, slots=True)
class Split:
    """Where the amount of a credit note goes; the four make its total."""

    reduced: Money
    refunded: Money
    credited: Money
    out_of_band: Money


@dataclass(frozen=True, slots=True)
class NoteIssued:
    """An issued credit note; ``posted`` is the number of its posting, which a preview makes as well."""

    credit_note: CreditNoteId
    invoice: InvoiceId
    number: str
    total: Money
    tax: Money
    split: Split
    posted: int


def owed(of: Invoice) -> Money:
    """What a credit note lowers first: what is due, or what was written off."""
    return of.due + of.written_off


def to_credit(of: Invoice, amount: Money) -> Split:
    """First what is owed is lowered; the rest becomes customer credit."""
    nothing, reduced = Money.zero(of.currency), min(amount, owed(of))
    return Split(reduced, nothing, amount - reduced, nothing)


def total_of(of: Invoice, parts: Sequence[NotePart]) -> Money:
    """What the parts are worth with tax."""
    return total((part.taken.gross for part in parts), of.currency)


def part_of(ref: LineRef, line: Line, taken: Taken, working: Working) -> NotePart:
    """A part of a charge."""
    return NotePart(ref, ref, line.description, taken, working)


def whole_of(of: Invoice, lines: Sequence[Line], taken_back: frozenset[int]) -> list[NotePart]:
    """All that is left of an invoice: what its charges have left, and its credits, which count no longer.

    ``taken_back`` are the positions of credits that an earlier credit note took back.
    """
    parts = []
    for position, line in enumerate(lines, 1):
        ref = LineRef(of.id, position)
        if line.credits is None:
            parts.append(part_of(ref, line, taken_of(line, amount_left(line)), Working.on(line, How.REST)))
        elif position not in taken_back:
            components = tuple(replace(part, given_back=Money.zero(of.currency)) for part in line.components)
            taken = Taken(line.amount, line.net, line.tax, components)
            parts.append(NotePart(ref, line.credits, line.description, taken, Working.taking_back(line)))
    return [part for part in parts if part.taken.gross.minor]


async def issue_note(
    tx: Tx, of: Invoice, kind: str, reason: str, parts: Sequence[NotePart], split: Split, *,
    id: CreditNoteId | None = None, counted: Sequence[tuple[LineRef, Taken]] | None = None,
) -> NoteIssued:  # fmt: skip
    """Issues it; STATE_CONFLICT for a void invoice, INVALID_AMOUNT for nothing or a split that is not the total,
    EXCEEDS_INVOICED where a line has less left. ``counted`` is what counts as given back, if that is not the parts."""
    _check(of, parts, split)
    whole, id = total_of(of, parts), id or tx.new_id(CreditNoteId)
    tax = total((part.taken.tax for part in parts), of.currency)
    posted = await post(tx, Cause("credit_note.issued", id.uuid), transfers_of(_legs(of, whole, tax, split)))
    if tx.preview:
        return NoteIssued(id, of.id, PREVIEW, whole, tax, split, posted)
    await lower(tx, of, split.reduced)
    state = await CREDIT_NOTE.begin(tx, tx.customer, id.uuid, "issue")
    await give_back(tx, [(part.counted, part.taken) for part in parts] if counted is None else counted)
    tx.emit("credit_note.issued", credit_note=id, invoice=of.id)
    number = await take_number(tx, "credit_note")
    issued = NoteIssued(id, of.id, number.text, whole, tax, split, posted)
    await _insert(tx, of, issued, kind, reason, len(parts), number, state)
    await insert_note_lines(tx, id, of.currency, parts)
    await insert_note_taxes(tx, id, of.currency, parts)
    return issued


def _check(of: Invoice, parts: Sequence[NotePart], split: Split) -> None:
    if of.state.name not in NOTABLE:
        message = f"Invoice {of.number} is {of.state.name}: nothing of it can be taken back."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("invoiceId",))
    whole = total_of(of, parts)
    if whole.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A credit note is about more than nothing.", ("lines",))
    if split.reduced + split.refunded + split.credited + split.out_of_band != whole:
        excess = whole - split.reduced
        message = f"Refund, credit and what was settled outside must together be {excess}."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, ("refund",))


def _legs(of: Invoice, whole: Money, tax: Money, split: Split) -> tuple[tuple[Account, Money], ...]:
    lowered = Account.WRITE_OFFS if of.state.name == "uncollectible" else Account.RECEIVABLE
    return (
        (Account.REVENUE, whole - tax),
        (Account.TAX_PAYABLE, tax),
        (lowered, -split.reduced),
        (Account.CUSTOMER_CREDIT, -(split.refunded + split.credited)),
        (Account.CASH_OUTSIDE, -split.out_of_band),
    )


async def _insert(
    tx: Tx, of: Invoice, issued: NoteIssued, kind: str, reason: str, lines: int, number: Number, state: State
) -> None:  # fmt: skip
    """It is made out to whom the invoice was, in the invoice's own sealed words."""
    id, split = issued.credit_note, issued.split
    sealed = await tx.fetchval(
        "SELECT snapshot_sealed FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, of.id.uuid,
    )  # fmt: skip
    await tx.execute(
        """INSERT INTO credit_note (shard_key, id, tenant_id, customer_id, legal_entity_id, invoice_id, kind, reason,
               series, number, previous_number, number_text, currency, line_count, subtotal, tax, total, reduced,
               refunded, credited, out_of_band, posted_number, snapshot_sealed, state, seq, issued_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'credit_note', $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
               $20, $21, $22, $23, $24, $25, $26)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.legal_entity.uuid, of.id.uuid, kind, reason,
        number.value, number.previous, number.text, str(of.currency), lines, (issued.total - issued.tax).minor,
        issued.tax.minor, issued.total.minor, split.reduced.minor, split.refunded.minor, split.credited.minor,
        split.out_of_band.minor, issued.posted, sealed, state.name, state.seq, tx.now, tx.recorded_at,
    )  # fmt: skip
