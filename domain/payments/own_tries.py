"""How often a customer may try one method again for an invoice: bounded by whoever collects it, counted here."""

from domain.db import Primary, Tx
from domain.ids import CustomerId, InvoiceId
from domain.refusals import RefusalCode, Refused


async def allow_tries(tx: Tx, invoice: InvoiceId, most: int) -> None:
    """From now on the customer tries that invoice so often by itself on methods that were tried, counted anew."""
    await tx.execute(
        """INSERT INTO own_tries (shard_key, customer_id, invoice_id, used, most) VALUES ($1, $2, $3, 0, $4)
           ON CONFLICT (shard_key, customer_id, invoice_id) DO UPDATE SET used = 0, most = EXCLUDED.most""",
        tx.customer.shard,
        tx.customer.uuid,
        invoice.uuid,
        most,
    )


async def has_tries_left(db: Primary, customer: CustomerId, invoice: InvoiceId) -> bool:
    """Whether the customer may once more try a method that was tried before; nobody is bound whose invoice is not being
    collected by itself, nor where nothing was said."""
    used_up = await db.fetchval(
        """SELECT t.used >= t.most
             FROM own_tries t
             JOIN invoice i ON i.shard_key = t.shard_key AND i.customer_id = t.customer_id AND i.id = t.invoice_id
             JOIN dunning_case c ON c.shard_key = t.shard_key AND c.customer_id = t.customer_id
                                AND c.invoice_id = t.invoice_id
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.invoice_id = $3 AND i.collection = 'charge'
              AND c.state IN ('retrying', 'grace', 'suspended')""",
        customer.shard,
        customer.uuid,
        invoice.uuid,
    )
    return not used_up


async def use_try(tx: Tx, invoice: InvoiceId) -> None:
    """Counts a try of the customer's own on a method that was tried before; TRIES_USED_UP where none is left."""
    if not await has_tries_left(tx, tx.customer, invoice):
        message = "This invoice was tried too often; another payment method is charged at once."
        raise Refused(RefusalCode.TRIES_USED_UP, message, ("invoiceId",))
    await tx.execute(
        """UPDATE own_tries SET used = used + 1
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = $3 AND used < most""",
        tx.customer.shard,
        tx.customer.uuid,
        invoice.uuid,
    )
