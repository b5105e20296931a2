"""A change that was not paid is dropped with the adjustments of its tax, once no payment of those is under way."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.tax_correction import TAX_CORRECTION
from domain.operation import operation
from domain.payments.under_way import is_being_paid
from domain.subscriptions.change_plan import DiscardChange, discard_change
from domain.subscriptions.subscription import subscription


@dataclass(frozen=True, slots=True)
class DropFailedChange:
    """An invoice of which a payment has ended, one way or the other."""

    invoice: InvoiceId


@dataclass(frozen=True, slots=True)
class ChangeDropped:
    """The subscription whose change was dropped; None where none was."""

    subscription: SubscriptionId | None


@operation("dunning.drop_failed_change", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def drop_failed_change(tx: Tx, command: DropFailedChange) -> ChangeDropped:
    """Drops the change whose invoice this one adjusts the tax of, where that invoice is not paid nor being paid."""
    extra = await invoice(tx, tx.customer, command.invoice)
    billed = await _adjusted(tx, extra)
    if billed is None or billed.subscription is None or billed.state.name != "open" or billed.collection != AUTOMATIC:
        return ChangeDropped(None)
    of = await subscription(tx, tx.customer, billed.subscription)
    if of.pending_invoice != billed.id or await is_being_paid(tx, billed):
        return ChangeDropped(None)
    await discard_change.run(tx, DiscardChange(of.id, billed.id))
    return ChangeDropped(of.id)


async def _adjusted(tx: Tx, extra: Invoice) -> Invoice | None:
    if not extra.reason.startswith(TAX_CORRECTION):
        return None
    id = await tx.fetchval(
        "SELECT invoice_id FROM tax_correction WHERE shard_key = $1 AND customer_id = $2 AND adjustment_id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        extra.id.uuid,
    )
    return await invoice(tx, tx.customer, InvoiceId(extra.id.shard, id)) if id else None
