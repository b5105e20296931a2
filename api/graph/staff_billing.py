"""What staff see of a tenant's billing beside what customers see: drafts, contracts that would end, missing prices."""

from typing import Annotated, Final

import strawberry

from api.graph.arguments import CustomerArgument, Id
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.drafts import InvoiceDraft, draft_shown
from api.graph.legal_entities import LegalEntity, all_legal_entities
from api.graph.staff_contracts import ContractCancellation, Owed, cancel_contract_preview
from api.graph.subscriptions import Subscription
from api.scalars import GlobalId
from domain.ids import CustomerId, InvoiceId
from domain.invoices.drafts import drafts_of, drafts_of_staff
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.subscription import subscription
from domain.subscriptions.without_price import without_price
from domain.tenants.tenant import tenant_shard_keys

OfCustomer = Annotated[
    GlobalId | None,
    strawberry.argument(description="Whose drafts; left out: those of all customers that wait for staff."),
]
MAX_WITHOUT: Final = 100  # as of letters: whoever sees more has another problem than the next page
MAX_DRAFTS: Final = 50  # each is rated as it is shown; a customer has few, and a desk works them off


@strawberry.type(description="A subscription on the desk, and whose it is.")
class StaffSubscription:
    """A subscription with its customer."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    subscription: Subscription = strawberry.field(description="The subscription as its customer sees it.")


@strawberry.type(description="What staff see of billing.")
class StaffBilling:
    """Fields of the root of staff."""

    @strawberry.field(
        description="Invoices not issued yet; at most 50. Of a customer: the newest first, also a renewal's in "
        "its hour. Of all: what staff began, the longest waiting first."
    )
    async def invoice_drafts(self, info: Info, customer_id: OfCustomer = None) -> list[InvoiceDraft]:
        """The drafts."""
        db, tenant = info.context.db.primary, info.context.tenant
        if customer_id is not None:
            owner = (await find_customer(info, CustomerId.parse(customer_id))).source.id
            found = [(owner, id) for id in await drafts_of(db, owner, MAX_DRAFTS)]
        else:
            found = []
            for key in await tenant_shard_keys(db, tenant):
                found += await drafts_of_staff(db, tenant, key, MAX_DRAFTS - len(found))
                if len(found) == MAX_DRAFTS:
                    break
        shown = [await draft_shown(info, *each) for each in found]
        return [each for each in shown if each is not None]  # one that was issued meanwhile is none any more

    @strawberry.field(description="Who of the tenant issues documents, by code.")
    async def legal_entities(self, info: Info) -> list[LegalEntity]:
        """The legal entities."""
        return await all_legal_entities(info)

    @strawberry.field(description="One of a customer's drafts.")
    async def invoice_draft(self, info: Info, customer_id: CustomerArgument, id: Id) -> InvoiceDraft | None:
        """The draft of that id."""
        owner = (await find_customer(info, CustomerId.parse(customer_id))).source.id
        parsed = InvoiceId.parse(id)
        found = await draft_shown(info, owner, parsed) if parsed.shard == owner.shard else None
        if found is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such draft.")
        return found

    @strawberry.field(description="What cancelContract would do now; an error says why it would be refused.")
    async def cancel_contract_preview(
        self, info: Info, customer_id: CustomerArgument, contract_id: Id, owed: Owed
    ) -> ContractCancellation | None:
        """The true-up; nothing is kept."""
        owner = (await find_customer(info, CustomerId.parse(customer_id))).source.id
        return await cancel_contract_preview(info, owner, contract_id, owed)

    @strawberry.field(
        description="Subscriptions that pause because the contract of their price is over and their plan has no public "
        "price, at most 100 a shard key: find a price and resume them, or cancel them."
    )
    async def subscriptions_without_price(self, info: Info) -> list[StaffSubscription]:
        """The exceptions."""
        db, tenant = info.context.db.primary, info.context.tenant
        found = [each for key in await tenant_shard_keys(db, tenant)
                 for each in await without_price(db, tenant, key, MAX_WITHOUT)]  # fmt: skip
        return [
            StaffSubscription(
                customer_id=GlobalId(str(owner)), subscription=Subscription.of(await subscription(db, owner, id))
            )
            for owner, id in found
        ]
