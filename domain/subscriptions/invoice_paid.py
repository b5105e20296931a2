"""What a paid invoice means for its subscription: the first one activates it, a pending change takes effect."""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.catalog.plan import price
from domain.db import Tx
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.credit_whole import TOO_LATE, credit_whole
from domain.invoices.invoice import Invoice, invoice
from domain.operation import operation
from domain.subscriptions.start import SubscriptionStands
from domain.subscriptions.subscription import (
    EXPIRE,
    Subscription,
    move,
    schedule_renewal,
    store_plans,
    store_terms,
    subscription,
)


@dataclass(frozen=True, slots=True)
class InvoicePaid:
    """An invoice that was just paid in full, and its subscription."""

    subscription: SubscriptionId
    invoice: InvoiceId


@operation("subscriptions.invoice_paid", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def invoice_paid(tx: Tx, command: InvoicePaid) -> SubscriptionStands:
    """Activates an incomplete subscription or applies its pending change; for any other invoice nothing changes."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name == "incomplete":
        await due.finish(tx, EXPIRE, of.id.uuid)
        await schedule_renewal(tx, of, of.period.end)
        return SubscriptionStands(of.id, (await move(tx, of, "activate")).name)
    if of.pending_invoice == command.invoice and of.pending_price is not None:
        await _apply(tx, of, await invoice(tx, tx.customer, command.invoice))
    return SubscriptionStands(of.id, of.state.name)


async def _apply(tx: Tx, of: Subscription, paid: Invoice) -> None:
    """A change takes effect only inside the period it was priced for; a later success becomes credit."""
    assert of.pending_price is not None
    if paid.period_end == of.period.end and tx.now < of.period.end:
        await store_terms(tx, of, await price(tx, of.tenant, of.pending_price))
        tx.emit("subscription.changed", subscription=of.id, invoice=paid.id)
        return
    await credit_whole(tx, paid, TOO_LATE, "The change was paid too late to take effect.")
    await store_plans(tx, of, next_price=of.next_price, pending=None)
    tx.emit("subscription.change_discarded", subscription=of.id, invoice=paid.id)
