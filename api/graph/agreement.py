"""What a subscription is as a contract: who bought what, at which price, by which calendar, and how it is collected."""

from datetime import datetime

import strawberry

from api.graph.catalog import Price
from api.graph.context import Info
from api.graph.contracts import Contract, contracts_of
from api.graph.plan_versions import PlanVersion
from api.scalars import GlobalId
from domain.invoices import billing_terms
from domain.period import Unit
from domain.subscriptions.subscription import Subscription


@strawberry.type(description="How the invoices of a subscription are collected.")
class Collection:
    """The terms of its customer."""

    automatic: bool = strawberry.field(description="Whether its method is charged at once; else the customer pays.")
    net_days: int = strawberry.field(description="How many days there are to pay; 0: it is charged at once.")
    purchase_order: str | None = strawberry.field(description="The customer's own order number, named on invoices.")

    @classmethod
    def of(cls, terms: billing_terms.BillingTerms) -> "Collection":
        """The domain's terms."""
        automatic = terms.collection == billing_terms.AUTOMATIC
        return cls(automatic=automatic, net_days=terms.net_days, purchase_order=terms.purchase_order)


@strawberry.type
class SubscriptionAgreement:
    """The part of a subscription that was agreed on."""

    source: strawberry.Private[Subscription]

    @strawberry.field(description="The customer who bought it.")
    async def customer_id(self) -> GlobalId:
        """Whose it is."""
        return GlobalId(str(self.source.customer))

    @strawberry.field(description="The version of its plan; it stays until a change or a term leads to another.")
    async def plan_version(self, info: Info) -> PlanVersion | None:
        """The pinned version."""
        key = (info.context.tenant, self.source.plan)
        for each in await info.context.loaders.plan_versions.load(key):
            if each.id == self.source.plan_version:
                return PlanVersion.of(each)
        return None

    @strawberry.field(description="The price version it is billed at; how much that is, unitAmount says.")
    async def price(self, info: Info) -> Price:
        """The pinned price."""
        return Price.of(await info.context.loaders.prices.load((info.context.tenant, self.source.price)))

    @strawberry.field(description="The instant from which all its periods are counted.")
    async def anchor_at(self) -> datetime:
        """The anchor."""
        return self.source.anchor_at

    @strawberry.field(
        description="The day of the month on which periods begin, in timeZone; a shorter month begins one on its last "
        "day. Null where periods are days or weeks."
    )
    async def anchor_day(self) -> int | None:
        """The day that months return to."""
        calendar = self.source.cadence.unit in (Unit.DAY, Unit.WEEK)
        return None if calendar else self.source.anchor.day

    @strawberry.field(description="The IANA zone whose calendar its periods follow.")
    async def time_zone(self) -> str:
        """The zone it began in."""
        return self.source.time_zone

    @strawberry.field(description="How its invoices are collected from now on.")
    async def collection(self, info: Info) -> Collection:
        """The customer's terms."""
        return Collection.of(await info.context.loaders.terms.load(self.source.customer))

    @strawberry.field(description="The contract that its price was negotiated in, while its term runs.")
    async def contract(self, info: Info) -> Contract | None:
        """The running contract of its price."""
        loaders, owner = info.context.loaders, self.source.customer
        at = await loaders.times.load(owner)
        running = {
            each.id
            for each in await loaders.contracts.load(owner)
            if each.price == self.source.price and each.runs_at(at)
        }
        if not running:
            return None
        return next((each for each in await contracts_of(info, owner) if each.source.id in running), None)
