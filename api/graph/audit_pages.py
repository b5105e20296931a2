"""The audit trail as staff see it."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import strawberry

from api.connection import HistoryConnection, Keyset, Source
from api.graph.context import Info
from api.graph.pages import history_of
from api.graph.request_pages import ApiRequest
from api.graph.security_events import SECURITY_READERS, SecurityEvent
from api.scalars import ConsistencyToken, GlobalId, Int64
from api.weigh import WORK
from domain import audit
from domain.ids import CustomerId
from domain.tenants.api_request import request_near
from domain.tenants.security_log import happenings_near

_LOOKS: Final = {WORK: 1}  # one more read for each entry
N = TypeVar("N")  # what a page shows of an entry


@strawberry.type(description="One operation on a customer: who did what for whom, and what it changed.")
class AuditEntry:
    """An entry of the chain."""

    number: Int64 = strawberry.field(description="Counts the customer's operations without gaps.")
    operation_id: GlobalId = strawberry.field(description="The operation's id, as the mutation answered it.")
    operation: str = strawberry.field(description="What was done.")
    actor: str = strawberry.field(description="Who did it.")
    on_behalf_of: GlobalId | None = strawberry.field(description="The customer in whose place staff did it, if so.")
    reason: str | None = strawberry.field(description="Why, where that was asked for.")
    request_id: str = strawberry.field(description="The request it came from.")
    changes: list[str] = strawberry.field(description="The states it changed, as entity: before -> after.")
    recorded_at: datetime = strawberry.field(description="When it was committed.")
    hash: str = strawberry.field(description="The hash that the next entry holds.")

    @strawberry.field(
        description="Leads and admins: the partner's or staff's request that it came from, while the log of requests "
        "keeps that; null for others of the staff.",
        metadata=_LOOKS,
    )
    async def api_request(self, info: Info) -> ApiRequest | None:
        """The line of the log."""
        context = info.context
        if not context.actor.grants & SECURITY_READERS:
            return None
        found = await request_near(
            context.db.primary, await context.house(), self.request_id, self.recorded_at
        )  # fmt: skip
        return ApiRequest.of(found) if found else None

    @strawberry.field(
        description="Leads and admins: what the same request did at the doors, in the security log.",
        metadata=_LOOKS,
    )
    async def security_events(self, info: Info) -> list[SecurityEvent]:
        """The lines of the log."""
        context = info.context
        if not context.actor.grants & SECURITY_READERS:
            return []
        found = await happenings_near(
            context.db.primary, await context.house(), self.request_id, self.recorded_at
        )  # fmt: skip
        return [SecurityEvent.of(each) for each in found]

    @classmethod
    def of(cls, entry: audit.TrailEntry) -> "AuditEntry":
        """The domain's entry."""
        return cls(
            number=Int64(entry.number),
            operation_id=GlobalId(str(entry.operation_id)),
            operation=entry.operation,
            actor=entry.actor,
            on_behalf_of=GlobalId(entry.on_behalf_of) if entry.on_behalf_of else None,
            reason=entry.reason,
            request_id=entry.request_id,
            changes=list(entry.changes),
            recorded_at=entry.recorded_at,
            hash=entry.hash.hex(),
        )


@strawberry.type(description="Whether a chain verifies.")
class AuditChain:
    """A verdict."""

    verified: bool = strawberry.field(description="Whether every hash recomputes to the head.")
    length: Int64 = strawberry.field(description="How many entries it has.")
    first_wrong: Int64 | None = strawberry.field(description="The first entry that does not hold.")


async def audit_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None
) -> HistoryConnection[AuditEntry]:
    """The customer's trail, newest first."""
    return await trail_page(info, customer, first, after, at_least, AuditEntry.of)


async def trail_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None,
    node: Callable[[audit.TrailEntry], N],
) -> HistoryConnection[N]:  # fmt: skip
    """The customer's trail, newest first, each entry as the caller shows it."""
    keys = Keyset("audit", int, info.context.rooms.cursors)
    wanted = keys.slice(str(customer), first, after)
    async with history_of(info, at_least) as history:
        rows = await audit.trail(history.replica, customer, wanted.fetch, wanted.after)
    page = keys.page(wanted, rows, lambda row: row.number, node)
    return HistoryConnection(
        edges=page.edges,
        page_info=page.page_info,
        count=lambda cap: audit.count_entries(history.replica, customer, cap),
        as_of=history.as_of,
        source=Source(history.source.value),
    )


async def audit_verdict(info: Info, customer: CustomerId) -> AuditChain:
    """The chain recomputed on the primary."""
    verdict = await audit.verify_chain(info.context.db.primary, customer)
    return AuditChain(
        verified=verdict.verified,
        length=Int64(verdict.length),
        first_wrong=None if verdict.first_wrong is None else Int64(verdict.first_wrong),
    )
