"""Bad catalog data: refused when it is saved, with the part that is wrong, and nothing of it stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.actor import Grant
from domain.catalog.feature import MAX_LIMIT, FeatureKind, PlanEntitlement, PublishFeature, publish_feature
from domain.catalog.plan import TrialEnd, plan_versions, plans_by_id
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.catalog.publish_version import MAX_TRIAL_DAYS, PlanTerms, PublishPlanVersion, publish_plan_version
from domain.ids import PlanId
from domain.money import Currency, Money, UnknownCurrency
from domain.operation import Operation
from domain.perform import perform
from domain.period import Unit
from domain.refusals import RefusalCode, Refused
from tests.catalog_kit import by_admin, monthly, new_feature, new_plan, new_price, new_version, refusal_of
from tests.lives import day
from tests.world import EUR, LONG_AGO, World, fresh

INVALID, NOT_FOUND = RefusalCode.INVALID_INPUT, RefusalCode.NOT_FOUND


@pytest.mark.parametrize(
    "effective", [day(3, 1), day(3, 1) - timedelta(seconds=1), LONG_AGO, datetime(1970, 1, 1, tzinfo=UTC)]
)
async def test_a_version_that_overlaps_the_one_before_it_is_refused(world: World, effective: datetime) -> None:
    plan, _ = await new_plan(world)
    await new_version(world, plan, day(3, 1))
    await new_price(world, monthly(plan, 1000, day(3, 1)))
    command = PublishPlanVersion(plan, effective, None, PlanTerms())
    assert await refusal_of(world, publish_plan_version, command) == (INVALID, ("effectiveFrom",))
    assert await refusal_of(world, publish_price, monthly(plan, 1100, effective)) == (INVALID, ("effectiveFrom",))
    assert len((await plan_versions(world.house.db.primary, world.tenant.tenant, [plan]))[plan]) == 2
    later = await by_admin(world, publish_price, monthly(plan, 1100, day(3, 1) + timedelta(seconds=1)))
    assert later.version == 2


async def test_a_version_is_for_existing_customers_no_sooner_than_for_new_ones(world: World) -> None:
    plan, _ = await new_plan(world)
    early, version = day(3, 1) - timedelta(seconds=1), PublishPlanVersion(plan, day(3, 1), None, PlanTerms())
    price = monthly(plan, 1000, day(3, 1))
    wrong_version, wrong_price = replace(version, existing_from=early), replace(price, existing_from=early)
    assert await refusal_of(world, publish_plan_version, wrong_version) == (INVALID, ("existingFrom",))
    assert await refusal_of(world, publish_price, wrong_price) == (INVALID, ("existingFrom",))
    private = replace(price, existing_from=day(3, 1), private=True)
    assert await refusal_of(world, publish_price, private) == (INVALID, ("existingFrom",))


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (PlanTerms(trial_days=14), "trialEnd"),
        (PlanTerms(trial_days=-1, trial_end=TrialEnd.CANCEL), "trialDays"),
        (PlanTerms(trial_days=MAX_TRIAL_DAYS + 1, trial_end=TrialEnd.CANCEL), "trialDays"),
        (PlanTerms(trial_end=TrialEnd.CANCEL), "trialDays"),
        (PlanTerms(trial_needs_method=True), "trialDays"),
        (PlanTerms(family="  "), "family"),
        (PlanTerms(tax_category=""), "taxCategory"),
        (PlanTerms(tax_category="Digital Goods"), "taxCategory"),
    ],
)
async def test_terms_that_cannot_be_are_refused(world: World, wrong: PlanTerms, part: str) -> None:
    plan, _ = await new_plan(world)
    code, expected = fresh("plan"), (INVALID, ("terms", part))
    assert await refusal_of(world, publish_plan, PublishPlan(code, "P", "A plan", 1, wrong)) == expected
    version = PublishPlanVersion(plan, day(3, 1), None, wrong)
    assert await refusal_of(world, publish_plan_version, version) == expected
    done = await by_admin(world, publish_plan, PublishPlan(code, "P", "A plan", 1))
    assert done.plan in await plans_by_id(world.house.db.primary, world.tenant.tenant, [done.plan])


@pytest.mark.row("I12")
async def test_a_plan_allows_features_that_there_are_once_and_in_their_own_measure(world: World) -> None:
    switch, limit = await new_feature(world, FeatureKind.SWITCH), await new_feature(world, FeatureKind.LIMIT)
    cases: list[tuple[tuple[PlanEntitlement, ...], tuple[RefusalCode, tuple[str, ...]]]] = [
        ((PlanEntitlement(fresh("no-feature"), 1),), (NOT_FOUND, ("terms", "entitlements"))),
        ((PlanEntitlement(switch, 1), PlanEntitlement(switch, 1)), (INVALID, ("terms", "entitlements"))),
        ((PlanEntitlement(switch, 0),), (INVALID, ("terms", "entitlements", "value"))),
        ((PlanEntitlement(switch, 2),), (INVALID, ("terms", "entitlements", "value"))),
        ((PlanEntitlement(limit, -1),), (INVALID, ("terms", "entitlements", "value"))),
        ((PlanEntitlement(limit, MAX_LIMIT + 1),), (INVALID, ("terms", "entitlements", "value"))),
    ]
    for given, expected in cases:
        command = PublishPlan(fresh("plan"), "P", "A plan", 1, PlanTerms(entitlements=given))
        assert await refusal_of(world, publish_plan, command) == expected
    await new_plan(world, PlanTerms(entitlements=(PlanEntitlement(switch, 1), PlanEntitlement(limit, 0))))


@pytest.mark.parametrize("minor", [-1, 10**11 + 1])
async def test_a_price_below_nothing_or_beyond_what_can_be_billed_is_refused(world: World, minor: int) -> None:
    plan, _ = await new_plan(world)
    assert await refusal_of(world, publish_price, monthly(plan, minor)) == (RefusalCode.INVALID_AMOUNT, ("amount",))


def test_a_price_in_no_currency_cannot_even_be_said() -> None:
    for code in ("EUX", "eur", "XAU", ""):
        with pytest.raises(UnknownCurrency):
            Currency(code)


@pytest.mark.row("D2")
@pytest.mark.parametrize(("unit", "count"), [(Unit.MONTH, 0), (Unit.MONTH, -3), (Unit.DAY, 367)])
async def test_a_cadence_that_is_none_is_refused(world: World, unit: Unit, count: int) -> None:
    plan, _ = await new_plan(world)
    command = PublishPrice(plan, Money(100, EUR), unit, count, LONG_AGO)
    assert await refusal_of(world, publish_price, command) == (INVALID, ("intervalCount",))


async def test_what_is_not_there_has_no_versions_and_a_taken_name_is_taken(world: World) -> None:
    nothing = PlanId(world.tenant.tenant.uuid)
    version = PublishPlanVersion(nothing, day(3, 1), None, PlanTerms())
    assert await refusal_of(world, publish_plan_version, version) == (NOT_FOUND, ("planId",))
    assert await refusal_of(world, publish_price, monthly(nothing)) == (NOT_FOUND, ("planId",))
    taken = RefusalCode.ALREADY_EXISTS
    assert await refusal_of(world, publish_plan, PublishPlan("starter", "S", "S", 1)) == (taken, ("code",))
    feature = PublishFeature(await new_feature(world, FeatureKind.SWITCH), "Again", FeatureKind.LIMIT)
    assert await refusal_of(world, publish_feature, feature) == (taken, ("code",))


@pytest.mark.parametrize("role", [Grant.SUPPORT, Grant.LEAD, Grant.FINANCE])
async def test_only_admins_change_the_catalog(world: World, role: Grant) -> None:
    plan, _ = await new_plan(world)
    tries: tuple[tuple[Operation[Any, Any], object], ...] = (
        (publish_plan_version, PublishPlanVersion(plan, day(3, 1), None, PlanTerms())),
        (publish_feature, PublishFeature(fresh("feature"), "F", FeatureKind.SWITCH)),
        (publish_price, monthly(plan)),
    )
    for operation, command in tries:
        with pytest.raises(Refused) as refused:
            home = world.tenant.live_house
            await perform(world.house.db, operation, world.staff(role), home, command, fresh("key"))
        assert refused.value.code is RefusalCode.FORBIDDEN
