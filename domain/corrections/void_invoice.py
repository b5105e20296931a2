"""Voiding an invoice that should not have been issued, and putting another one in its place."""

from dataclasses import dataclass, replace

from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.draft import Draft, store_draft
from domain.invoices.edit_draft import REPLACEMENT
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.line import Line, lines_of
from domain.money import Money
from domain.operation import operation
from domain.payments.take_invoice_back import given_beyond, take_invoice_back
from domain.payments.under_way import refuse_while_being_paid
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.subscription import subscription

REASON_LENGTH = 500  # a sentence or two for the audit trail


@dataclass(frozen=True, slots=True)
class VoidInvoice:
    """``replace`` leaves a draft with the same lines, for staff to put right and to issue."""

    invoice: InvoiceId
    reason: str
    replace: bool


@dataclass(frozen=True, slots=True)
class InvoiceVoided:
    """The void invoice, and the draft of what will stand in its place."""

    invoice: InvoiceId
    replacement: InvoiceId | None


@operation("invoices.void", allowed=frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def void_invoice(tx: Tx, command: VoidInvoice) -> InvoiceVoided:
    """STATE_CONFLICT unless it is open, no credit of another invoice stands on its lines, and no subscription waits for
    it; PAYMENT_IN_PROGRESS while a payment of it may still succeed, or of an adjustment of its tax, which is taken back
    with it; INSUFFICIENT_BALANCE where more was given back of it than is paid, and that is no credit of the customer's;
    INVALID_INPUT for a reason that says nothing. STATE_CONFLICT for another draft once the customer was erased."""
    of = await invoice(tx, tx.customer, command.invoice)
    require_reason(command.reason)
    if command.replace and tx.head.erased:
        message = "This customer was erased: nothing is issued to it in place of the invoice."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("replace",))
    await _check(tx, of)
    lines = (await lines_of(tx, tx.customer, [of.id]))[of.id]
    await take_invoice_back(tx, of)
    replacement = await _replaced(tx, of, lines) if command.replace else None
    return InvoiceVoided(of.id, replacement)


def require_reason(text: str) -> None:
    """INVALID_INPUT for one that says nothing, or too much."""
    if not text.strip() or len(text) > REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))


async def _check(tx: Tx, of: Invoice) -> None:
    if of.state.name != "open":
        message = f"Invoice {of.number} is {of.state.name}: only an open one is voided; a credit note corrects it."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("invoiceId",))
    await refuse_while_being_paid(tx, of)
    if await _is_credited_elsewhere(tx, of.id):
        message = f"Another invoice gives back a part of {of.number}: void that one first."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("invoiceId",))
    await require_nobody_waits(tx, of)
    given = await given_beyond(tx, of)
    if given.minor:
        message = f"Of {of.number} {given} were given back that are not paid now: credit the rest of it, or give it up."
        raise Refused(RefusalCode.INSUFFICIENT_BALANCE, message, ("invoiceId",))


async def require_nobody_waits(tx: Tx, of: Invoice) -> None:
    """STATE_CONFLICT where a subscription waits for the invoice to be paid: it would wait for ever."""
    if of.subscription is None:
        return
    billed = await subscription(tx, tx.customer, of.subscription)
    if billed.pending_invoice == of.id or billed.state.name == "incomplete":
        message = f"The subscription waits for {of.number} to be paid: cancel that first."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("invoiceId",))


async def _is_credited_elsewhere(tx: Tx, id: InvoiceId) -> bool:
    """By an invoice that stays: an adjustment of its tax is taken back with it."""
    found = await tx.fetchval(
        """SELECT 1 FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.credits_invoice_id = $3 AND i.state <> 'void'
              AND i.reason NOT LIKE 'tax_correction:%'
            LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        id.uuid,
    )
    return found is not None


async def _replaced(tx: Tx, of: Invoice, lines: tuple[Line, ...]) -> InvoiceId:
    """A draft with the lines as they were ordered: discount and tax are worked out anew when it is issued."""
    nothing = Money.zero(of.currency)
    ordered = tuple(replace(line, discount=nothing, components=(), given_back=nothing, list_amount=line.list_amount)
                    for line in lines)  # fmt: skip
    draft = Draft(
        of.subscription, f"{REPLACEMENT}{of.number}", of.period_start, of.period_end, of.currency, ordered,
        of.purchase_order,
    )  # fmt: skip
    id = await store_draft(tx, draft)
    await tx.execute(
        """INSERT INTO invoice_replacement (shard_key, customer_id, invoice_id, replacement_id, recorded_at)
           VALUES ($1, $2, $3, $4, $5)""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, id.uuid, tx.recorded_at,
    )  # fmt: skip
    return id
