"""Admins change the price list: plans are added, prices get versions, nothing is ever rewritten."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.catalog import IntervalUnit, Plan, Price, PriceModel
from api.graph.context import Info
from api.graph.money import MoneyInput, amount_of
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.plan_versions import PlanTermsInput, terms_of
from api.graph.refusal import PublishPlanError, PublishPriceError, as_error
from api.graph.texts import NAME, NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.catalog import plan as domain
from domain.catalog.plan import plan, price
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.ids import PlanId
from domain.period import Unit
from domain.refusals import Refused

QUARTER_MONTHS = 3  # of the calendar


@strawberry.input(description="Adds a plan to the price list.")
class PublishPlanInput:
    """Input of publishPlan."""

    code: str = strawberry.field(description="The tenant's own name for it; it never changes.")
    name: str = strawberry.field(description="The name that customers see.")
    description: str = strawberry.field(description="What it is for.")
    rank: int = strawberry.field(description="Its place in the price list; a higher one is an upgrade.")
    terms: PlanTermsInput | None = strawberry.field(default=None, description="What its first version says.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The plan, which needs prices before anybody can buy it.")
class PublishPlanPayload:
    """Payload of publishPlan."""

    plan: Plan | None = strawberry.field(description="The plan.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishPlanError] = strawberry.field(description=ERRORS)


async def publish_a_plan(info: Info, input: PublishPlanInput) -> PublishPlanPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        description = text(NOTE, input.description, "description")
        code, name = text(NAME, input.code, "code"), text(NAME, input.name, "name")
        command = PublishPlan(code, name, description, input.rank, terms_of(input.terms))
        done = await performed(info, publish_plan, home, command, input.idempotency_key)
    except Refused as refused:
        return PublishPlanPayload(plan=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    published = await plan(info.context.db.primary, info.context.tenant, done.outcome.plan)
    return PublishPlanPayload(plan=Plan.of(published), operation=operation, errors=[])


@strawberry.input(description="Adds the next price version of a plan; earlier customers keep theirs.")
class PublishPriceInput:
    """Input of publishPrice."""

    plan_id: GlobalId = strawberry.field(description="The plan.")
    amount: MoneyInput = strawberry.field(description="The price of one unit for one period.")
    interval_unit: IntervalUnit = strawberry.field(description="What a period counts.")
    interval_count: int = strawberry.field(default=1, description="How many of them make a period, 1 to 366.")
    effective_from: datetime = strawberry.field(
        description="From when on it is offered; later than the version before it."
    )
    model: PriceModel = strawberry.field(default=PriceModel.PER_SEAT, description="What it is multiplied by.")
    tax_inclusive: bool = strawberry.field(default=False, description="Whether the amount holds the tax already.")
    private: bool = strawberry.field(default=False, description="Never on offer: a contract names it.")
    existing_from: datetime | None = strawberry.field(
        default=None,
        description="From when on earlier customers pay it at their next term, as far as their price has the same "
        "currency, interval and model; left out: they keep theirs.",
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The new price version.")
class PublishPricePayload:
    """Payload of publishPrice."""

    price: Price | None = strawberry.field(description="The price.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishPriceError] = strawberry.field(description=ERRORS)


async def publish_a_price(info: Info, input: PublishPriceInput) -> PublishPricePayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        done = await performed(info, publish_price, home, _command(input), input.idempotency_key)
    except Refused as refused:
        return PublishPricePayload(price=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    published = await price(info.context.db.primary, info.context.tenant, done.outcome.price)
    return PublishPricePayload(price=Price.of(published), operation=operation, errors=[])


def _command(input: PublishPriceInput) -> PublishPrice:
    quarters = input.interval_unit is IntervalUnit.QUARTER
    return PublishPrice(
        plan=id_of(PlanId.parse, input.plan_id, "planId"),
        unit_amount=amount_of(input.amount, "amount"),
        cadence_unit=Unit.MONTH if quarters else Unit[input.interval_unit.name],
        cadence_count=input.interval_count * (QUARTER_MONTHS if quarters else 1),
        effective_from=input.effective_from,
        model=domain.PriceModel[input.model.name],
        tax_inclusive=input.tax_inclusive,
        private=input.private,
        existing_from=input.existing_from,
    )
