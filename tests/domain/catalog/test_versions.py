"""Versions of plans and prices: what a new customer gets, what an earlier one keeps, and when it moves."""

from dataclasses import replace

import pytest

from domain.catalog.plan import (
    PriceModel,
    ProrationClock,
    TrialEnd,
    current_version,
    offered_price,
    plan_version,
    plans,
    price,
    price_at_renewal,
    public_price,
    version_at_renewal,
)
from domain.catalog.publish import publish_price
from domain.catalog.publish_version import PlanTerms
from domain.catalog.retire import RetirePrice, retire_price
from domain.ids import PlanVersionId, PriceId
from domain.money import Money
from domain.period import Cadence, Unit
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from tests.catalog_kit import by_admin, monthly, new_plan, new_price, new_version
from tests.lives import day
from tests.world import EUR, LONG_AGO, USD, World, make_world


@pytest.mark.row("D17")
async def test_a_new_version_of_a_plan_is_for_those_who_come_after_it(world: World) -> None:
    db, tenant = world.house.db.primary, world.tenant.tenant
    plan, first = await new_plan(world)
    second = await new_version(world, plan, day(3, 1))
    assert (await current_version(db, tenant, plan, day(2, 28))).id == first
    assert (await current_version(db, tenant, plan, day(3, 1))).id == second
    assert (await version_at_renewal(db, tenant, first, day(12, 1))).id == first
    assert (await version_at_renewal(db, tenant, second, day(12, 1))).id == second


@pytest.mark.row("D17")
async def test_earlier_customers_move_at_the_first_term_that_begins_when_a_version_is_for_them(world: World) -> None:
    db, tenant = world.house.db.primary, world.tenant.tenant
    plan, first = await new_plan(world)
    second = await new_version(world, plan, day(3, 1), day(6, 1))
    third = await new_version(world, plan, day(4, 1))
    at = {begins: (await version_at_renewal(db, tenant, first, begins)).id for begins in (day(5, 31), day(6, 1))}
    assert at == {day(5, 31): first, day(6, 1): second}
    assert (await version_at_renewal(db, tenant, third, day(9, 1))).id == third


async def test_a_version_says_all_its_terms(world: World) -> None:
    terms = PlanTerms("suite", "saas", ProrationClock.DAY, 14, True, TrialEnd.PAUSE)
    plan, first = await new_plan(world, terms)
    found = await plan_version(world.house.db.primary, world.tenant.tenant, first)
    assert (found.plan, found.version, found.family, found.tax_category) == (plan, 1, "suite", "saas")
    assert (found.proration, found.trial_days, found.trial_needs_method, found.trial_end) == (
        ProrationClock.DAY,
        14,
        True,
        TrialEnd.PAUSE,
    )
    second = await plan_version(world.house.db.primary, world.tenant.tenant, await new_version(world, plan, day(1, 1)))
    assert (second.version, second.family, second.trial_days) == (2, "suite", 0)


@pytest.mark.row("D17")
async def test_a_price_increase_reaches_earlier_customers_at_the_term_it_names(world: World) -> None:
    db, tenant = world.house.db.primary, world.tenant.tenant
    plan, _ = await new_plan(world)
    first = await new_price(world, monthly(plan, 1000))
    second = await new_price(world, monthly(plan, 1200, day(3, 1)), existing=day(6, 1))
    third = await new_price(world, monthly(plan, 1500, day(4, 1)))
    fourth = await new_price(world, monthly(plan, 1300, day(5, 1)), existing=day(8, 1))
    moves = [(await price_at_renewal(db, tenant, first, day(month, 1))).id for month in (5, 6, 7, 8)]
    assert moves == [first, second, second, fourth]
    assert (await price_at_renewal(db, tenant, third, day(7, 1))).id == third
    assert (await price_at_renewal(db, tenant, third, day(8, 1))).id == fourth


async def test_a_price_increase_that_is_retired_holds_for_terms_that_begin_before(world: World) -> None:
    db, tenant = world.house.db.primary, world.tenant.tenant
    plan, _ = await new_plan(world)
    first = await new_price(world, monthly(plan, 1000))
    second = await new_price(world, monthly(plan, 1200, day(3, 1)), existing=day(3, 1))
    await by_admin(world, retire_price, RetirePrice(second, day(6, 1)))
    moves = {at: (await price_at_renewal(db, tenant, first, at)).id for at in (day(2, 1), day(5, 31), day(6, 1))}
    assert moves == {day(2, 1): first, day(5, 31): second, day(6, 1): first}


async def test_a_price_increase_stays_within_its_currency_cadence_and_model(world: World) -> None:
    db, tenant = world.house.db.primary, world.tenant.tenant
    plan, _ = await new_plan(world)
    first = await new_price(world, monthly(plan))
    for other in (
        replace(monthly(plan), unit_amount=Money(1, USD)),
        replace(monthly(plan), cadence_unit=Unit.YEAR),
        replace(monthly(plan), cadence_count=3),
    ):
        for since in (LONG_AGO, day(1, 1, year=2026)):  # the second is a later version than the price's own
            await new_price(world, replace(other, effective_from=since), existing=day(2, 1, year=2026))
    public = await public_price(db, tenant, plan, EUR, Cadence(Unit.MONTH, 1), day(12, 1, year=2026))
    assert public is not None and public.id == first
    flat = replace(monthly(plan, since=day(1, 1)), model=PriceModel.FLAT)
    await new_price(world, flat, existing=day(2, 1))
    assert (await price_at_renewal(db, tenant, first, day(9, 1))).id == first


@pytest.mark.row("D2")
@pytest.mark.parametrize(("unit", "count"), [(Unit.WEEK, 1), (Unit.MONTH, 3), (Unit.YEAR, 1), (Unit.DAY, 10)])
async def test_every_cadence_is_a_matter_of_the_price(world: World, unit: Unit, count: int) -> None:
    plan, _ = await new_plan(world)
    id = await new_price(world, replace(monthly(plan), cadence_unit=unit, cadence_count=count))
    _, found = await offered_price(world.house.db.primary, world.tenant.tenant, id, day(1, 1))
    assert found.cadence == Cadence(unit, count)


async def test_a_private_price_is_on_offer_to_nobody_and_never_rises(world: World) -> None:
    db, tenant = world.house.db.primary, world.tenant.tenant
    plan, _ = await new_plan(world)
    public = await new_price(world, monthly(plan))
    secret = (await by_admin(world, publish_price, replace(monthly(plan, 700), private=True))).price
    await new_price(world, monthly(plan, 1200, day(2, 1)), existing=day(2, 1))
    offered = [each.id for _, prices in await plans(db, tenant, day(1, 1)) for each in prices]
    assert (public in offered, secret in offered) == (True, False)
    with pytest.raises(Refused):
        await offered_price(db, tenant, secret, day(1, 1))
    assert (await price_at_renewal(db, tenant, secret, day(9, 1))).id == secret
    assert (await price(db, tenant, secret)).private


async def test_two_contracts_may_have_private_prices_of_one_instant(world: World) -> None:
    plan, _ = await new_plan(world)
    command = replace(monthly(plan), private=True)
    first, second = [(await by_admin(world, publish_price, command)).price for _ in range(2)]
    assert first != second


async def test_a_flat_price_is_sold_once(world: World) -> None:
    plan, _ = await new_plan(world)
    found = {}
    for model, since in ((PriceModel.FLAT, LONG_AGO), (PriceModel.PER_SEAT, day(1, 1))):
        command = replace(monthly(plan, since=since), model=model, tax_inclusive=True)
        id = (await by_admin(world, publish_price, command)).price
        found[model] = await price(world.house.db.primary, world.tenant.tenant, id)
        assert (found[model].model, found[model].tax_inclusive, found[model].unit_amount) == (
            model,
            True,
            Money(1000, EUR),
        )
        found[model].require_quantity(1)
    found[PriceModel.PER_SEAT].require_quantity(10)
    with pytest.raises(Refused) as refused:
        found[PriceModel.FLAT].require_quantity(2)
    assert (refused.value.code, refused.value.path) == (RefusalCode.INVALID_INPUT, ("quantity",))


async def test_versions_of_another_tenant_do_not_exist(world: World, house: House) -> None:
    elsewhere = await make_world(house)
    plan, version = await new_plan(elsewhere)
    db, tenant = world.house.db.primary, world.tenant.tenant
    id = await new_price(elsewhere, monthly(plan))
    for look in (
        plan_version(db, tenant, version),
        plan_version(db, tenant, PlanVersionId(plan.uuid)),
        current_version(db, tenant, plan, day(1, 1)),
        version_at_renewal(db, tenant, version, day(1, 1)),
        price_at_renewal(db, tenant, id, day(1, 1)),
        price(db, tenant, PriceId(plan.uuid)),
    ):
        with pytest.raises(Refused) as refused:
            await look
        assert refused.value.code is RefusalCode.NOT_FOUND
