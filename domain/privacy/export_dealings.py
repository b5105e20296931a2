"""What an export holds of what a customer bought, owed and paid, table by table; no secret is read."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from domain.db import Replica, Row
from domain.ids import CustomerId
from domain.privacy.export_table import Place, Table, by_id, paged, whole


async def _subscription(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, plan_id, price_id, quantity, currency, unit_amount, cadence_unit, cadence_count,
                  period_start, period_end, state, trial_end, cancel_at, paused_at, resumes_at, ended_at, recorded_at
             FROM subscription
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _contract(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, price_id, currency, commitment, starts_at, ends_at, net_days, purchase_order, state,
                  recorded_at
             FROM contract
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _coupon_redemption(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT r.id, c.code, c.name, r.subscription_id, r.periods_left, r.redeemed_at, r.ended_at
             FROM coupon_redemption r
             JOIN coupon c ON c.id = r.coupon_id
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.id > $3
            ORDER BY r.id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _invoice(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, number_text, subscription_id, reason, period_start, period_end, currency, tax, total,
                  due, paid, purchase_order, state, issued_at, due_at, snapshot_sealed
             FROM invoice
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _invoice_line(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT invoice_id, position, kind, description, quantity, currency, unit_amount, amount, discount,
                  tax, starts_at, ends_at
             FROM invoice_line
            WHERE shard_key = $1 AND customer_id = $2 AND (invoice_id, position) > ($3, $4)
            ORDER BY invoice_id, position LIMIT $5""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _credit_note(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, number_text, invoice_id, kind, reason, currency, tax, total, state, issued_at,
                  snapshot_sealed
             FROM credit_note
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _payment(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, invoice_id, currency, amount, captured, method_id, kind, means, reference, action_url,
                  failure_code, state, recorded_at
             FROM payment
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _receipt(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, number_text, payment_id, issued_at, withdrawn_at
             FROM receipt
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _refund(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, payment_id, currency, amount, reason, means, state, recorded_at
             FROM refund
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _refund_payout(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT refund_id, means, settled_at, recorded_at, sealed
             FROM refund_payout
            WHERE shard_key = $1 AND customer_id = $2 AND refund_id > $3
            ORDER BY refund_id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _dispute(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, payment_id, currency, amount, reason, state, due_at, closed_at, recorded_at
             FROM dispute
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
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
DEALINGS: Final[Mapping[str, Table]] = {
    "subscription": by_id(_subscription),
    "contract": by_id(_contract),
    "coupon_redemption": by_id(_coupon_redemption),
    "invoice": by_id(_invoice),
    "invoice_line": paged(_invoice_line, (UUID(int=0), 0), "invoice_id", "position"),
    "credit_note": by_id(_credit_note),
    "payment": by_id(_payment),
    "receipt": by_id(_receipt),
    "refund": by_id(_refund),
    "refund_payout": by_id(_refund_payout, "refund_id"),
    "dispute": by_id(_dispute),
    "evidence_file": whole(_evidence_file),
}
