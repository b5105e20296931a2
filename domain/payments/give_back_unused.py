"""Giving unused time back by a credit note: to the customer's credit, or to the method that paid for it."""

from datetime import datetime
from enum import StrEnum

from domain.db import Tx
from domain.invoices import note_working
from domain.invoices.given_back import taken_of
from domain.invoices.invoice import invoice
from domain.invoices.issue_note import NoteIssued, Split, issue_note, to_credit
from domain.invoices.line import Derivation, Line, LiveCharge
from domain.invoices.note_line import NotePart, Unused
from domain.invoices.note_working import Working
from domain.invoices.reversal import amount_left
from domain.money import Money, share
from domain.payments.begin_refund import part_for_payments, refund_invoice
from domain.payments.issue_credit_note import refuse_while_paying
from domain.payments.withhold import withhold

UNUSED_NOTE = "unused_time"  # the kind of these credit notes


class How(StrEnum):
    """Where the worth of unused time goes, once nothing is owed on its invoice any more."""

    CREDIT = "credit"
    REFUND = "refund"


def unused_of(charge: Line, at: datetime) -> tuple[Money, Derivation]:
    """What of a charge is for the time from the instant on, as its line counts, with the derivation of a credit.

    It is a share of the price the charge was a share of, so that a chain of changes conserves it; where a discount or a
    credit note took something off, of what is left.
    """
    seconds = int((charge.ends_at - charge.starts_at).total_seconds())
    left = min(seconds, max(0, int((charge.ends_at - at).total_seconds())))
    price, of = charge.derivation.price, charge.derivation.denominator
    if charge.discount.minor or charge.given_back.minor:
        price, of = amount_left(charge), seconds
    return share(left, of, price), Derivation("unused", price, left, of)


async def give_back_unused(
    tx: Tx, live: LiveCharge, at: datetime, how: How, reason: str = "Unused time",
    worked_out: tuple[Money, Derivation] | None = None,
) -> NoteIssued | None:  # fmt: skip
    """Issues the credit note for the time of a charge from the pinned instant on; None where nothing of it is left.

    It first lowers what is owed on the invoice. A refund goes to what paid the invoice (``paid_from``); what no payment
    paid for (but credit) becomes credit again. PAYMENT_IN_PROGRESS while a payment of what is owed is under way.
    ``worked_out`` is the amount and its derivation where the caller counts otherwise than in seconds.
    """
    of = await invoice(tx, tx.customer, live.ref.invoice)
    amount, derivation = worked_out or unused_of(live.line, at)
    taken = taken_of(live.line, amount)
    if taken.gross.minor == 0:
        return None
    span = Unused(max(at, live.line.starts_at), live.line.ends_at, derivation)
    part = NotePart(
        live.ref, live.ref, live.line.description, taken, Working.on(live.line, note_working.How.UNUSED_TIME), span
    )
    split = to_credit(of, taken.gross)
    if split.reduced.minor:
        await refuse_while_paying(tx, of, "subscriptionId")
    if how is How.REFUND:
        refunded = await part_for_payments(tx, of.id, split.credited)
        split = Split(split.reduced, refunded, split.credited - refunded, split.out_of_band)
    issued = await issue_note(tx, of, UNUSED_NOTE, reason, [part], split)
    await refund_invoice(tx, issued, reason)
    await withhold(tx, of.id, note=issued)
    return issued
