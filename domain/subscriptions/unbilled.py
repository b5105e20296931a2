"""What a subscription that ends takes with it: a change nobody paid, and a period that is not invoiced yet."""

from domain import due
from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.draft import FINALIZE, drop_draft
from domain.invoices.invoice import invoice
from domain.payments.take_invoice_back import take_invoice_back
from domain.payments.under_way import is_being_paid
from domain.subscriptions.store import store_plans
from domain.subscriptions.subscription import Subscription


async def drop_unpaid_change(tx: Tx, of: Subscription) -> None:
    """Voids a change that waits for its payment; while an attempt is open it stays, and its success becomes credit."""
    if of.pending is None:
        return
    waiting = await invoice(tx, tx.customer, of.pending.invoice)
    if await is_being_paid(tx, waiting):
        return
    if waiting.state.name == "open":
        await take_invoice_back(tx, waiting)
        await store_plans(tx, of, of.planned, None)


async def unbilled_draft(tx: Tx, of: Subscription) -> InvoiceId | None:
    """The draft of a period that began within the hour, or None."""
    id = await tx.fetchval(
        """SELECT id FROM invoice_draft
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason = 'renewal'
            ORDER BY period_start LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    return InvoiceId(tx.customer.shard, id) if id else None


async def drop_unbilled(tx: Tx, of: Subscription) -> None:
    """Takes back the draft of the running period, which began within the hour: who leaves then does not owe it.

    After a downtime there may be drafts of periods that are over: those were had, and are issued in their hour.
    """
    rows = await tx.fetch(
        """SELECT id FROM invoice_draft
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason = 'renewal'
              AND period_end > $4""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        tx.now,
    )
    for row in rows:
        await due.finish(tx, FINALIZE, row["id"])
        await drop_draft(tx, InvoiceId(tx.customer.shard, row["id"]))
