"""What the demo sells: there after one run, the same after a second, and sold as it says."""

from typing import TypeVar

import pytest

from dev.demo_catalog import LONG_AGO, WELCOME, publish_catalog
from domain.catalog.coupon import coupon_of_code
from domain.catalog.feature import plan_entitlements
from domain.catalog.plan import PriceModel, TrialEnd, current_version, plans
from domain.money import Money
from domain.operation import Operation
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.tenants.create_tenant import CreateTenant, create_tenant, founding_house
from domain.tenants.tenant import free_shard_key
from tests.world import EUR, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


@pytest.mark.row("D2")
async def test_the_demo_sells_the_same_after_a_second_run(house: House) -> None:
    slug, key, db = fresh("demo"), await free_shard_key(house.db.primary), house.db.primary
    command = CreateTenant(slug, "Demo", "DEMO", "1 Main Street", "DE", "Europe/Berlin", (key,))
    home = founding_house(slug, "DEMO", key)
    tenant = (await perform(house.db, create_tenant, house.actor, home, command, fresh("found"))).outcome.tenant

    async def do(operation: Operation[C, O], command: C, key: str) -> O:
        return (await perform(house.db, operation, house.actor, home, command, key)).outcome

    await publish_catalog(do)
    first = await plans(db, tenant, LONG_AGO)
    await publish_catalog(do)
    assert await plans(db, tenant, LONG_AGO) == first
    euros = {
        plan.code: {(each.cadence.unit, each.cadence.count): each.unit_amount for each in prices}
        for plan, prices in first
        for prices in [[each for each in prices if each.unit_amount.currency == EUR]]
    }
    assert list(euros) == ["starter", "team", "business", "crew", "studio"]
    assert euros["team"] == {(Unit.MONTH, 1): Money(2000, EUR), (Unit.YEAR, 1): Money(20000, EUR)}
    assert euros["crew"][Unit.MONTH, 3] == Money(2400, EUR)
    sold = {plan.code: await current_version(db, tenant, plan.id, LONG_AGO) for plan, _ in first}
    assert (sold["studio"].trial_days, sold["studio"].trial_end, sold["team"].trial_end) == (14, TrialEnd.PAUSE, None)
    assert {price.model for plan, prices in first for price in prices if plan.code == "studio"} == {PriceModel.FLAT}
    allowed = await plan_entitlements(db, tenant, [sold["starter"].id, sold["team"].id])
    assert [len(each) for each in allowed.values()] == [1, 2]
    coupon = await coupon_of_code(db, tenant, WELCOME.code)
    assert coupon is not None
    assert coupon.periods == 3
