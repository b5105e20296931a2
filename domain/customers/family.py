"""Families: a customer may have a parent. Each keeps its own books; the relation says who may look, and whose debt
counts for whom.

It stands twice, under the child's key and under the parent's, written together. What is read over many customers takes
one statement a shard key, each true for itself at its own instant.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from domain.customers.customer import Customer
from domain.db import Primary
from domain.ids import CustomerId, LegalEntityId, PaymentMethodId, TenantId
from domain.money import Currency
from domain.refusals import RefusalCode, Refused

MAX_LEVELS = 3  # group, company, site: what is deeper is an organisation chart, not who owes what
MAX_CHILDREN = 1000  # of one parent; what is read of all of them stays a few statements of a few milliseconds


async def parent_of(db: Primary, child: CustomerId, at: datetime | None = None) -> CustomerId | None:
    """Whose child it is, or was at an instant of its own time; None: nobody's."""
    row = await db.fetchrow(
        """SELECT parent_shard_key, parent_id FROM customer_parent
            WHERE shard_key = $1 AND customer_id = $2
              AND CASE WHEN $3::timestamptz IS NULL THEN until_at IS NULL
                       ELSE since_at <= $3 AND (until_at IS NULL OR until_at > $3) END
            ORDER BY seq DESC LIMIT 1""",
        child.shard,
        child.uuid,
        at,
    )
    return CustomerId(row["parent_shard_key"], row["parent_id"]) if row else None


async def ancestors(db: Primary, of: CustomerId, at: datetime | None = None) -> list[CustomerId]:
    """Its parent, that one's parent and so on, nearest first."""
    found: list[CustomerId] = []
    above = await parent_of(db, of, at)
    while above is not None and len(found) < MAX_LEVELS:
        found.append(above)
        above = await parent_of(db, above, at)
    return found


async def children(
    db: Primary, parent: CustomerId, limit: int = MAX_CHILDREN, after: UUID | None = None, at: datetime | None = None
) -> list[CustomerId]:
    """Its children now, or those of an instant, by id; ``after`` is where a page before ended."""
    return (await children_of(db, parent.shard, [parent.uuid], limit, after, at))[parent]


async def children_of(
    db: Primary, shard: int, parents: Sequence[UUID], limit: int, after: UUID | None = None, at: datetime | None = None
) -> dict[CustomerId, list[CustomerId]]:
    """By parent of one shard key, ``limit`` in all."""
    rows = await db.fetch(
        """SELECT customer_id, child_id, child_shard_key FROM customer_child
            WHERE shard_key = $1 AND customer_id = ANY ($2::uuid[]) AND ($3::uuid IS NULL OR child_id > $3)
              AND CASE WHEN $4::timestamptz IS NULL THEN until_at IS NULL
                       ELSE since_at <= $4 AND (until_at IS NULL OR until_at > $4) END
            ORDER BY child_id LIMIT $5""",
        shard,
        list(parents),
        after,
        at,
        limit,
    )
    found: dict[CustomerId, list[CustomerId]] = {CustomerId(shard, uuid): [] for uuid in parents}
    for row in rows:
        found[CustomerId(shard, row["customer_id"])].append(CustomerId(row["child_shard_key"], row["child_id"]))
    return found


async def count_children(db: Primary, parent: CustomerId, cap: int) -> int:
    """How many children it has, counted up to ``cap``."""
    counted: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT child_id FROM customer_child
                                  WHERE shard_key = $1 AND customer_id = $2 AND until_at IS NULL LIMIT $3) c""",
        parent.shard,
        parent.uuid,
        cap,
    )
    return counted


async def family_of(db: Primary, of: CustomerId, at: datetime) -> list[CustomerId]:
    """Everybody who hangs together with it at an instant, itself too: from the topmost parent down."""
    above = await ancestors(db, of, at)
    found = level = [above[-1] if above else of]
    for _ in range(MAX_LEVELS - 1):
        below = [
            child
            for shard, uuids in by_shard(level).items()
            for each in (await children_of(db, shard, uuids, MAX_CHILDREN * len(uuids), at=at)).values()
            for child in each
        ]
        found, level = found + below, below
    return found


async def height_of(db: Primary, of: CustomerId) -> int:
    """How many levels stand below it now."""
    height, level = 0, [of]
    while height < MAX_LEVELS:
        below = []
        for shard, uuids in by_shard(level).items():
            for each in (await children_of(db, shard, uuids, MAX_CHILDREN * len(uuids))).values():
                below += each
        if not below:
            break
        height, level = height + 1, below
    return height


async def child_of(db: Primary, tenant: TenantId, parent: CustomerId, child: CustomerId) -> Customer:
    """A customer that is the parent's child now; NOT_FOUND for every other one, by the child's own row."""
    found = await customers_by_id(db, tenant, [child]) if await parent_of(db, child) == parent else {}
    if child not in found:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.")
    return found[child]


async def customers_by_id(db: Primary, tenant: TenantId, ids: Iterable[CustomerId]) -> dict[CustomerId, Customer]:
    """Those of the customers that are the tenant's; one statement a shard key."""
    found: dict[CustomerId, Customer] = {}
    for shard, uuids in by_shard(ids).items():
        rows = await db.fetch(
            """SELECT c.id, c.legal_entity_id, c.reference, c.currency, c.time_zone, c.locale, c.default_method_id,
                      h.clock_at, h.clock_target, h.erased_at IS NOT NULL AS erased
                 FROM customer c
                 JOIN customer_head h ON h.shard_key = c.shard_key AND h.customer_id = c.id
                WHERE c.shard_key = $1 AND c.id = ANY ($2::uuid[]) AND c.tenant_id = $3""",
            shard,
            uuids,
            tenant.uuid,
        )
        for row in rows:
            id, method = CustomerId(shard, row["id"]), row["default_method_id"]
            found[id] = Customer(
                id, tenant, LegalEntityId(row["legal_entity_id"]), row["reference"], Currency(row["currency"]),
                row["time_zone"], row["locale"], PaymentMethodId(shard, method) if method else None,
                row["clock_at"], row["clock_target"], row["erased"],
            )  # fmt: skip
    return found


def by_shard(ids: Iterable[CustomerId]) -> dict[int, list[UUID]]:
    """The customers' ids by shard key, so that each key is read once."""
    groups: dict[int, list[UUID]] = defaultdict(list)
    for id in ids:
        groups[id.shard].append(id.uuid)
    return groups
