"""Writing down what became of a payment, and what is asked of one that is held."""

from dataclasses import replace

from domain import due
from domain.db import Tx
from domain.payments.pay_invoice import HEAD_START, SEND
from domain.payments.payment import Asked, Payment


async def store_payment(tx: Tx, of: Payment) -> None:
    """Writes all that may change of it but refunds; when an ask was sent is kept while it is the same ask.

    How often the provider was asked in vain counts anew for a new ask.
    """
    asked, failed = of.asked, of.state.name == "failed"
    await tx.execute(
        """UPDATE payment SET state = $4, seq = $5, provider_ref = $6, action_url = $7, failure_code = $8,
                  failure_hard = $9, captured = $10, posted_number = $11, authorized = $12, capturable = $13,
                  released = $14, returned = $15, expires_at = $16, expected_at = $17, returnable_until = $18,
                  asked = $19, asked_total = $20, asked_final = $21, asked_code = $22,
                  asked_sent_at = CASE WHEN $19::text IS NOT NULL AND asks = $23 THEN asked_sent_at END, asks = $23,
                  queries = CASE WHEN asks = $23 THEN queries ELSE 0 END
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, of.state.name, of.state.seq, of.provider_ref, of.action_url,
        of.failure_code if failed else None, of.failure_hard if failed else None, of.captured.minor, of.posted_number,
        None if of.authorized is None else of.authorized.minor, of.capturable.minor, of.released.minor,
        of.returned.minor, of.expires_at, of.expected_at, of.returnable_until,
        asked.what.value if asked else None, asked.total.minor if asked and asked.total else None,
        asked.final if asked and asked.total else None, asked.code if asked else None, of.asks,
    )  # fmt: skip


async def ask_of(tx: Tx, of: Payment, asked: Asked) -> Payment:
    """The payment with what is now asked of its hold; the provider is told right after the commit."""
    await due.schedule(tx, SEND, of.id.uuid, tx.recorded_at + HEAD_START, follows="wall")
    tx.emit("payment.asked", payment=of.id, invoice=of.invoice)
    return replace(of, asked=asked, asks=of.asks + 1)
