"""The end of a subscription that was never paid for: 23 hours after its start."""

from dataclasses import dataclass
from datetime import timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.billing_terms import ON_ACCOUNT
from domain.invoices.invoice import Invoice, invoice
from domain.operation import operation
from domain.payments.take_invoice_back import take_invoice_back
from domain.payments.under_way import is_being_paid
from domain.subscriptions.lifecycle import EXPIRE
from domain.subscriptions.store import move
from domain.subscriptions.subscription import Subscription, SubscriptionStands, subscription

INCOMPLETE_FOR = timedelta(hours=23)  # the field's usual span: a day of trying, over before the next one
NET = timedelta(days=1)  # the end of an attempt wakes what waits for it; this is the net under an event that is stuck


@dataclass(frozen=True, slots=True)
class ExpireSubscription:
    """A subscription whose 23 hours are over, and the invoice it began with."""

    subscription: SubscriptionId


@operation("subscriptions.expire", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def expire_subscription(tx: Tx, command: ExpireSubscription) -> SubscriptionStands:
    """Voids the unpaid first invoice and ends the subscription; waits while an attempt is open, until its end wakes it,
    and for the event that activates it once it is paid, or on account."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name != "incomplete":
        await due.finish(tx, EXPIRE, of.id.uuid)
        return SubscriptionStands(of.id, of.state.name)
    unpaid = await first_invoice(tx, of)
    on_account = unpaid.state.name == "open" and unpaid.collection == ON_ACCOUNT
    begins = unpaid.state.name == "paid" or on_account  # by an event that is still on its way
    if begins or await is_being_paid(tx, unpaid):
        await due.schedule(tx, EXPIRE, of.id.uuid, tx.now + NET)
        return SubscriptionStands(of.id, of.state.name)
    if unpaid.state.name == "open":
        await take_invoice_back(tx, unpaid)
    state = await move(tx, of, "expire", ended_at=tx.now)
    await due.finish(tx, EXPIRE, of.id.uuid)
    return SubscriptionStands(of.id, state.name)


async def wake_expiry(tx: Tx, of: Subscription) -> None:
    """Looks again at a subscription whose time was over while an attempt was open."""
    if of.state.name == "incomplete" and of.period.start + INCOMPLETE_FOR <= tx.now:
        await due.schedule(tx, EXPIRE, of.id.uuid, tx.now)


async def first_invoice(tx: Tx, of: Subscription) -> Invoice:
    """The invoice that an incomplete subscription waits for."""
    id = await tx.fetchval(
        """SELECT id FROM invoice
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason = 'start'""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    return await invoice(tx, tx.customer, InvoiceId(of.id.shard, id))
