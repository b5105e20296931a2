"""Giving a payment back: what was paid in excess is taken back first; the rest by a credit note, so with its tax.

A credit note is issued when the refund is approved or needs no approval, never for a request. Where the refund fails in
the end, its amount is the customer's credit: the note stands, and a later refund takes that credit first.
"""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import CreditNoteId, InvoiceId, RefundId
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.issue_note import NoteIssued, Split, issue_note, total_of
from domain.invoices.line import Line, LineRef, lines_of
from domain.invoices.note_line import NotePart
from domain.invoices.settle import BECAME_CREDIT
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.money import Currency, Money
from domain.payments.begin_refund import Wanted, begin_refund, credit_refund
from domain.payments.book_dispute import WITHHELD, WON
from domain.payments.book_money import CAPTURED, RETURNED, SHORT, WITHDRAWN
from domain.payments.dispute import disputes_of_payments
from domain.payments.doubt import lower_cases
from domain.payments.note_parts import NoteLine, charges_of, named, spread
from domain.payments.payment import Payment, payments_of
from domain.payments.refund import Means, Refund, refunds_of_invoice
from domain.refusals import RefusalCode, Refused

MONEY = (CAPTURED, RETURNED, WITHDRAWN, SHORT)  # causes of what is posted for a payment
REFUND_NOTE = "refund"  # the kind of the credit notes that are issued for money
SERVICE_CREDIT = "service_credit"  # of those that are issued for credit


async def pay_back(
    tx: Tx, of: Payment, wanted: Wanted, held: Refund | None = None
) -> tuple[RefundId, CreditNoteId | None]:
    """Begins the refund, or approves the ``held`` one, with the credit note it needs.

    EXCEEDS_CAPTURED; EXCEEDS_INVOICED where more than the invoice's lines still have would be given back;
    STATE_CONFLICT where its lines have become worth another amount since it was asked for.
    """
    excess = (
        await excess_of(tx, of.invoice, wanted.amount.currency)
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
        excess = await excess_of(tx, of.invoice, wanted.amount.currency)
        await _parts(tx, of, wanted, wanted.amount - min(wanted.amount, excess))
    else:
        await _parts(tx, of, wanted, wanted.amount)


async def worth_of(tx: Tx, of: Payment, lines: Sequence[tuple[int, Money]]) -> Money:
    """What the parts of these lines are worth with tax."""
    paid = await invoice(tx, tx.customer, of.invoice)
    charges = charges_of(paid, (await lines_of(tx, tx.customer, [paid.id]))[paid.id])
    return total_of(paid, _named(paid, charges, lines))


async def excess_of(tx: Tx, id: InvoiceId, currency: Currency, posted: Sequence[int] = ()) -> Money:
    """What of an invoice's payments and credit notes became credit, was not refunded yet, and is still there.

    What staff gave as credit on purpose is no excess. ``posted`` are the postings of credit notes that were issued just
    now: a preview stores no note by which they could be found.
    """
    attempts = await payments_of(tx, tx.customer, id)
    refunds = await refunds_of_invoice(tx, tx.customer, id, [each.id for each in attempts])
    found = await disputes_of_payments(tx, tx.customer, [each.id for each in attempts])
    disputes = [each for some in found.values() for each in some]
    standing = [each for each in refunds if each.state.name != "failed"]
    notes = (await credit_notes_of(tx, tx.customer, [id])).get(id, [])
    numbers = [
        *(each.posted_number for each in standing if each.means is not Means.CREDIT and each.posted_number is not None),
        *[number for each in attempts for number in await numbers_of(tx, tx.customer, MONEY, each.id.uuid)],
        *(each.posted_number for each in notes if each.state.name == "issued" and each.kind != SERVICE_CREDIT),
        *posted,
        *await numbers_of(tx, tx.customer, BECAME_CREDIT, id.uuid),
        *[number for each in disputes for number in await numbers_of(tx, tx.customer, (WITHHELD, WON), each.id.uuid)],
    ]
    left = await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, currency)
    return max(Money.zero(currency), min(left, await credit_available(tx, tx.customer, currency)))


async def take_excess(tx: Tx, id: InvoiceId, taken: Money, excess: Money) -> None:
    """What a refund takes of an invoice's excess waits for nobody's decision any more."""
    attempts = [each.id for each in await payments_of(tx, tx.customer, id)]
    refunds = await refunds_of_invoice(tx, tx.customer, id, attempts)
    subjects = [each.uuid for each in attempts] + [each.id.uuid for each in refunds]
    await lower_cases(tx, subjects, taken, excess - taken)


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
