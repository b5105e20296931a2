"""Payments whose outcome nobody knows, page after page: as many as there are on all shard keys of a tenant."""

from typing import cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, First
from api.graph.context import Info
from api.graph.staff_payments import StaffPayment
from domain.db import Primary
from domain.ids import TenantId
from domain.payments.payment import Payment
from domain.payments.stuck import stuck_payments
from domain.tenants.tenant import tenant_shard_keys

Place = tuple[int, str]


@strawberry.type
class StaffDoubts:
    """Fields of the root of staff."""

    @strawberry.field(
        description="The payments of stuckPayments, a page at a time: of one shard key after the other, each from the "
        "oldest on."
    )
    async def payments_in_doubt(self, info: Info, first: First, after: After = None) -> Connection[StaffPayment]:
        """A page of them."""
        db, tenant, now = info.context.db.primary, info.context.tenant, info.context.db.clock.now()
        keys = Keyset("paymentsInDoubt", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(str(tenant), first, after)

        async def found(limit: int, place: Place | None) -> list[Payment]:
            rows: list[Payment] = []
            for key in await _keys(db, tenant, place):
                last = UUID(place[1]) if place and place[0] == key else None
                rows += await stuck_payments(db, tenant, key, now, limit - len(rows), last)
                if len(rows) >= limit:
                    break
            return rows

        async def count(cap: int) -> int:
            return len(await found(cap, None))

        rows = await found(wanted.fetch, wanted.after)
        return keys.connection(wanted, rows, lambda row: (row.id.shard, str(row.id.uuid)), StaffPayment.of, count)


async def _keys(db: Primary, tenant: TenantId, place: Place | None) -> list[int]:
    """The shard keys that are left from a place on."""
    return [key for key in await tenant_shard_keys(db, tenant) if place is None or key >= place[0]]
