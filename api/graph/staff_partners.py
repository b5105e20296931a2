"""What staff see of the partners of their tenant."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, First
from api.graph.context import Info
from api.graph.partner_contract import PartnerContract
from domain.tenants import partner

Place = tuple[str]
ClientId = Annotated[str, strawberry.argument(description="The client id that its tokens carry.")]


@strawberry.type(description="A partner's program that the tenant lets in, or did.")
class StaffPartner:
    """A partner as staff see it."""

    client_id: str = strawberry.field(description="The client id that its tokens carry.")
    name: str = strawberry.field(description="The name the tenant registered it under.")
    active: bool = strawberry.field(description="Whether it is let in.")
    registered_at: datetime = strawberry.field(description="When it was first let in.")
    contract: PartnerContract = strawberry.field(description="What it can rely on; what is left of its budget is its.")

    @classmethod
    def of(cls, of: partner.Partner) -> "StaffPartner":
        """The domain's partner."""
        return cls(
            client_id=of.client_id,
            name=of.name,
            active=of.active,
            registered_at=of.recorded_at,
            contract=PartnerContract(client=of.client_id),
        )


@strawberry.type(description="What staff see of partners.")
class StaffPartners:
    """Fields of the root of staff."""

    @strawberry.field(description="The partners of the tenant, by client id.")
    async def partners(self, info: Info, first: First, after: After = None) -> Connection[StaffPartner]:
        """A page of them."""
        db, tenant = info.context.db.primary, info.context.tenant
        keys = Keyset("partners", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(str(tenant), first, after)
        rows = await partner.partners_of(db, tenant, wanted.fetch, wanted.after[0] if wanted.after else "")
        return keys.connection(
            wanted, rows, lambda row: (row.client_id,), StaffPartner.of,
            lambda cap: partner.count_partners(db, tenant, cap),
        )  # fmt: skip

    @strawberry.field(description="A partner of the tenant, by its client id.")
    async def partner(self, info: Info, client_id: ClientId) -> StaffPartner | None:
        """One of them."""
        found = await partner.find_partner(info.context.db.primary, info.context.tenant, client_id)
        return StaffPartner.of(found) if found else None
