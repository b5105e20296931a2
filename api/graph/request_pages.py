"""The log of requests: what a partner's programs and staff asked of the API, and what came of it."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.errors import Code, Fault
from api.graph.arguments import After, First
from api.graph.context import Info
from api.graph.security_events import SECURITY_READERS
from domain.tenants import api_request as requests

KEPT: Final = f"Lines are kept for {requests.KEPT.days} days; where a process dies, its last second is lost."
OfPartner = Annotated[
    str | None, strawberry.argument(description="Only those of the program with this client id.")
]  # fmt: skip


@strawberry.type(description="One request to this API. It holds neither texts nor variables.")
class ApiRequest:
    """A line of the log."""

    at: datetime = strawberry.field(description="When it was answered.")
    surface: str = strawberry.field(description="partner or staff; staff in a customer's place as well.")
    caller: str = strawberry.field(description="The client id, or the member of staff as audit trails name it.")
    document_id: str | None = strawberry.field(description="The registered document; null where a text was sent.")
    operation: str | None = strawberry.field(description="The operation's name, if it has one.")
    kind: str | None = strawberry.field(description="query, mutation or subscription; null where it was unreadable.")
    outcome: str = strawberry.field(
        description="OK; else the code of the first error, or of a mutation's first refusal where it asks for codes."
    )
    cost: int = strawberry.field(description="Points that it took; of a stream, those of its first event.")
    milliseconds: int = strawberry.field(description="How long its answer took; of a stream, its opening.")
    request_id: str = strawberry.field(description="What X-Request-Id of its answer said, and audit trails say.")

    @classmethod
    def of(cls, made: requests.ApiRequest) -> "ApiRequest":
        """The domain's line."""
        return cls(
            at=made.at, surface=made.surface, caller=made.caller, document_id=made.document or None,
            operation=made.operation or None, kind=made.kind or None, outcome=made.outcome, cost=made.cost,
            milliseconds=made.milliseconds, request_id=made.request_id,
        )  # fmt: skip


async def request_page(info: Info, partner: str | None, first: int, after: str | None) -> Connection[ApiRequest]:
    """The newest first: of the whole tenant, or of one partner's program."""
    db, home = info.context.db.primary, await info.context.house()
    keys = Keyset("requests", str, info.context.rooms.cursors)
    wanted = keys.slice(f"{home}:{partner or ''}", first, after)
    before = UUID(wanted.after) if wanted.after is not None else None
    rows = await requests.requests_of(db, home, partner, before, wanted.fetch)

    async def count(cap: int) -> int:
        return await requests.count_requests(db, home, partner, cap)

    return keys.connection(wanted, rows, lambda row: str(row.id), ApiRequest.of, count)


@strawberry.type
class StaffRequests:
    """Fields of the root of staff."""

    @strawberry.field(description=f"Leads and admins: requests of partners and staff, newest first. {KEPT}")
    async def api_requests(
        self, info: Info, first: First, after: After = None, partner: OfPartner = None
    ) -> Connection[ApiRequest]:
        """A page of them."""
        if not info.context.actor.grants & SECURITY_READERS:
            raise Fault(Code.FORBIDDEN, "The log of requests is for leads and admins.")
        return await request_page(info, partner, first, after)
