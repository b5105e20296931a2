"""Checks of the books: each recomputes one promise for a shard key and returns what breaks it, earliest first."""

from domain import audit
from domain.db import Primary, Row
from domain.ids import CustomerId


async def numbers_without_gaps(db: Primary, shard: int) -> list[Row]:
    """Every customer's transactions count 1, 2, 3 up to the number in its head."""
    return await db.fetch(
        """SELECT h.customer_id, 'ledger_transaction' AS relation, coalesce(max(t.number), 0)::text AS row
             FROM customer_head h
             LEFT JOIN ledger_transaction t ON t.shard_key = h.shard_key AND t.customer_id = h.customer_id
            WHERE h.shard_key = $1
            GROUP BY h.customer_id, h.ledger_number
           HAVING count(t.number) <> h.ledger_number OR coalesce(max(t.number), 0) <> h.ledger_number
            ORDER BY h.customer_id""",
        shard,
    )


async def transfers_complete(db: Primary, shard: int) -> list[Row]:
    """Every transaction has exactly as many transfers as it says."""
    return await db.fetch(
        """SELECT t.customer_id, 'ledger_transaction' AS relation, t.number::text AS row
             FROM ledger_transaction t
             LEFT JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                        AND f.number = t.number
            WHERE t.shard_key = $1
            GROUP BY t.customer_id, t.number, t.transfer_count
           HAVING count(f.position) <> t.transfer_count OR min(f.amount) <= 0
            ORDER BY t.customer_id, t.number""",
        shard,
    )


async def balances_recomputed(db: Primary, shard: int) -> list[Row]:
    """Every stored balance is the sum of the transfers on its account, counted through the last one that touched it."""
    return await db.fetch(
        """SELECT b.customer_id, 'account_balance' AS relation, b.kind || ' ' || b.currency AS row
             FROM account_balance b
             JOIN account_kind k ON k.kind = b.kind
             LEFT JOIN ledger_transfer f ON f.shard_key = b.shard_key AND f.customer_id = b.customer_id
                                        AND f.currency = b.currency AND b.kind IN (f.debit_kind, f.credit_kind)
            WHERE b.shard_key = $1
            GROUP BY b.customer_id, b.kind, b.currency, b.balance, b.through_number, k.normal_side
           HAVING b.balance <> coalesce(sum(CASE WHEN f.debit_kind = b.kind THEN f.amount ELSE -f.amount END), 0)
                               * CASE k.normal_side WHEN 'debit' THEN 1 ELSE -1 END
               OR b.through_number <> coalesce(max(f.number), 0)
            ORDER BY b.customer_id, row""",
        shard,
    )


async def reversals_mirror(db: Primary, shard: int) -> list[Row]:
    """A reversal moves, account by account, exactly what its original moved, the other way."""
    return await db.fetch(
        """SELECT r.customer_id, 'ledger_transaction' AS relation, r.number::text AS row
             FROM ledger_transaction r
             JOIN ledger_transfer f ON f.shard_key = r.shard_key AND f.customer_id = r.customer_id
                                   AND f.number = r.number
             LEFT JOIN ledger_transfer o ON o.shard_key = r.shard_key AND o.customer_id = r.customer_id
                                        AND o.number = r.reverses_number AND o.position = f.position
            WHERE r.shard_key = $1 AND r.reverses_number IS NOT NULL
              AND (o.amount IS NULL OR (o.debit_kind, o.credit_kind, o.currency, o.amount)
                                       <> (f.credit_kind, f.debit_kind, f.currency, f.amount))
            ORDER BY r.customer_id, r.number""",
        shard,
    )


async def postings_in_their_month(db: Primary, shard: int) -> list[Row]:
    """Every transaction is booked in the month in which it happened, in UTC."""
    return await db.fetch(
        """SELECT customer_id, 'ledger_transaction' AS relation, number::text AS row
             FROM ledger_transaction
            WHERE shard_key = $1 AND period_starts_on <> date_trunc('month', happened_at AT TIME ZONE 'UTC')
            ORDER BY customer_id, number""",
        shard,
    )


async def audit_chains(db: Primary, shard: int) -> list[Row]:
    """Every customer's audit chain recomputes to the hash in its head; the first wrong entry is named."""
    heads = await db.fetch("SELECT customer_id FROM customer_head WHERE shard_key = $1 ORDER BY customer_id", shard)
    for head in heads:
        verdict = await audit.verify_chain(db, CustomerId(shard, head["customer_id"]))
        if not verdict.verified:
            return await db.fetch(
                """SELECT customer_id, 'audit_entry' AS relation, $3::bigint::text AS row FROM customer_head
                    WHERE shard_key = $1 AND customer_id = $2""",
                shard,
                head["customer_id"],
                verdict.first_wrong,
            )
    return []


CHECKS = (
    numbers_without_gaps,
    transfers_complete,
    balances_recomputed,
    reversals_mirror,
    postings_in_their_month,
    audit_chains,
)
