"""The roots of the schema by audience: viewer for portal users, staff, partner; and the price list for all of them."""

from datetime import datetime

import strawberry

from api.audience import Audience
from api.connection import HistoryConnection
from api.errors import Code, Fault
from api.graph import audit_pages
from api.graph.catalog import OfferedPlan
from api.graph.context import Info
from api.graph.customer import Customer, no_customer
from api.scalars import GlobalId
from domain.catalog.plan import plans
from domain.customers.customer import customer, find_by_reference
from domain.dead_letter import open_letters
from domain.ids import CustomerId
from domain.tenants.tenant import tenant_shard_keys

MAX_LETTERS = 100  # of one shard key; whoever sees more has another problem than the next page


def _only(info: Info, audience: Audience) -> None:
    if info.context.audience is not audience:
        raise Fault(Code.FORBIDDEN, f"This part of the schema is for the {audience.value}.")


async def find_customer(info: Info, id: CustomerId) -> Customer:
    """The tenant's customer of that id, else NOT_FOUND."""
    return Customer.of(await customer(info.context.db.primary, info.context.tenant, id))


@strawberry.type(description="The portal user who asks.")
class Viewer:
    """The root of a customer's own data."""

    @strawberry.field(description="The customer this user belongs to.")
    async def customer(self, info: Info) -> Customer:
        """The caller's customer."""
        return await find_customer(info, info.context.customer)


@strawberry.type(description="Work that failed too often and waits for somebody.")
class DeadLetter:
    """A dead letter."""

    id: str = strawberry.field(description="What `quittance dead-letters replay` takes.")
    kind: str = strawberry.field(description="What kind of work it was.")
    cause: str = strawberry.field(description="The kind of error.")
    error_id: str = strawberry.field(description="The id under which the error was logged.")
    attempts: int = strawberry.field(description="How often it was tried.")
    recorded_at: datetime = strawberry.field(description="When it was given up.")


@strawberry.type(description="What support, lead and finance staff see of their tenant.")
class Staff:
    """The root of staff."""

    @strawberry.field(description="A customer of the tenant, by id or by the tenant's own reference.")
    async def customer(self, info: Info, id: GlobalId | None = None, reference: str | None = None) -> Customer | None:
        """The customer."""
        return await _customer_by(info, id, reference)

    @strawberry.field(description="A customer's audit trail, newest first, from the replica.")
    async def audit_trail(
        self, info: Info, customer_id: GlobalId, first: int, after: str | None = None
    ) -> HistoryConnection[audit_pages.AuditEntry]:
        """A page of the chain."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await audit_pages.audit_page(info, found.source.id, first, after)

    @strawberry.field(description="Whether a customer's audit chain still verifies, recomputed now.")
    async def audit_chain(self, info: Info, customer_id: GlobalId) -> audit_pages.AuditChain:
        """The verdict."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await audit_pages.audit_verdict(info, found.source.id)

    @strawberry.field(description="Work of the tenant that failed too often, oldest first.")
    async def dead_letters(self, info: Info) -> list[DeadLetter]:
        """The open letters."""
        db = info.context.db.primary
        letters = [
            letter
            for key in await tenant_shard_keys(db, info.context.tenant)
            for letter in await open_letters(db, key, MAX_LETTERS)
        ]
        return [
            DeadLetter(
                id=str(letter.id),
                kind=letter.kind,
                cause=letter.cause,
                error_id=letter.error_id,
                attempts=letter.attempts,
                recorded_at=letter.recorded_at,
            )
            for letter in letters
        ]


@strawberry.type(description="What a partner's program sees of the tenant.")
class Partner:
    """The root of partners."""

    @strawberry.field(description="A customer of the tenant, by the tenant's own reference.")
    async def customer(self, info: Info, reference: str) -> Customer | None:
        """The customer."""
        return await _customer_by(info, None, reference)


async def _customer_by(info: Info, id: GlobalId | None, reference: str | None) -> Customer:
    if (id is None) == (reference is None):
        raise Fault(Code.BAD_INPUT, "Name the customer by id or by reference.")
    if id is not None:
        return await find_customer(info, CustomerId.parse(id))
    assert reference is not None
    found = await find_by_reference(info.context.db.primary, info.context.tenant, reference)
    if found is None:
        raise no_customer()
    return await find_customer(info, found)


@strawberry.type(description="Where every query starts.")
class Query:
    """The query root."""

    @strawberry.field(description="The portal user who asks; FORBIDDEN for staff and partners.")
    def viewer(self, info: Info) -> Viewer:
        """The portal's root."""
        _only(info, Audience.PORTAL)
        return Viewer()

    @strawberry.field(description="The desk of the tenant's staff; FORBIDDEN for everybody else.")
    def staff(self, info: Info) -> Staff:
        """The staff's root."""
        _only(info, Audience.STAFF)
        return Staff()

    @strawberry.field(description="A partner's door; FORBIDDEN for everybody else.")
    def partner(self, info: Info) -> Partner:
        """The partners' root."""
        _only(info, Audience.PARTNER)
        return Partner()

    @strawberry.field(description="What the tenant sells now, cheapest rank first.")
    async def plans(self, info: Info) -> list[OfferedPlan]:
        """The price list."""
        context = info.context
        at = context.db.clock.now()
        found = await plans(context.db.primary, context.tenant, at)
        return [OfferedPlan.offered(plan, prices) for plan, prices in found]
