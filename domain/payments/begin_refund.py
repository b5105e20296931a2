"""Beginning a refund: the amount is reserved on the locked payment and taken from the customer's credit as payable."""

from datetime import timedelta
from uuid import UUID

from domain import due
from domain.db import Tx
from domain.ids import InvoiceId, RefundId
from domain.invoices.issue_note import NoteIssued
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.money import Currency, Money, total
from domain.payments.pay_invoice import provider_key
from domain.payments.payment import Payment, payments_of
from domain.payments.refund import REFUND
from domain.refusals import RefusalCode, Refused

SEND_REFUND = "send_refund"
HEAD_START = timedelta(seconds=5)  # as for payments: the process that took the call sends at once


async def begin_refund(tx: Tx, of: Payment, amount: Money, reason: str, note: NoteIssued | None) -> RefundId:
    """Reserves and posts it, and makes it due to be sent; EXCEEDS_CAPTURED beyond what is left of the payment.

    Where a credit note is given, the refund pays it out as far as it goes; the rest was paid in excess.
    """
    if amount > of.refundable:
        message = f"At most {of.refundable.decimal} {of.refundable.currency} of this payment can be given back."
        raise Refused(RefusalCode.EXCEEDS_CAPTURED, message, ("amount",))
    id = tx.new_id(RefundId)
    await tx.execute(
        """UPDATE payment SET refunds_reserved = refunds_reserved + $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, amount.minor,
    )  # fmt: skip
    transfer = Transfer(Account.CUSTOMER_CREDIT, Account.REFUNDS_PAYABLE, amount)
    posted = await post(tx, Cause("refund.requested", id.uuid), [transfer])
    state = await REFUND.begin(tx, tx.customer, id.uuid, "request")
    await tx.execute(
        """INSERT INTO refund (shard_key, id, tenant_id, customer_id, payment_id, currency, amount, reason,
               provider_key, queries, posted_number, state, seq, happened_at, recorded_at, credit_note_id, noted)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, $15, $16)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.id.uuid, str(amount.currency), amount.minor,
        reason, provider_key(tx, str(id), 1), posted, state.name, state.seq, tx.now, tx.recorded_at,
        *_noted(amount, None if tx.preview else note),
    )  # fmt: skip
    await due.schedule(tx, SEND_REFUND, id.uuid, tx.recorded_at + HEAD_START, follows="wall")
    tx.emit("refund.requested", refund=id, payment=of.id)
    return id


def _noted(amount: Money, note: NoteIssued | None) -> tuple[UUID | None, int]:
    """The credit note and how much of the refund is its; a preview has issued none."""
    return (note.credit_note.uuid, min(amount, note.split.refunded).minor) if note else (None, 0)


async def refundable_of(tx: Tx, invoice: InvoiceId, currency: Currency) -> Money:
    """What was captured for the invoice and neither refunded nor about to be."""
    return total((each.refundable for each in await payments_of(tx, tx.customer, invoice)), currency)


async def refund_invoice(tx: Tx, note: NoteIssued, reason: str) -> tuple[RefundId, ...]:
    """Gives what a credit note refunds back to the payments of its invoice, the newest first; EXCEEDS_CAPTURED beyond
    what is left of them."""
    left, shares = note.split.refunded, []
    for of in reversed(await payments_of(tx, tx.customer, note.invoice)):
        part = min(left, of.refundable)
        if part.minor:
            shares.append((of, part))
            left -= part
    if left.minor:
        message = f"At most {note.split.refunded - left} was paid for this invoice by a method that takes refunds."
        raise Refused(RefusalCode.EXCEEDS_CAPTURED, message, ("refund",))
    return tuple([await begin_refund(tx, of, part, reason, note) for of, part in shares])
