"""What staff see of privacy: erasures that wait, legal holds that are set, and what stops the erasing of a customer."""

from datetime import datetime
from enum import Enum
from typing import cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, CustomerArgument, First
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.erasures import Erasure, LegalHold, newest
from domain.fanout.erasures import count_standing_holds, count_waiting_erasures, standing_holds, waiting_erasures
from domain.ids import CustomerId
from domain.privacy.legal_hold import holds_of
from domain.privacy.stops import stops_of

Place = tuple[datetime, str]


@strawberry.enum(description="What has to be settled, ended or lifted before a customer is erased. More may come.")
class ErasureStop(Enum):
    """The domain's Stop."""

    LEGAL_HOLD = strawberry.enum_value("legal_hold", description="A legal hold.")
    SUBSCRIPTION = strawberry.enum_value("subscription", description="A subscription that has not ended.")
    CONTRACT = strawberry.enum_value("contract", description="A contract whose term is not over.")
    DRAFT = strawberry.enum_value("draft", description="A draft of an invoice.")
    BALANCE = strawberry.enum_value("balance", description="Something owed, or credit that is left.")
    PAYMENT = strawberry.enum_value("payment", description="A payment under way.")
    REFUND = strawberry.enum_value("refund", description="A refund under way.")
    DISPUTE = strawberry.enum_value("dispute", description="An open dispute.")
    EXCEPTION = strawberry.enum_value("exception", description="An exception that nobody has decided on.")
    SAGA = strawberry.enum_value("saga", description="A process that has not come to its end.")


@strawberry.type(description="How a customer stands with privacy.")
class CustomerPrivacy:
    """Facts of one customer."""

    erasure: Erasure | None = strawberry.field(description="The newest request to erase it; null: there was none.")
    stops: list[ErasureStop] = strawberry.field(description="What keeps it from being erased now.")
    holds: list[LegalHold] = strawberry.field(description="All its legal holds, the newest first, lifted ones too.")


@strawberry.type(description="What staff see of privacy.")
class StaffPrivacy:
    """Fields of the root of staff."""

    @strawberry.field(
        description="How a customer stands with privacy; null and NOT_FOUND where there is no such customer."
    )
    async def customer_privacy(self, info: Info, customer_id: CustomerArgument) -> CustomerPrivacy | None:
        """Of the tenant's customer."""
        db, of = info.context.db.primary, CustomerId.parse(customer_id)
        await find_customer(info, of)
        return CustomerPrivacy(
            erasure=await newest(db, of),
            stops=[ErasureStop(stop.value) for stop in await stops_of(db, of)],
            holds=[LegalHold.of(each) for each in await holds_of(db, of)],
        )

    @strawberry.field(description="Erasures that wait for another person or for their day, the longest waiting first.")
    async def erasures(self, info: Info, first: First, after: After = None) -> Connection[Erasure]:
        """A page of the queue."""
        db, tenant = info.context.db.primary, info.context.tenant
        keys = Keyset("erasures", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(str(tenant), first, after)
        rows = await waiting_erasures(db, tenant, wanted.fetch, _place(wanted.after))
        return keys.connection(
            wanted, rows, lambda row: (row.recorded_at, str(row.id.uuid)), Erasure.of,
            lambda cap: count_waiting_erasures(db, tenant, cap),
        )  # fmt: skip

    @strawberry.field(description="Legal holds that are set, the oldest first.")
    async def legal_holds(self, info: Info, first: First, after: After = None) -> Connection[LegalHold]:
        """A page of the list."""
        db, tenant = info.context.db.primary, info.context.tenant
        keys = Keyset("legalHolds", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(str(tenant), first, after)
        rows = await standing_holds(db, tenant, wanted.fetch, _place(wanted.after))
        return keys.connection(
            wanted, rows, lambda row: (row.set_at, str(row.id.uuid)), LegalHold.of,
            lambda cap: count_standing_holds(db, tenant, cap),
        )  # fmt: skip


def _place(after: Place | None) -> tuple[datetime, UUID] | None:
    return (after[0], UUID(after[1])) if after else None
