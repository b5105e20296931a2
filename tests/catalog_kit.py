"""Catalogs in tests: plans, versions and prices that no other test sells."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import pytest

from domain.catalog.coupon import Duration, Scope
from domain.catalog.feature import FeatureKind, PublishFeature, publish_feature
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.catalog.publish_coupon import PublishCoupon
from domain.catalog.publish_version import PlanTerms, PublishPlanVersion, publish_plan_version
from domain.ids import PlanId, PlanVersionId, PriceId
from domain.money import Money
from domain.operation import Operation
from domain.perform import perform
from domain.period import Unit
from domain.refusals import RefusalCode, Refused
from tests.world import EUR, LONG_AGO, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py
# What is wrong with input about entitlements that would do otherwise, the refusal, and the part it is about.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("grantEntitlement", {"feature": "nope"}, "NOT_FOUND", ["feature"]),
    ("grantEntitlement", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    *(("grantEntitlement", {"value": value}, "INVALID_INPUT", ["value"]) for value in ("-1", "2", str(2**63 - 1))),
    ("grantEntitlement", {"startsAt": "2026-12-31T23:59:59Z"}, "INVALID_INPUT", ["startsAt"]),
    ("grantEntitlement", {"endsAt": "2027-01-02T00:00:00Z"}, "INVALID_INPUT", ["endsAt"]),
    ("endEntitlementException", {"exceptionId": "exception_" + "0" * 32}, "NOT_FOUND", ["exceptionId"]),
    ("endEntitlementException", {"endsAt": "2026-12-31T23:59:59Z"}, "INVALID_INPUT", ["endsAt"]),
    ("endEntitlementException", {"endsAt": "2027-02-02T00:00:00Z"}, "INVALID_INPUT", ["endsAt"]),
    ("grantEntitlement", {"reason": "\t"}, "INVALID_INPUT", ["reason"]),
]


async def by_admin(world: World, operation: Operation[C, O], command: C) -> O:
    """What the tenant itself does to its catalog, under a fresh key."""
    home = world.tenant.live_house
    return (await perform(world.house.db, operation, world.house.actor, home, command, fresh("admin"))).outcome


async def refusal_of(world: World, operation: Operation[C, O], command: C) -> tuple[RefusalCode, tuple[str, ...]]:
    """Why the catalog does not take it, and which part of it is wrong."""
    with pytest.raises(Refused) as refused:
        await by_admin(world, operation, command)
    return refused.value.code, refused.value.path


async def new_plan(world: World, terms: PlanTerms | None = None) -> tuple[PlanId, PlanVersionId]:
    """A plan of a name of its own, and its first version."""
    code = fresh("plan")
    done = await by_admin(world, publish_plan, PublishPlan(code, code, f"The {code}", 9, terms or PlanTerms()))
    assert done.plan_version is not None
    return done.plan, done.plan_version


async def new_version(
    world: World, plan: PlanId, since: datetime, existing: datetime | None = None, terms: PlanTerms | None = None
) -> PlanVersionId:
    """The plan's next version."""
    command = PublishPlanVersion(plan, since, existing, terms or PlanTerms())
    return (await by_admin(world, publish_plan_version, command)).plan_version


def monthly(plan: PlanId, minor: int = 1000, since: datetime = LONG_AGO) -> PublishPrice:
    """A price in EUR a month."""
    return PublishPrice(plan, Money(minor, EUR), Unit.MONTH, 1, since)


async def new_price(world: World, command: PublishPrice, existing: datetime | None = None) -> PriceId:
    """The next version of that price."""
    return (await by_admin(world, publish_price, replace(command, existing_from=existing))).price


async def new_feature(world: World, kind: FeatureKind) -> str:
    """A feature of a name of its own."""
    code = fresh(kind.value)
    return (await by_admin(world, publish_feature, PublishFeature(code, code.capitalize(), kind))).code


def half_off(**changed: Any) -> PublishCoupon:
    """Half the price for ever, for everybody."""
    code = fresh("half").upper()
    coupon = PublishCoupon(
        code, "Half off", 500_000, None, Duration.FOREVER, None, (), Scope.ACCOUNT, None, None
    )  # fmt: skip
    return replace(coupon, **changed)
