"""What runs over many go over, and how far they are, over all shard keys of a tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.bulk.action import BulkAction
from domain.bulk.run import Order
from domain.db import Primary
from domain.ids import BulkRunId, CustomerId, EntityId, PlanId, TenantId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing, and whose it is."""

    customer: CustomerId
    id: UUID


Place = tuple[int, UUID]


@dataclass(frozen=True, slots=True)
class Page:
    """Things of an order; ``last`` is where the next page begins after, None where there are no more."""

    subjects: tuple[Subject, ...]
    last: Place | None


async def page_of(db: Primary, tenant: TenantId, order: Order, after: Place | None, limit: int) -> Page:
    """The next things that the order names or that are of its plan, by shard key and id; what is nobody's any more is
    left out."""
    if order.plan is not None:
        found = await _of_plan(db, tenant, order.plan, after, limit)
        return Page(tuple(found), (found[-1].customer.shard, found[-1].id) if len(found) == limit else None)
    named = sorted(order.ids(), key=lambda each: (each.shard, each.uuid))
    rest = [each for each in named if after is None or (each.shard, each.uuid) > after]
    last = rest[limit - 1] if len(rest) > limit else None
    owners = await owned(db, tenant, order.action, rest[:limit])
    return Page(tuple(owners), (last.shard, last.uuid) if last else None)


async def _of_plan(db: Primary, tenant: TenantId, of: PlanId, after: Place | None, limit: int) -> list[Subject]:
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id FROM subscription
            WHERE tenant_id = $1 AND plan_id = $2 AND state NOT IN ('canceled', 'incomplete_expired')
              AND ($3::int IS NULL OR (shard_key, id) > ($3::int, $4::uuid))
            ORDER BY shard_key, id LIMIT $5""",
        tenant.uuid,
        of.uuid,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [Subject(CustomerId(row["shard_key"], row["customer_id"]), row["id"]) for row in rows]


async def owned(db: Primary, tenant: TenantId, action: BulkAction, ids: Sequence[EntityId]) -> list[Subject]:
    """Those of the things that are the tenant's, by shard key and id."""
    shards, uuids = [each.shard for each in ids], [each.uuid for each in ids]
    if action is BulkAction.VOID_INVOICE:
        rows = await db.fetch(
            """-- fanout
               SELECT t.shard_key, t.id, t.customer_id
                 FROM unnest($2::int[], $3::uuid[]) AS w (shard_key, id)
                 JOIN invoice t ON t.shard_key = w.shard_key AND t.id = w.id AND t.tenant_id = $1
                ORDER BY t.shard_key, t.id""",
            tenant.uuid, shards, uuids,
        )  # fmt: skip
    elif action is BulkAction.ISSUE_DRAFT:
        rows = await db.fetch(
            """-- fanout
               SELECT t.shard_key, t.id, t.customer_id
                 FROM unnest($2::int[], $3::uuid[]) AS w (shard_key, id)
                 JOIN invoice_draft t ON t.shard_key = w.shard_key AND t.id = w.id
                 JOIN customer_head h ON h.shard_key = t.shard_key AND h.customer_id = t.customer_id
                                     AND h.tenant_id = $1
                ORDER BY t.shard_key, t.id""",
            tenant.uuid, shards, uuids,
        )  # fmt: skip
    elif action is BulkAction.RESEND_NOTICE:
        rows = await db.fetch(
            """-- fanout
               SELECT t.shard_key, t.id, t.customer_id
                 FROM unnest($2::int[], $3::uuid[]) AS w (shard_key, id)
                 JOIN notice t ON t.shard_key = w.shard_key AND t.id = w.id AND t.tenant_id = $1
                ORDER BY t.shard_key, t.id""",
            tenant.uuid, shards, uuids,
        )  # fmt: skip
    else:
        rows = await db.fetch(
            """-- fanout
               SELECT t.shard_key, t.id, t.customer_id
                 FROM unnest($2::int[], $3::uuid[]) AS w (shard_key, id)
                 JOIN subscription t ON t.shard_key = w.shard_key AND t.id = w.id AND t.tenant_id = $1
                ORDER BY t.shard_key, t.id""",
            tenant.uuid, shards, uuids,
        )  # fmt: skip
    return [Subject(CustomerId(row["shard_key"], row["customer_id"]), row["id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How many items of a run came to what, and by currency the amounts of those that were done."""

    waiting: int
    done: int
    refused: int
    skipped: int
    totals: tuple[Money, ...]


async def bulk_progress(db: Primary, run: BulkRunId) -> BulkProgress:
    """The counts and sums over all shard keys."""
    rows = await db.fetch(
        """-- fanout
           SELECT coalesce(result, 'waiting') AS result, currency, count(*) AS items, sum(amount)::bigint AS amount
             FROM bulk_item WHERE run_id = $1 GROUP BY result, currency ORDER BY currency""",
        run.uuid,
    )
    counts = dict.fromkeys(("waiting", "done", "refused", "skipped"), 0)
    for row in rows:
        counts[row["result"]] += row["items"]
    totals = tuple(Money(row["amount"], Currency(row["currency"])) for row in rows if row["currency"])
    return BulkProgress(**counts, totals=totals)


async def waiting_items(db: Primary, run: BulkRunId) -> int:
    """How many of its items nobody has done yet."""
    count: int = await db.fetchval(
        """-- fanout
           SELECT count(*) FROM bulk_item WHERE run_id = $1 AND result IS NULL""",
        run.uuid,
    )
    return count


@dataclass(frozen=True, slots=True)
class BulkItem:
    """An item as staff see it; ``result`` None: it waits."""

    subject: Subject
    place: UUID
    result: str | None
    refusal: str | None
    amount: Money | None


async def bulk_items(db: Primary, run: BulkRunId, after: Place | None, limit: int) -> list[BulkItem]:
    """The items of a run by shard key and id, after that place."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, subject, result, refusal, currency, amount FROM bulk_item
            WHERE run_id = $1 AND ($2::int IS NULL OR (shard_key, id) > ($2::int, $3::uuid))
            ORDER BY shard_key, id LIMIT $4""",
        run.uuid,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [
        BulkItem(
            Subject(CustomerId(row["shard_key"], row["customer_id"]), row["subject"]), row["id"], row["result"],
            row["refusal"], Money(row["amount"], Currency(row["currency"])) if row["currency"] else None,
        )
        for row in rows
    ]  # fmt: skip
