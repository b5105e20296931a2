"""Beginning a refund: the amount is reserved on the locked payment and taken from the customer's credit as payable."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain import due
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, RefundId
from domain.invoices.issue_note import NoteIssued
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.machine import State
from domain.money import Money, total
from domain.payments.dispute import disputes_of_payments
from domain.payments.paid_from import paid_from
from domain.payments.pay_invoice import provider_key
from domain.payments.payment import OFFLINE, Payment
from domain.payments.refund import REFUND, Means, Refund
from domain.refusals import RefusalCode, Refused

SEND_REFUND = "send_refund"
HEAD_START = timedelta(seconds=5)  # as for payments: the process that took the call sends at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: an amount of a payment, of all its invoice's charges or of certain lines, and to what.

    ``lines`` are positions on the invoice, and how much of each as the line counts. ``of_invoice`` is the one that is
    given back of, where that is not the payment's own.
    """

    amount: Money
    reason: str
    means: Means = Means.METHOD
    lines: tuple[tuple[int, Money], ...] = ()
    of_invoice: InvoiceId | None = None


async def begin_refund(
    tx: Tx, of: Payment, wanted: Wanted, note: NoteIssued | None, held: Refund | None = None
) -> RefundId:
    """Reserves and posts it, and makes it due to be sent; EXCEEDS_CAPTURED beyond what is left of the payment.

    Where a credit note is given, the refund pays it out as far as it goes; the rest was paid in excess. One that is
    ``held`` was reserved when it was asked for, and is approved by this.
    """
    amount = wanted.amount
    id = held.id if held else tx.new_id(RefundId)
    if held is None:
        await reserve(tx, of, amount)
    transfer = Transfer(Account.CUSTOMER_CREDIT, Account.REFUNDS_PAYABLE, amount)
    posted = await post(tx, Cause("refund.requested", id.uuid), [transfer])
    await _write(tx, of, id, wanted, held, posted, _noted(amount, None if tx.preview else note))
    if of.kind != OFFLINE:  # a person pays that out
        await due.schedule(tx, SEND_REFUND, id.uuid, tx.recorded_at + HEAD_START, follows="wall")
    tx.emit("refund.requested", refund=id, payment=of.id)
    return id


async def credit_refund(tx: Tx, of: Payment, wanted: Wanted, note: NoteIssued, held: Refund | None = None) -> RefundId:
    """A refund that the credit note itself gave, as credit: reserved like the others, posted by the note, and done."""
    id = held.id if held else tx.new_id(RefundId)
    if held is None:
        await reserve(tx, of, wanted.amount)
    posted = tx.head.ledger_number  # the note's own posting
    state = await _write(tx, of, id, wanted, held, posted, (None, 0))
    state = await REFUND.move(tx, tx.customer, id.uuid, state, "succeed")
    await _ended(tx, id, state, posted)
    tx.emit("refund.succeeded", refund=id, payment=of.id)
    return id


async def refund_outside(tx: Tx, of: Payment, wanted: Wanted) -> RefundId:
    """A refund that was paid out of the customer's credit by another way: reserved like the others, and done."""
    id = tx.new_id(RefundId)
    await reserve(tx, of, wanted.amount)
    taken = Transfer(Account.CUSTOMER_CREDIT, Account.REFUNDS_PAYABLE, wanted.amount)
    posted = await post(tx, Cause("refund.requested", id.uuid), [taken])
    state = await _write(tx, of, id, wanted, None, posted, (None, 0))
    state = await REFUND.move(tx, tx.customer, id.uuid, state, "succeed")
    paid = Transfer(Account.REFUNDS_PAYABLE, Account.CASH_OUTSIDE, wanted.amount)
    settled = await post(tx, Cause("refund.succeeded", id.uuid), [paid])
    await _ended(tx, id, state, settled)
    tx.emit("refund.succeeded", refund=id, payment=of.id)
    return id


async def _ended(tx: Tx, id: RefundId, state: State, settled: int) -> None:
    await tx.execute(
        """UPDATE refund SET state = $4, seq = $5, settled_number = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, id.uuid, state.name, state.seq, settled,
    )  # fmt: skip


async def hold_refund(tx: Tx, of: Payment, wanted: Wanted) -> RefundId:
    """Reserves the amount for a refund that somebody else has to approve; nothing is posted. Refusals as above."""
    id = tx.new_id(RefundId)
    await reserve(tx, of, wanted.amount)
    state = await REFUND.begin(tx, tx.customer, id.uuid, "ask")
    await _insert(tx, of, id, wanted, state, None, (None, 0))
    await tx.execute(
        """INSERT INTO refund_line (shard_key, customer_id, refund_id, position, amount)
           SELECT $1, $2, $3, l.position, l.amount FROM unnest($4::int[], $5::bigint[]) AS l (position, amount)""",
        tx.customer.shard, tx.customer.uuid, id.uuid, [position for position, _ in wanted.lines],
        [amount.minor for _, amount in wanted.lines],
    )  # fmt: skip
    return id


async def reserve(tx: Tx, of: Payment, amount: Money) -> None:
    """Keeps so much of the payment for a refund; EXCEEDS_CAPTURED beyond what is left of it."""
    if amount > of.left:
        raise exceeds(of)
    await tx.execute(
        """UPDATE payment SET refunds_reserved = refunds_reserved + $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, amount.minor,
    )  # fmt: skip


def exceeds(of: Payment) -> Refused:
    """The refusal of more than what is left of a payment."""
    message = f"At most {of.left.decimal} {of.left.currency} of this payment can be given back."
    if of.disputes_reserved.minor:
        message += f" Of it, {of.disputes_reserved.decimal} is disputed."
    return Refused(RefusalCode.EXCEEDS_CAPTURED, message, ("amount",))


async def release(tx: Tx, of: PaymentId, amount: Money) -> None:
    """What was reserved for a refund that will not be can be given back again."""
    await tx.execute(
        """UPDATE payment SET refunds_reserved = refunds_reserved - $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.uuid, amount.minor,
    )  # fmt: skip
    if (await disputes_of_payments(tx, tx.customer, [of])).get(of):
        tx.emit("payment.freed", payment=of)


async def _write(
    tx: Tx, of: Payment, id: RefundId, wanted: Wanted, held: Refund | None, posted: int, noted: tuple[UUID | None, int]
) -> State:
    if held is None:
        state = await REFUND.begin(tx, tx.customer, id.uuid, "request")
        await _insert(tx, of, id, wanted, state, posted, noted)
        return state
    state = await REFUND.move(tx, tx.customer, id.uuid, held.state, "approve")
    await tx.execute(
        """UPDATE refund SET state = $4, seq = $5, posted_number = $6, credit_note_id = $7, noted = $8,
                  request_id = $9
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, id.uuid, state.name, state.seq, posted, *noted, tx.actor.request_id,
    )  # fmt: skip
    return state


async def _insert(
    tx: Tx, of: Payment, id: RefundId, wanted: Wanted, state: State, posted: int | None, noted: tuple[UUID | None, int]
) -> None:
    await tx.execute(
        """INSERT INTO refund (shard_key, id, tenant_id, customer_id, payment_id, currency, amount, reason,
               provider_key, queries, posted_number, state, seq, happened_at, recorded_at, credit_note_id, noted, means,
               of_invoice_id, request_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.id.uuid, str(of.amount.currency),
        wanted.amount.minor, wanted.reason, provider_key(tx, str(id), 1), posted, state.name, state.seq, tx.now,
        tx.recorded_at, *noted, wanted.means.value, wanted.of_invoice.uuid if wanted.of_invoice else None,
        tx.actor.request_id,
    )  # fmt: skip


def _noted(amount: Money, note: NoteIssued | None) -> tuple[UUID | None, int]:
    """The credit note and how much of the refund is its; a preview has issued none."""
    return (note.credit_note.uuid, min(amount, note.split.refunded).minor) if note else (None, 0)


async def part_for_payments(tx: Tx, invoice: InvoiceId, most: Money) -> Money:
    """How much of that can be given back to what paid the invoice."""
    return total((part for _, part in await paid_from(tx, invoice, most)), most.currency)


async def refund_invoice(tx: Tx, note: NoteIssued, reason: str) -> tuple[RefundId, ...]:
    """Gives what a credit note refunds back to what paid its invoice, the newest first; EXCEEDS_CAPTURED beyond what is
    left of that."""
    shares = await paid_from(tx, note.invoice, note.split.refunded)
    left = note.split.refunded - total((part for _, part in shares), note.split.refunded.currency)
    if left.minor:
        message = f"At most {note.split.refunded - left} was paid for this invoice by a method that takes refunds."
        raise Refused(RefusalCode.EXCEEDS_CAPTURED, message, ("refund",))
    refunds = []
    for of, part in shares:
        other = note.invoice if of.invoice != note.invoice else None
        refunds.append(await begin_refund(tx, of, Wanted(part, reason, of_invoice=other), note))
    return tuple(refunds)
