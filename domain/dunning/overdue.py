"""An invoice on account whose day has passed: its case begins, with reminders in the place of charges."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.dunning.case import NET
from domain.dunning.open_case import FailureHandled, PaymentFailed, payment_failed
from domain.ids import InvoiceId
from domain.invoices.billing_terms import OVERDUE
from domain.invoices.invoice import invoice
from domain.operation import operation
from domain.payments.payment import payments_of
from domain.payments.still_open import still_open
from domain.subscriptions.invoice_paid import InvoicePaid, invoice_paid
from domain.subscriptions.subscription import subscription


@dataclass(frozen=True, slots=True)
class InvoiceOverdue:
    """An invoice that should have been paid by now."""

    invoice: InvoiceId


@operation("dunning.invoice_overdue", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def invoice_overdue(tx: Tx, command: InvoiceOverdue) -> FailureHandled:
    """Opens the case of an invoice that is still open; waits while a payment of it may still succeed.

    A subscription that began with it runs from then on, also where the event that begins it is still on its way: one
    that begins beside an open case would never be suspended by it.
    """
    of = await invoice(tx, tx.customer, command.invoice)
    if await still_open(tx, await payments_of(tx, tx.customer, of.id)):
        await due.schedule(tx, OVERDUE, of.id.uuid, tx.now + NET)
        return FailureHandled(None, None)
    await due.finish(tx, OVERDUE, of.id.uuid)
    if of.state.name != "open":
        return FailureHandled(None, None)
    if of.subscription and (await subscription(tx, tx.customer, of.subscription)).state.name == "incomplete":
        await invoice_paid.run(tx, InvoicePaid(of.subscription, of.id))
    tx.emit("invoice.overdue", invoice=of.id)
    return await payment_failed.run(tx, PaymentFailed(of.id, None))
