"""Marking an invoice uncollectible: what is due is written off; money that comes later is recovered.

The debt is not gone: where the invoice was being dunned, its case is given up and the subscription that it bills ends.
"""

from dataclasses import dataclass

from domain.actor import Grant
from domain.corrections.void_invoice import require_nobody_waits, require_reason
from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.invoice import invoice
from domain.invoices.settle import write_off
from domain.money import Money
from domain.operation import operation
from domain.payments.issue_credit_note import refuse_while_paying
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class GiveUpInvoice:
    """An open invoice that will not be paid."""

    invoice: InvoiceId
    reason: str


@dataclass(frozen=True, slots=True)
class InvoiceGivenUp:
    """The invoice, and what of it was written off."""

    invoice: InvoiceId
    written_off: Money


@operation("invoices.mark_uncollectible", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def give_up_invoice(tx: Tx, command: GiveUpInvoice) -> InvoiceGivenUp:
    """STATE_CONFLICT unless it is open and no subscription waits for it; PAYMENT_IN_PROGRESS while a payment of it may
    still succeed."""
    of = await invoice(tx, tx.customer, command.invoice)
    require_reason(command.reason)
    if of.state.name != "open":
        message = f"Invoice {of.number} is {of.state.name}: nothing of it is left to give up."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("invoiceId",))
    await refuse_while_paying(tx, of)
    await require_nobody_waits(tx, of)
    await write_off(tx, of)
    return InvoiceGivenUp(of.id, of.due)
