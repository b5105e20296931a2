"""Requesting a refund: at once where the tenant's policy lets the asker, else it waits for another person.

The amount is reserved on the locked payment from the request on. Nothing is posted, and no credit note issued, before
it is approved; then ``pay_back`` does what it does at once for others.
"""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import CreditNoteId, PaymentId, RefundId
from domain.invoices.invoice import invoice
from domain.invoices.line import Line, lines_of
from domain.invoices.reversal import amount_left
from domain.money import Money, share
from domain.operation import operation
from domain.payments.begin_refund import Wanted, exceeds, hold_refund
from domain.payments.note_parts import charges_of
from domain.payments.pay_back import pay_back, refuse_unpayable, worth_of
from domain.payments.payment import OFFLINE, Payment, payment
from domain.payments.payout import PayoutAccount, checked, keep_payout
from domain.payments.refund import Means
from domain.payments.refund_approval import Approval, approval_for
from domain.payments.withhold import withhold
from domain.refusals import RefusalCode, Refused
from domain.wire import added

REASON_LENGTH = 500  # a sentence or two for the audit trail
EXPIRE_REFUND = "expire_refund"


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A charge of the payment's invoice by its position, and how much of it: an amount as the line counts, or so many
    of its units; neither is all that is left."""

    position: int
    amount: Money | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """Give part or all of a captured payment back to its method, or as credit. Of lines the amount may be left out."""

    payment: PaymentId
    amount: Money | None
    reason: str
    lines: tuple[RefundLine, ...] = added(())
    means: Means = added(Means.METHOD)
    payout: PayoutAccount | None = added(None)
    """To which account a transfer that staff recorded is given back."""


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """The refund that is now under way or awaits approval, and the credit note where revenue and tax were taken back
    for it."""

    refund: RefundId
    payment: PaymentId
    amount: Money
    credit_note: CreditNoteId | None = None


@operation(
    "payments.request_refund",
    allowed=frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
    moves_money=True,
)
async def request_refund(tx: Tx, command: RequestRefund) -> RefundRequested:
    """NOT_FOUND; INVALID_AMOUNT; INVALID_INPUT; CURRENCY_MISMATCH; EXCEEDS_CAPTURED beyond what was captured and is
    neither given back nor asked for; EXCEEDS_INVOICED where more than the invoice's lines still have would be given
    back; STATE_CONFLICT for a payment that is only held (void it)."""
    of = await payment(tx, tx.customer, command.payment)
    _check(of, command)
    wanted = await _wanted(tx, of, command)
    _check_amount(of, wanted.amount)
    account = checked(of, wanted.means, command.payout)
    approval, note = await approval_for(tx, of, wanted.amount), None
    if approval is None:
        refund, note = await pay_back(tx, of, wanted)
        await withhold(tx, of.invoice)  # where a dispute took what this gives back, other credit of it goes
    else:
        refund = await _ask(tx, of, wanted, approval)
    if of.kind == OFFLINE and wanted.means is Means.METHOD:
        await keep_payout(tx, of, refund, account)
    return RefundRequested(refund, of.id, wanted.amount, note)


async def _ask(tx: Tx, of: Payment, wanted: Wanted, approval: Approval) -> RefundId:
    await refuse_unpayable(tx, of, wanted)
    id = await hold_refund(tx, of, wanted)
    await tx.execute(
        """INSERT INTO refund_request (shard_key, refund_id, tenant_id, customer_id, asked_by, needs, needed_for,
               expires_at, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, tx.actor.scope, approval.by.value,
        approval.because.value, approval.expires_at, tx.recorded_at,
    )  # fmt: skip
    await due.schedule(tx, EXPIRE_REFUND, id.uuid, approval.expires_at)
    tx.emit("refund.awaiting_approval", refund=id, payment=of.id)
    return id


async def _wanted(tx: Tx, of: Payment, command: RequestRefund) -> Wanted:
    if not command.lines:
        if command.amount is None:
            raise Refused(RefusalCode.INVALID_INPUT, "Name an amount, or lines.", ("amount",))
        return Wanted(command.amount, command.reason, command.means)
    paid = await invoice(tx, tx.customer, of.invoice)
    charges = {
        ref.position: line for ref, line in charges_of(paid, (await lines_of(tx, tx.customer, [paid.id]))[paid.id])
    }
    lines = tuple((each.position, _part(charges.get(each.position), each)) for each in command.lines)
    worth = await worth_of(tx, of, lines)
    if command.amount not in (None, worth):
        message = f"These lines are worth {worth} with tax; leave the amount out, or say so much."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, ("amount",))
    return Wanted(worth, command.reason, command.means, lines)


def _part(charge: Line | None, asked: RefundLine) -> Money:
    """How much of the charge, as the line counts; units are worth their share of what was charged for all."""
    path = ("lines",)
    if charge is None:
        raise Refused(RefusalCode.NOT_FOUND, f"The invoice has no charge {asked.position}.", path)
    if asked.amount is not None and asked.quantity is not None:
        raise Refused(RefusalCode.INVALID_INPUT, "Name an amount or a quantity of a line, not both.", path)
    part = amount_left(charge) if asked.amount is None else asked.amount
    if asked.quantity is not None:
        if not 1 <= asked.quantity <= charge.quantity:
            raise Refused(RefusalCode.INVALID_INPUT, f"Line {asked.position} has {charge.quantity} units.", path)
        part = share(asked.quantity, charge.quantity, charge.amount)
    if part.currency != charge.amount.currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The invoice is in {charge.amount.currency}.", path)
    if part.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, f"Nothing is given back of line {asked.position}.", path)
    return part


def _check(of: Payment, command: RequestRefund) -> None:
    if command.amount is not None and command.amount.currency != of.amount.currency:
        message = f"The payment is in {of.amount.currency}."
        raise Refused(RefusalCode.CURRENCY_MISMATCH, message, ("amount", "currency"))
    if command.amount is not None and command.amount.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A refund is of more than nothing.", ("amount",))
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    if command.means is Means.OUTSIDE:
        message = "What is paid by another way is said where a refund has failed."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("means",))
    if len({line.position for line in command.lines}) < len(command.lines):
        raise Refused(RefusalCode.INVALID_INPUT, "Each line is named once.", ("lines",))
    if of.state.name == "authorized" and of.captured.minor == 0:
        message = "The payment is only held, and nothing was taken: void it instead."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("paymentId",))


def _check_amount(of: Payment, amount: Money) -> None:
    if amount.minor <= 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "A refund is of more than nothing.", ("lines",))
    if amount > of.left:
        raise exceeds(of)
