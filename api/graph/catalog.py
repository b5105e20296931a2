"""Plans and prices."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.money import Money
from api.graph.node import Node
from api.graph.plan_versions import PlanVersion
from api.scalars import GlobalId
from domain import period
from domain.catalog import plan as catalog


@strawberry.enum(description="What a cadence counts.")
class IntervalUnit(Enum):
    """The units of a cadence."""

    DAY = strawberry.enum_value("day", description="Calendar days.")
    WEEK = strawberry.enum_value("week", description="Seven calendar days.")
    MONTH = strawberry.enum_value("month", description="Calendar months; the last day stands for days a month lacks.")
    QUARTER = strawberry.enum_value("quarter", description="Three calendar months; it is answered as months.")
    YEAR = strawberry.enum_value("year", description="Calendar years.")


@strawberry.type(description="How often something is billed: every count units.")
class Interval:
    """A cadence."""

    unit: IntervalUnit = strawberry.field(description="What is counted.")
    count: int = strawberry.field(description="How many of them make a period.")

    @classmethod
    def of(cls, cadence: period.Cadence) -> "Interval":
        """The domain's cadence."""
        return cls(unit=IntervalUnit(cadence.unit.value), count=cadence.count)


@strawberry.enum(description="What a price is multiplied by.")
class PriceModel(Enum):
    """The models of prices."""

    FLAT = strawberry.enum_value("flat", description="Nothing: one is sold, the quantity is 1.")
    PER_SEAT = strawberry.enum_value("per_seat", description="The quantity, which counts seats.")


@strawberry.type(description="What one unit of a plan costs for one period. A price never changes.")
class Price:
    """An immutable price version."""

    id: GlobalId = strawberry.field(description="What startSubscription and changePlan take.")
    version: int = strawberry.field(description="Counts the prices of this plan, currency and interval.")
    amount: Money = strawberry.field(description="The price of one unit for one period.")
    interval: Interval = strawberry.field(description="How long a period is.")
    model: PriceModel = strawberry.field(description="What it is multiplied by.")
    tax_inclusive: bool = strawberry.field(description="Whether the amount holds the tax already.")
    retired_at: datetime | None = strawberry.field(
        description="From when on it is not sold any more, as it or its plan is retired; who has it keeps it."
    )

    @classmethod
    def of(cls, price: catalog.Price) -> "Price":
        """The domain's price."""
        return cls(
            id=GlobalId(str(price.id)),
            version=price.version,
            amount=Money.of(price.unit_amount),
            interval=Interval.of(price.cadence),
            model=PriceModel(price.model.value),
            tax_inclusive=price.tax_inclusive,
            retired_at=price.retired_at,
        )


@strawberry.type(description="What is sold.")
class Plan(Node):
    """A plan."""

    source: strawberry.Private[catalog.Plan]
    on_offer: strawberry.Private[list[catalog.Price] | None] = None
    code: str = strawberry.field(description="The tenant's own name for the plan; it never changes.")
    name: str = strawberry.field(description="The name that customers see.")
    description: str = strawberry.field(description="What it is for.")
    rank: int = strawberry.field(description="Its place in the price list; a higher one is an upgrade.")
    retired_at: datetime | None = strawberry.field(
        description="From when on it is not sold any more; who has it keeps it."
    )

    @classmethod
    def of(cls, plan: catalog.Plan, on_offer: list[catalog.Price] | None = None) -> "Plan":
        """The domain's plan, with its prices where they are known already."""
        return cls(
            source=plan,
            on_offer=on_offer,
            id=GlobalId(str(plan.id)),
            code=plan.code,
            name=plan.name,
            description=plan.description,
            rank=plan.rank,
            retired_at=plan.retired_at,
        )

    @strawberry.field(description="The prices that hold now, one per currency and interval; none: it is not sold.")
    async def prices(self, info: Info) -> list[Price]:
        """The prices on offer."""
        found = self.on_offer
        if found is None:
            at = await info.context.business_time()
            found = (await info.context.loaders.offers.load((info.context.tenant, at))).get(self.source.id, [])
        return [Price.of(price) for price in found]

    @strawberry.field(description="The terms that a new customer gets now; null: it is not sold yet.")
    async def current_version(self, info: Info) -> PlanVersion | None:
        """The newest version that has begun."""
        begun = await self._begun(info)
        return begun[-1] if begun else None

    @strawberry.field(description="All its versions that have begun, oldest first.")
    async def versions(self, info: Info) -> list[PlanVersion]:
        """What has been sold under its name."""
        return await self._begun(info)

    async def _begun(self, info: Info) -> list[PlanVersion]:
        at = await info.context.business_time()
        found = await info.context.loaders.plan_versions.load((info.context.tenant, self.source.id))
        return [PlanVersion.of(each) for each in found if each.effective_from <= at]
