"""What an export holds of what a customer bought, owed and paid, table by table; no secret is read."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from domain.db import Replica, Row
from domain.ids import CustomerId


async def _subscription(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, plan_id, price_id, quantity, currency, unit_amount, cadence_unit, cadence_count,
                  period_start, period_end, state, trial_end, cancel_at, paused_at, resumes_at, ended_at, recorded_at
             FROM subscription
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _contract(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, price_id, currency, commitment, starts_at, ends_at, net_days, purchase_order, state,
                  recorded_at
             FROM contract
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _coupon_redemption(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT r.id, c.code, c.name, r.subscription_id, r.periods_left, r.redeemed_at, r.ended_at
             FROM coupon_redemption r
             JOIN coupon c ON c.id = r.coupon_id
            WHERE r.shard_key = $1 AND r.customer_id = $2
            ORDER BY r.id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _invoice(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, number_text, subscription_id, reason, period_start, period_end, currency, tax, total,
                  due, paid, purchase_order, state, issued_at, due_at, snapshot_sealed
             FROM invoice
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _invoice_line(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT invoice_id, position, kind, description, quantity, currency, unit_amount, amount, discount,
                  tax, starts_at, ends_at
             FROM invoice_line
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY invoice_id, position""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _credit_note(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, number_text, invoice_id, kind, reason, currency, tax, total, state, issued_at,
                  snapshot_sealed
             FROM credit_note
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _payment(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, invoice_id, currency, amount, captured, method_id, kind, means, reference, action_url,
                  failure_code, state, recorded_at
             FROM payment
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _receipt(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, number_text, payment_id, issued_at, withdrawn_at
             FROM receipt
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _refund(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, payment_id, currency, amount, reason, means, state, recorded_at
             FROM refund
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _refund_payout(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT refund_id, means, settled_at, recorded_at, sealed
             FROM refund_payout
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY refund_id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _dispute(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, payment_id, currency, amount, reason, state, due_at, closed_at, recorded_at
             FROM dispute
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY id""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _evidence_file(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT media_type, size, content, recorded_at
             FROM evidence_file
            WHERE shard_key = $1 AND customer_id = $2
            ORDER BY recorded_at, sha256""",
        of.shard, of.uuid,
    )  # fmt: skip


# By table, in the order of the export.
DEALINGS: Final[dict[str, Callable[[Replica, CustomerId], Awaitable[Sequence[Row]]]]] = {
    "subscription": _subscription,
    "contract": _contract,
    "coupon_redemption": _coupon_redemption,
    "invoice": _invoice,
    "invoice_line": _invoice_line,
    "credit_note": _credit_note,
    "payment": _payment,
    "receipt": _receipt,
    "refund": _refund,
    "refund_payout": _refund_payout,
    "dispute": _dispute,
    "evidence_file": _evidence_file,
}
