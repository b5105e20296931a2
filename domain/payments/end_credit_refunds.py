"""Service credits whose credit note is void: nothing was given back then, and all of the payment can be given back."""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import InvoiceId
from domain.payments.begin_refund import release
from domain.payments.refund import REFUND, refund_from

NOTE_VOID = "credit_note_void"  # why such a refund has failed after all


async def end_credit_refunds(tx: Tx, invoices: Sequence[InvoiceId]) -> None:
    """Ends what void credit notes of these invoices had given as credit; the notes' own reversals took that back."""
    rows = await tx.fetch(
        """SELECT r.shard_key, r.id, r.customer_id, r.payment_id, r.currency, r.amount, r.reason, r.provider_key,
                  r.provider_ref, r.failure_code, r.sent_at, r.queries, r.posted_number, r.state, r.seq, r.happened_at,
                  r.means, r.of_invoice_id, n.voided_number
             FROM credit_note n
             JOIN refund r ON r.shard_key = n.shard_key AND r.customer_id = n.customer_id
                          AND r.posted_number = n.posted_number AND r.means = 'credit' AND r.state = 'succeeded'
            WHERE n.shard_key = $1 AND n.customer_id = $2 AND n.invoice_id = ANY ($3::uuid[]) AND n.state = 'void'
            ORDER BY r.id""",
        tx.customer.shard,
        tx.customer.uuid,
        [id.uuid for id in invoices],
    )
    for row in rows:
        of = refund_from(row)
        state = await REFUND.move(tx, tx.customer, of.id.uuid, of.state, "revoke")
        await tx.execute(
            """UPDATE refund SET state = $4, seq = $5, failure_code = $6, settled_number = $7
                WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
            tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq, NOTE_VOID, row["voided_number"],
        )  # fmt: skip
        await release(tx, of.payment, of.amount)
