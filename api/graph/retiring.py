"""Admins retire plans and prices, and see the whole price list."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.catalog import Plan, Price
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import RetirePlanError, RetirePriceError, as_error
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain.catalog.plan import plan, price
from domain.catalog.retire import RetirePlan, RetirePrice, price_list, retire_plan, retire_price
from domain.ids import PlanId, PriceId
from domain.refusals import Refused

MAX_PLANS: Final = 100  # as many as a page of any list has
_WHEN = "From when on nobody new gets it; left out: from now on. It is not in the past."
AfterPlan = Annotated[GlobalId | None, strawberry.argument(description="The last plan of the page before.")]


@strawberry.input(description="Takes a plan off the price list; who has it keeps it, on the terms and at the price.")
class RetirePlanInput:
    """Input of retirePlan."""

    plan_id: GlobalId = strawberry.field(description="The plan.")
    effective_at: datetime | None = strawberry.field(default=None, description=_WHEN)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The plan with the instant of its retirement.")
class RetirePlanPayload:
    """Payload of retirePlan."""

    plan: Plan | None = strawberry.field(description="The plan.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RetirePlanError] = strawberry.field(description=ERRORS)


async def retire_a_plan(info: Info, input: RetirePlanInput) -> RetirePlanPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = RetirePlan(id_of(PlanId.parse, input.plan_id, "planId"), input.effective_at)
        done = await performed(info, retire_plan, home, command, input.idempotency_key)
    except Refused as refused:
        return RetirePlanPayload(plan=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    found = await plan(info.context.db.primary, info.context.tenant, command.plan)
    at = info.context.db.clock.now()  # later than the call began, when it was still on offer
    over = found.retired_at is not None and found.retired_at <= at
    return RetirePlanPayload(plan=Plan.of(found, [] if over else None), operation=operation, errors=[])


@strawberry.input(description="Takes a price off the list; who has it keeps it, and no earlier one comes back.")
class RetirePriceInput:
    """Input of retirePrice."""

    price_id: GlobalId = strawberry.field(description="The price.")
    effective_at: datetime | None = strawberry.field(default=None, description=_WHEN)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The price with the instant of its retirement.")
class RetirePricePayload:
    """Payload of retirePrice."""

    price: Price | None = strawberry.field(description="The price.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RetirePriceError] = strawberry.field(description=ERRORS)


async def retire_a_price(info: Info, input: RetirePriceInput) -> RetirePricePayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = RetirePrice(id_of(PriceId.parse, input.price_id, "priceId"), input.effective_at)
        done = await performed(info, retire_price, home, command, input.idempotency_key)
    except Refused as refused:
        return RetirePricePayload(price=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    found = await price(info.context.db.primary, info.context.tenant, command.price)
    return RetirePricePayload(price=Price.of(found), operation=operation, errors=[])


@strawberry.type(description="A plan with all the prices it ever had, on offer or not, private ones too.")
class ListedPlan:
    """A plan as staff see it."""

    plan: Plan | None = strawberry.field(description="The plan.")
    prices: list[Price] = strawberry.field(description="By currency, interval and version.")


async def whole_list(info: Info, after: GlobalId | None) -> list[ListedPlan]:
    """A page of the tenant's plans, newest first."""
    last = PlanId.parse(after) if after else None
    found = await price_list(info.context.db.primary, info.context.tenant, last, MAX_PLANS)
    return [ListedPlan(plan=Plan.of(each), prices=[Price.of(price) for price in prices]) for each, prices in found]
