"""Plans and prices."""

from enum import Enum

import strawberry

from api.graph.money import Money
from api.scalars import GlobalId
from domain import period
from domain.catalog import plan as catalog


@strawberry.enum(description="What a cadence counts.")
class IntervalUnit(Enum):
    """The units of a cadence."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@strawberry.type(description="How often something is billed: every count units.")
class Interval:
    """A cadence."""

    unit: IntervalUnit = strawberry.field(description="What is counted.")
    count: int = strawberry.field(description="How many of them make a period.")

    @classmethod
    def of(cls, cadence: period.Cadence) -> "Interval":
        """The domain's cadence."""
        return cls(unit=IntervalUnit(cadence.unit.value), count=cadence.count)


@strawberry.type(description="What one unit of a plan costs for one period. A price never changes.")
class Price:
    """An immutable price version."""

    id: GlobalId = strawberry.field(description="What startSubscription and changePlan take.")
    version: int = strawberry.field(description="Counts the prices of this plan, currency and interval.")
    amount: Money = strawberry.field(description="The price of one unit for one period.")
    interval: Interval = strawberry.field(description="How long a period is.")

    @classmethod
    def of(cls, price: catalog.Price) -> "Price":
        """The domain's price."""
        return cls(
            id=GlobalId(str(price.id)),
            version=price.version,
            amount=Money.of(price.unit_amount),
            interval=Interval.of(price.cadence),
        )


@strawberry.type(description="What is sold.")
class Plan:
    """A plan without its prices, as subscriptions name it."""

    id: GlobalId = strawberry.field(description="The plan's id.")
    code: str = strawberry.field(description="The tenant's own name for the plan; it never changes.")
    name: str = strawberry.field(description="The name that customers see.")
    description: str = strawberry.field(description="What it is for.")

    @classmethod
    def of(cls, plan: catalog.Plan) -> "Plan":
        """The domain's plan."""
        return cls(id=GlobalId(str(plan.id)), code=plan.code, name=plan.name, description=plan.description)


@strawberry.type(description="A plan that can be bought now, with its prices.")
class OfferedPlan(Plan):
    """A plan on offer."""

    prices: list[Price] = strawberry.field(description="The prices that hold now, one per currency and interval.")

    @classmethod
    def offered(cls, plan: catalog.Plan, prices: list[catalog.Price]) -> "OfferedPlan":
        """The domain's plan and prices."""
        base = Plan.of(plan)
        return cls(
            id=base.id,
            code=base.code,
            name=base.name,
            description=base.description,
            prices=[Price.of(price) for price in prices],
        )
