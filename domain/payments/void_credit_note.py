"""Voiding a credit note that was issued by mistake, as long as nothing of it has left the house."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import CreditNoteId, InvoiceId
from domain.invoices.credit_note import CreditNote, credit_note
from domain.invoices.invoice import invoice
from domain.invoices.settle import given_up, lower
from domain.invoices.take_note_back import take_note_back
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by
from domain.ledger.post import Cause, post
from domain.money import Money
from domain.operation import operation
from domain.payments.disputed_money import SERVICE_CREDIT
from domain.payments.end_credit_refunds import end_credit_refunds
from domain.payments.excess import excess_of
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused

REOPENABLE = frozenset({"open", "uncollectible"})  # what was lowered can be owed again only where something is owed


@dataclass(frozen=True, slots=True)
class VoidCreditNote:
    """A credit note that should not have been issued."""

    credit_note: CreditNoteId


@dataclass(frozen=True, slots=True)
class CreditNoteVoided:
    """The credit note, which is void now, and its invoice."""

    credit_note: CreditNoteId
    invoice: InvoiceId


@operation("invoices.void_credit_note", allowed=frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def void_credit_note(tx: Tx, command: VoidCreditNote) -> CreditNoteVoided:
    """STATE_CONFLICT for one that is void, that paid money out or was to, or that lowered an invoice of which nothing
    is owed; INSUFFICIENT_BALANCE where the credit it gave was used up."""
    of = await credit_note(tx, tx.customer, command.credit_note)
    billed = await invoice(tx, tx.customer, of.invoice)
    if of.refunded.minor or of.out_of_band.minor:
        message = f"Credit note {of.number} paid money out, or was to: bill it again instead."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("creditNoteId",))
    if of.reduced.minor and billed.state.name not in REOPENABLE:
        message = f"Invoice {billed.number} is {billed.state.name}: bill what is owed after all anew."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("creditNoteId",))
    if of.credited.minor and of.state.name == "issued":
        left = await _credit_left(tx, of)
        if left < of.credited:
            message = f"Of the {of.credited} of credit that {of.number} gave, {left} are left: bill it again instead."
            raise Refused(RefusalCode.INSUFFICIENT_BALANCE, message, ("creditNoteId",))
    await take_note_back(tx, of)
    await end_credit_refunds(tx, [billed.id])
    await lower(tx, billed, -of.reduced)
    if billed.state.name == "uncollectible":
        await _give_up(tx, of)
    await withhold(tx, billed.id)  # what was withheld of the note's credit is none of others
    return CreditNoteVoided(of.id, billed.id)


async def _credit_left(tx: Tx, of: CreditNote) -> Money:
    """What a refund has taken of it, or a dispute, is not there any more: other credit does not stand for that."""
    left = await credit_available(tx, tx.customer, of.currency)
    if of.kind == SERVICE_CREDIT:
        return left
    return min(left, await excess_of(tx, tx.customer, of.invoice, of.currency))


async def _give_up(tx: Tx, of: CreditNote) -> None:
    """Of an invoice that was given up since: what the note had lowered when it was open is given up with the rest."""
    owed = -await moved_by(tx, tx.customer, [of.posted_number], Account.RECEIVABLE, of.currency)
    if owed.minor > 0:
        await post(tx, Cause("invoice.written_off", of.invoice.uuid), [given_up(owed)])
