"""Coupons on drafts that wait while a contract ends: what they leave of it counts toward its commitment, once."""

from datetime import timedelta

import pytest

from domain.catalog.coupon import Duration, Scope
from domain.ids import ContractId
from domain.invoices.contract import billed_toward, contracts
from domain.invoices.drafts import drafts_of
from domain.invoices.sign_contract import SignContract, sign_contract
from tests.domain.catalog.coupon_lives import holding, void
from tests.domain.invoices.bills import eur, issue, now
from tests.lives import buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.world import Someone, World


@pytest.mark.row("I13")
@pytest.mark.parametrize(("scope", "periods"), [(Scope.ACCOUNT, 1), (Scope.SUBSCRIPTION, 1), (Scope.SUBSCRIPTION, 2)])
async def test_a_coupon_that_two_drafts_wait_for_reduces_one_of_them_in_what_counts_toward_commitments(
    world: World, scope: Scope, periods: int
) -> None:
    ada, committed_to = await buyer(world), {}
    for plan, minor in (("starter", 3000), ("team", 6000)):
        until_then = day(2, 1) + timedelta(seconds=1)
        signed = SignContract(world.prices[plan], eur(minor), day(1, 1), until_then, 0, None)
        committed_to[(await by_finance(world, ada, sign_contract, signed)).contract] = eur(minor)
        await start(world, ada, plan)
    await holding(world, ada, duration=Duration.PERIODS, periods=periods, scope=scope)
    await until(world, ada, day(2, 1, 3))
    renewed = sorted(of.total.minor for of in await invoices_of(world, ada) if of.reason == "renewal")
    assert renewed in ([500, 2000], [1000, 1000])  # the first of them has it; which that is lies with their ids
    billed = await billed_toward(world.house.db.primary, ada.id)
    signed_ones = await contracts(world.house.db.primary, ada.id)
    true_ups = {each.id: (await now(world, ada, each.true_up)).total for each in signed_ones if each.true_up}
    assert {id: billed[id] + true_ups[id] for id in committed_to} == committed_to
    assert await wrong_rows(world, ada) == []


async def two_replaced(world: World) -> tuple[Someone, ContractId]:
    """A customer with a coupon for one period and two drafts that replace void invoices and wait for staff."""
    ada = await buyer(world)
    signed = SignContract(world.prices["starter"], eur(5000), day(1, 1), day(3, 1) + timedelta(seconds=1), 60, None)
    id = (await by_finance(world, ada, sign_contract, signed)).contract
    await start(world, ada)
    await until(world, ada, day(2, 1, 3))
    for each in await invoices_of(world, ada):
        await void(world, ada, each.id, replace=True)
    await holding(world, ada, duration=Duration.ONCE)
    return ada, id


@pytest.mark.row("I13")
async def test_of_three_drafts_of_a_plan_a_coupon_for_one_period_reduces_one_whichever_is_issued_first(
    world: World,
) -> None:
    """The third is of the renewal, which is issued by itself before the older ones; a neighbour's do not count."""
    await two_replaced(world)
    ada, id = await two_replaced(world)
    await until(world, ada, day(3, 1, 3))
    of = {each.reason: each.total.minor for each in await invoices_of(world, ada) if each.state.name == "open"}
    assert of == {"true_up": 2500, "renewal": 500}
    waiting = await drafts_of(world.house.db.primary, ada.id, 9)
    assert [(await issue(world, ada, each)).total.minor for each in waiting] == [1000, 1000]
    assert await billed_toward(world.house.db.primary, ada.id) == {id: eur(5000 - 2500)}
    assert await wrong_rows(world, ada) == []
