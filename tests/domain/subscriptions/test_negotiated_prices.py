"""Private prices are bought by whoever has a contract that names them; a plan that changes its family blocks nobody."""

from dataclasses import replace

import pytest

from domain.catalog.publish_version import PlanTerms
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.money import Money
from domain.refusals import RefusalCode, Refused
from tests.catalog_kit import monthly, new_plan, new_price, new_version
from tests.domain.invoices.bills import eur
from tests.lives import buy, buyer, by_finance, day, invoices_of, until, wrong_rows
from tests.subscription_lives import switch
from tests.world import World, fresh


@pytest.mark.row("I13")
async def test_a_private_price_is_sold_to_whom_a_contract_gives_it_while_it_runs(world: World) -> None:
    plan, _ = await new_plan(world)
    await new_price(world, monthly(plan, 1000))
    private = await new_price(world, replace(monthly(plan, 700), private=True))
    ada, other = await buyer(world), await buyer(world)
    await by_finance(world, ada, sign_contract, SignContract(private, eur(0), day(1, 1), day(3, 1), 0, None))
    begun = await buy(world, ada, private)
    assert begun.due == Money(700, begun.due.currency)
    with pytest.raises(Refused) as refused:
        await buy(world, other, private)
    assert (refused.value.code, refused.value.path) == (RefusalCode.NOT_FOUND, ("priceId",))


async def test_a_private_price_is_not_to_be_had_before_and_after_the_contract(world: World) -> None:
    plan, _ = await new_plan(world)
    private = await new_price(world, replace(monthly(plan, 700), private=True))
    ada = await buyer(world)
    await by_finance(world, ada, sign_contract, SignContract(private, eur(0), day(2, 1), day(3, 1), 0, None))
    for at in (day(1, 31), day(3, 1)):
        await until(world, ada, at)
        with pytest.raises(Refused) as refused:
            await buy(world, ada, private)
        assert refused.value.code is RefusalCode.NOT_FOUND


async def test_a_customer_changes_to_the_price_of_its_contract(world: World) -> None:
    plan, _ = await new_plan(world)
    listed = await new_price(world, monthly(plan, 1000))
    private = await new_price(world, replace(monthly(plan, 700), private=True))
    ada = await buyer(world)
    await buy(world, ada, listed)
    await by_finance(world, ada, sign_contract, SignContract(private, eur(0), day(1, 1), day(7, 1), 0, None))
    await switch(world, ada, private)
    await until(world, ada, day(2, 2))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [1000, 700]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D17")
async def test_a_plan_that_moved_to_another_family_can_be_bought_beside_its_older_version(world: World) -> None:
    old, new = fresh("family"), fresh("family")
    plan, _ = await new_plan(world, PlanTerms(family=old))
    price = await new_price(world, monthly(plan))
    ada = await buyer(world)
    await buy(world, ada, price)
    await new_version(world, plan, day(1, 10), terms=PlanTerms(family=new))
    await until(world, ada, day(1, 11))
    await buy(world, ada, price)
    with pytest.raises(Refused) as refused:
        await buy(world, ada, price)
    assert refused.value.code is RefusalCode.ALREADY_EXISTS
    await until(world, ada, day(2, 12))
    assert [each.total.minor for each in await invoices_of(world, ada)].count(1000) == 4
    assert await wrong_rows(world, ada) == []
