"""The roots of the schema by audience: viewer for portal users, staff, partner; and what all of them may ask."""

from typing import Annotated, cast

import strawberry

from api.audience import Audience
from api.connection import Connection
from api.errors import Code, Fault
from api.graph.acting import ActingFor, acting_for
from api.graph.arguments import After, First, Id, Reference
from api.graph.catalog import Plan
from api.graph.context import Info
from api.graph.customer import Customer, find_by_name, find_customer, known_customer
from api.graph.members import CustomerAccount, Member, own_membership
from api.graph.node import Node
from api.graph.nodes import find_node, find_nodes
from api.graph.partner_contract import PartnerContract
from api.graph.portal_features import PortalFeatures, portal_features
from api.graph.portal_links import OpenedLink, opened_link
from api.graph.request_pages import KEPT, ApiRequest, request_page
from api.graph.sessions import Session, own_sessions
from api.graph.staff_desk import Staff
from api.loaded import to_come
from api.scalars import GlobalId
from domain.catalog.plan import plans
from domain.tenants.access import partner_name

Ids = Annotated[list[GlobalId], strawberry.argument(description="At most 100 ids; the answer keeps their order.")]


def only(info: Info, audience: Audience) -> None:
    """FORBIDDEN for a caller of another audience."""
    if info.context.audience is not audience:
        raise Fault(Code.FORBIDDEN, f"This part of the schema is for the {audience.value}.")
    if info.context.actor.link is not None:
        raise Fault(Code.FORBIDDEN, "This link is for something else.")


@strawberry.type(description="The portal user who asks.")
class Viewer:
    """The root of a customer's own data."""

    @strawberry.field(description="The customer this user belongs to.")
    def customer(self, info: Info) -> Customer:
        """The caller's customer."""
        own = info.context.customer
        return known_customer(info, own) or to_come(find_customer(info, own))

    @strawberry.field(description="Where this user is signed in, newest first; at most 100.")
    async def sessions(self, info: Info) -> list[Session]:
        """The user's own."""
        return await own_sessions(info)

    @strawberry.field(description="Set while staff act for the customer: show it so that nobody misses it.")
    def acting_for(self, info: Info) -> ActingFor | None:
        """The facts of the banner."""
        return acting_for(info)

    @strawberry.field(description="Which functions of the portal are on.")
    async def features(self, info: Info) -> PortalFeatures:
        """The switches of the tenant."""
        return await portal_features(info)

    @strawberry.field(description="This user as a member of the customer's account; null while staff act for it.")
    async def member(self, info: Info) -> Member | None:
        """The caller."""
        return await own_membership(info)

    @strawberry.field(description="Who has to do with the account, and how it wants to be billed.")
    def account(self, info: Info) -> CustomerAccount:
        """Of the caller's customer."""
        return CustomerAccount(customer=info.context.customer)


@strawberry.type(description="What a partner's program sees of the tenant.")
class Partner:
    """The root of partners."""

    @strawberry.field(description="The client id that the program's tokens carry.")
    def client_id(self, info: Info) -> str:
        """Who asks."""
        return info.context.actor.subject

    @strawberry.field(description="The name the tenant registered it under.")
    async def name(self, info: Info) -> str:
        """The display name."""
        return await partner_name(info.context.db.primary, info.context.tenant, info.context.actor.subject)

    @strawberry.field(description="A customer of the tenant, by the tenant's own reference.")
    async def customer(self, info: Info, reference: Reference) -> Customer | None:
        """The customer."""
        return await find_by_name(info, reference)

    @strawberry.field(description="What the program can rely on: its documents, its budget, and what goes when.")
    def contract(self, info: Info) -> PartnerContract:
        """The caller's own."""
        return PartnerContract(client=info.context.actor.subject, caller=info.context.caller)

    @strawberry.field(description=f"The program's own requests to this API, newest first. {KEPT}")
    async def api_requests(self, info: Info, first: First, after: After = None) -> Connection[ApiRequest]:
        """A page of them."""
        return await request_page(info, info.context.actor.subject, first, after)


@strawberry.type(description="Where every query starts.")
class Query:
    """The query root."""

    @strawberry.field(description="The portal user who asks; FORBIDDEN for staff and partners.")
    def viewer(self, info: Info) -> Viewer:
        """The portal's root."""
        only(info, Audience.PORTAL)
        return Viewer()

    @strawberry.field(description="The desk of the tenant's staff; FORBIDDEN for everybody else.")
    def staff(self, info: Info) -> Staff:
        """The staff's root."""
        only(info, Audience.STAFF)
        return Staff()

    @strawberry.field(description="A partner's door; FORBIDDEN for everybody else.")
    def partner(self, info: Info) -> Partner:
        """The partners' root."""
        only(info, Audience.PARTNER)
        return Partner()

    @strawberry.field(description="Who comes by a link: what it does, and about what; FORBIDDEN for everybody else.")
    async def portal_link(self, info: Info) -> OpenedLink:
        """The link's own root."""
        return await opened_link(info)

    @strawberry.field(description="What the tenant sells now, cheapest rank first.")
    async def plans(self, info: Info) -> list[Plan]:
        """The price list."""
        context = info.context
        found = await plans(context.db.primary, context.tenant, await context.business_time())
        return [Plan.of(plan, prices) for plan, prices in found]

    @strawberry.field(description="The object of that id, if this caller may see it; else null with NOT_FOUND.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """One object."""
        return await find_node(info, id)

    @strawberry.field(description="The object of each id; null with NOT_FOUND in the place of one that is not there.")
    async def nodes(self, info: Info, ids: Ids) -> list[Node | None]:
        """Many objects; the executor turns an exception in the list into a null and an error at its place."""
        return cast(list[Node | None], await find_nodes(info, ids))
