"""What staff see of signing in: the security log of their tenant, and who is signed in where."""

from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.errors import Code, Fault
from api.graph.arguments import After, First, MaybeId
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.security_events import SECURITY_READERS, SecurityEvent
from api.graph.sessions import Session, own_sessions, sessions_of
from domain.ids import CustomerId
from domain.tenants.security_log import count_happenings, happenings


@strawberry.type
class StaffSecurity:
    """Fields of the root of staff."""

    @strawberry.field(description="Leads and admins: the tenant's security log, newest first.")
    async def security_events(self, info: Info, first: First, after: After = None) -> Connection[SecurityEvent]:
        """A page, of the primary: what just happened is what is looked for."""
        if not info.context.actor.grants & SECURITY_READERS:
            raise Fault(Code.FORBIDDEN, "The security log is for leads and admins.")
        home, db = info.context.staff_home(), info.context.db.primary
        keys = Keyset("security", str, info.context.rooms.cursors)
        wanted = keys.slice(str(home), first, after)
        before = UUID(wanted.after) if wanted.after is not None else None
        rows = await happenings(db, home, before, wanted.fetch)

        async def count(cap: int) -> int:
            return await count_happenings(db, home, cap)

        return keys.connection(wanted, rows, lambda row: str(row.id), SecurityEvent.of, count)

    @strawberry.field(description="Where a customer's users are signed in; without a customer, where you are yourself.")
    async def sessions(self, info: Info, customer_id: MaybeId = None) -> list[Session]:
        """The open ones."""
        if customer_id is None:
            return await own_sessions(info)
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await sessions_of(info, found.source.id, None)
