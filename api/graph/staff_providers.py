"""What staff see of payment providers: routes, and refunds and disputes by the provider's name."""

from typing import Annotated, Final

import strawberry

from api.graph.arguments import Id
from api.graph.context import Info
from api.graph.payment_route import PaymentRoute, routes_of
from api.graph.payments import Refund
from api.graph.staff_disputes import StaffDispute
from api.graph.staff_refunds import StaffRefunds
from api.scalars import GlobalId, Text
from domain.fanout.by_provider import disputes_of_reference, refunds_of_reference
from domain.ids import RefundId
from domain.payments import refund as refunds
from domain.payments.owner import refund_owner
from domain.refusals import RefusalCode, Refused

RefundReference = Annotated[str, strawberry.argument(description="What the provider calls the refund.")]
DisputeReference = Annotated[str, strawberry.argument(description="What the provider calls the dispute.")]
provider_text: Final = Text(max_length=200)  # providers' ids are a tenth of that


@strawberry.type(description="A refund with what only staff see of it: whose it is, and its name at the provider.")
class StaffRefund:
    """A refund on the support desk."""

    customer_id: GlobalId = strawberry.field(description="The customer who gets it.")
    payment_id: GlobalId = strawberry.field(description="The payment of which it is given back.")
    refund: Refund = strawberry.field(description="The refund as its customer sees it.")
    provider_reference: str | None = strawberry.field(description="The provider's own id of the refund.")

    @classmethod
    def of(cls, refund: refunds.Refund) -> "StaffRefund":
        """The domain's refund."""
        return cls(
            customer_id=GlobalId(str(refund.customer)),
            payment_id=GlobalId(str(refund.payment)),
            refund=Refund.of(refund),
            provider_reference=refund.provider_ref,
        )


@strawberry.type(description="What staff see of payment providers.")
class StaffProviders(StaffRefunds):
    """Fields of the root of staff."""

    @strawberry.field(description="Where new payment methods are stored, by currency; empty: all at one account.")
    async def payment_routes(self, info: Info) -> list[PaymentRoute]:
        """The tenant's routes."""
        return await routes_of(info)

    @strawberry.field(description="A refund of any customer of the tenant.")
    async def refund(self, info: Info, id: Id) -> StaffRefund | None:
        """The refund of that id."""
        db, parsed = info.context.db.primary, RefundId.parse(id)
        owner = await refund_owner(db, info.context.tenant, parsed)
        if owner is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such refund.")
        return StaffRefund.of(await refunds.refund(db, owner, parsed))

    @strawberry.field(description="The tenant's refunds that the provider knows under its own id of the refund.")
    async def refunds_by_provider(self, info: Info, reference: RefundReference) -> list[StaffRefund]:
        """The refunds of that reference."""
        name = provider_text(reference, "reference")
        found = await refunds_of_reference(info.context.db.primary, info.context.tenant, name)
        return [StaffRefund.of(each) for each in found]

    @strawberry.field(description="The tenant's disputes that the provider knows under its own id of the dispute.")
    async def disputes_by_provider(self, info: Info, reference: DisputeReference) -> list[StaffDispute]:
        """The disputes of that reference."""
        name = provider_text(reference, "reference")
        found = await disputes_of_reference(info.context.db.primary, info.context.tenant, name)
        return [StaffDispute.of(each) for each in found]
