"""The peer of a renewal: a minimal script that writes the rows of one, statement by statement, in one transaction.

What one would write without a kernel: no types, checks, leases or relay; the keys of the schema are its only care.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.bench.clients import clients_for
from tests.bench.samples import Counted
from tests.bench.seed import Shop

Pool = asyncpg.Pool


async def by_script(pool: Pool, shop: Shop, clients: int, seconds: float) -> Counted:
    """Renewals by so many tasks of this process at once, each on a connection of its own."""

    async def one() -> bool:
        async with pool.acquire() as connection, connection.transaction():
            return await _renew_next(connection, shop.shard)

    return await clients_for(one, clients, seconds)


async def _renew_next(db: Any, shard: int) -> bool:
    due = await db.fetchrow(
        """SELECT customer_id, subject FROM due_work
            WHERE shard_key = $1 AND kind = 'renew' AND NOT clocked AND due_at <= now()
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED""",
        shard,
    )
    if due is None:
        return False
    customer, id = due["customer_id"], due["subject"]
    head = await db.fetchrow(
        """SELECT audit_number, audit_hash, event_number FROM customer_head
            WHERE shard_key = $1 AND customer_id = $2 FOR UPDATE""",
        shard,
        customer,
    )
    of = await db.fetchrow(
        """SELECT tenant_id, plan_id, price_id, quantity, currency, unit_amount, period_index, period_end
             FROM subscription WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND state = 'active'""",
        shard,
        customer,
        id,
    )
    price = await db.fetchrow("SELECT unit_amount FROM price WHERE id = $1", of["price_id"])
    plan = await db.fetchrow("SELECT name FROM plan WHERE id = $1", of["plan_id"])
    start = of["period_end"]
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    draft, operation, now = uuid4(), uuid4(), datetime.now(UTC)
    await db.execute(
        """UPDATE subscription SET period_index = period_index + 1, period_start = $4, period_end = $5
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        shard, customer, id, start, end,
    )  # fmt: skip
    await _draft(db, shard, customer, id, of, draft, price["unit_amount"] * of["quantity"], plan["name"], start, end)
    await _schedule(db, shard, customer, id, draft, now)
    await _record(db, shard, customer, head, operation, draft, now)
    return True


async def _draft(
    db: Any, shard: int, customer: UUID, id: UUID, of: Any, draft: UUID, amount: int, name: str, start: datetime,
    end: datetime,
) -> None:  # fmt: skip
    await db.execute(
        """INSERT INTO invoice_draft (shard_key, id, tenant_id, customer_id, subscription_id, reason, period_start,
               period_end, currency, recorded_at)
           VALUES ($1, $2, $3, $4, $5, 'renewal', $6, $7, $8, now())""",
        shard, draft, of["tenant_id"], customer, id, start, end, of["currency"],
    )  # fmt: skip
    derivation = {"formula": "rest", "price": {"minor": amount, "currency": of["currency"]}}
    await db.execute(
        """INSERT INTO invoice_draft_line (shard_key, customer_id, draft_id, position, kind, description, price_id,
               quantity, unit_amount, starts_at, ends_at, currency, amount, derivation)
           VALUES ($1, $2, $3, 1, 'charge', $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        shard, customer, draft, name, of["price_id"], of["quantity"], of["unit_amount"], start, end, of["currency"],
        amount, json.dumps(derivation),
    )  # fmt: skip


async def _schedule(db: Any, shard: int, customer: UUID, id: UUID, draft: UUID, now: datetime) -> None:
    await db.execute(
        """INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts, recorded_at)
           VALUES ($1, $2, 'finalize_invoice', $3, $4, 'business', false, 0, $5)""",
        shard, customer, draft, now + timedelta(hours=1), now,
    )  # fmt: skip
    await db.execute(
        """UPDATE due_work SET due_at = $4, recorded_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND kind = 'renew' AND subject = $3""",
        shard, customer, id, now,
    )  # fmt: skip


async def _record(
    db: Any, shard: int, customer: UUID, head: Any, operation: UUID, draft: UUID, now: datetime
) -> None:  # fmt: skip
    body = json.dumps({"operation": "renew", "draft": str(draft)})
    body_hash = hashlib.sha256(body.encode()).digest()
    chained = hashlib.sha256(head["audit_hash"] + body_hash).digest()
    number, event = head["audit_number"] + 1, head["event_number"] + 1
    await db.execute(
        """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation, command_hash,
               outcome, recorded_at)
           VALUES ($1, $2, 'script', $3, $4, 'renew', $5, $6, $7)""",
        shard, customer, str(operation), operation, body_hash, body, now,
    )  # fmt: skip
    await db.execute(
        """INSERT INTO audit_entry (shard_key, customer_id, number, previous_number, previous_hash, body_hash, hash,
               operation_id, recorded_at)
           VALUES ($1, $2, $3::bigint, nullif($3::bigint - 1, 0), $4, $5, $6, $7, $8)""",
        shard, customer, number, head["audit_hash"], body_hash, chained, operation, now,
    )  # fmt: skip
    await db.execute(
        "INSERT INTO audit_body (shard_key, customer_id, number, recorded_at, body) VALUES ($1, $2, $3, $4, $5)",
        shard, customer, number, now, body,
    )  # fmt: skip
    await db.execute(
        """INSERT INTO outbox_event (shard_key, customer_id, number, kind, body, operation_id, clocked, attempts,
               recorded_at)
           VALUES ($1, $2, $3, 'subscription.renewed', $4, $5, false, 0, $6)""",
        shard, customer, event, body, operation, now,
    )  # fmt: skip
    await db.execute(
        """UPDATE customer_head SET audit_number = $3, audit_hash = $4, event_number = $5
            WHERE shard_key = $1 AND customer_id = $2""",
        shard, customer, number, chained, event,
    )  # fmt: skip
