"""Refunds that had not left the house when their payment was taken back: nothing of them is given back any more."""

from domain.db import Tx
from domain.ids import RefundId
from domain.payments.doubt import settle_cases
from domain.payments.exception_case import Kind
from domain.payments.payment import Payment
from domain.payments.payout import forget_account
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund

NEVER_SENT = "payment_returned"  # why such a refund has failed
NOTHING_TO_DECIDE = "The payment was taken back before any of this was given back."


async def end_unsent(tx: Tx, of: Payment) -> None:
    """Ends them before the payment's own postings are reversed, so that what they had taken of credit is there.

    One that a worker has marked as sent may have left the house: its answer decides. The rows are locked until this
    is done, so that no worker marks them meanwhile. One that a person was to pay out was not, for it is not recorded.
    """
    rows = await tx.fetch(
        """SELECT id FROM refund
            WHERE shard_key = $1 AND customer_id = $2 AND payment_id = $3 AND state = 'requested' AND sent_at IS NULL
            ORDER BY id FOR UPDATE""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    for row in rows:
        id = RefundId(tx.customer.shard, row["id"])
        await settle_refund.run(tx, SettleRefund(id, RefundNews.FAILED, None, NEVER_SENT))
        await forget_account(tx, id)
        await settle_cases(tx, id.uuid, (Kind.REFUND_FAILED,), NOTHING_TO_DECIDE)
