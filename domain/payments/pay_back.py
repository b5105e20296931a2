"""Giving a payment back: what was paid in excess is taken back first; the rest by a credit note, so with its tax.

A credit note is issued when the refund is approved or needs no approval, never for a request. Where the refund fails in
the end, its amount is the customer's credit: the note stands, and a later refund takes that credit first.
"""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import CreditNoteId, RefundId
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.issue_note import NoteIssued, Split, issue_note, total_of
from domain.invoices.line import Line, LineRef, lines_of
from domain.invoices.note_line import NotePart
from domain.money import Money
from domain.payments.begin_refund import Wanted, begin_refund, credit_refund
from domain.payments.disputed_money import SERVICE_CREDIT
from domain.payments.excess import excess_of, take_excess
from domain.payments.note_parts import NoteLine, charges_of, named, spread
from domain.payments.payment import Payment
from domain.payments.refund import Means, Refund
from domain.refusals import RefusalCode, Refused

REFUND_NOTE = "refund"  # the kind of the credit notes that are issued for money


async def pay_back(
    tx: Tx, of: Payment, wanted: Wanted, held: Refund | None = None
) -> tuple[RefundId, CreditNoteId | None]:
    """Begins the refund, or approves the ``held`` one, with the credit note it needs.

    EXCEEDS_CAPTURED; EXCEEDS_INVOICED where more than the invoice's lines still have would be given back;
    STATE_CONFLICT where its lines have become worth another amount since it was asked for.
    """
    excess = (
        await excess_of(tx, tx.customer, of.invoice, wanted.amount.currency)
        if wanted.means is Means.METHOD and not wanted.lines
        else None
    )
    in_excess = min(wanted.amount, excess) if excess else Money.zero(wanted.amount.currency)
    note = await _note(tx, of, wanted, wanted.amount - in_excess)
    if excess is not None and in_excess.minor:
        await take_excess(tx, of.invoice, in_excess, excess)
    if wanted.means is Means.CREDIT:
        assert note is not None, "a service credit is a credit note"
        refund = await credit_refund(tx, of, wanted, note, held)
    else:
        refund = await begin_refund(tx, of, wanted, note, held)
    return refund, note.credit_note if note else None


async def refuse_unpayable(tx: Tx, of: Payment, wanted: Wanted) -> None:
    """The refusals of ``pay_back`` for what is asked for now and paid back later."""
    if wanted.means is Means.METHOD and not wanted.lines:
        excess = await excess_of(tx, tx.customer, of.invoice, wanted.amount.currency)
        await _parts(tx, of, wanted, wanted.amount - min(wanted.amount, excess))
    else:
        await _parts(tx, of, wanted, wanted.amount)


async def worth_of(tx: Tx, of: Payment, lines: Sequence[tuple[int, Money]]) -> Money:
    """What the parts of these lines are worth with tax."""
    paid = await invoice(tx, tx.customer, of.invoice)
    charges = charges_of(paid, (await lines_of(tx, tx.customer, [paid.id]))[paid.id])
    return total_of(paid, _named(paid, charges, lines))


async def _note(tx: Tx, of: Payment, wanted: Wanted, amount: Money) -> NoteIssued | None:
    """A credit note over the invoice's charges. It gives paid money back, so it never lowers what is still due."""
    if amount.minor == 0:
        return None
    paid, parts = await _parts(tx, of, wanted, amount)
    nothing = Money.zero(amount.currency)
    if wanted.means is Means.CREDIT:
        return await issue_note(
            tx, paid, SERVICE_CREDIT, wanted.reason, parts, Split(nothing, nothing, amount, nothing)
        )
    return await issue_note(tx, paid, REFUND_NOTE, wanted.reason, parts, Split(nothing, amount, nothing, nothing))


async def _parts(tx: Tx, of: Payment, wanted: Wanted, amount: Money) -> tuple[Invoice, list[NotePart]]:
    paid = await invoice(tx, tx.customer, of.invoice)
    if amount.minor == 0:
        return paid, []
    if paid.state.name == "void":
        message = f"Invoice {paid.number} is void, and the credit that its payment became was used up."
        raise Refused(RefusalCode.EXCEEDS_INVOICED, message, ("amount",))
    charges = charges_of(paid, (await lines_of(tx, tx.customer, [paid.id]))[paid.id])
    if not wanted.lines:
        return paid, spread(charges, amount)
    parts = _named(paid, charges, wanted.lines)
    if total_of(paid, parts) != amount:
        message = f"These lines are worth {total_of(paid, parts)} now, and {amount} was asked for."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("lines",))
    return paid, parts


def _named(of: Invoice, charges: Sequence[tuple[LineRef, Line]], lines: Sequence[tuple[int, Money]]) -> list[NotePart]:
    return [named(dict(charges), of, NoteLine(position, amount)) for position, amount in lines]
