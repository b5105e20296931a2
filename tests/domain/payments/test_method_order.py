"""Stored methods: one default and its backups in their order; the last one stays while something is owed."""

import asyncio
from typing import Any

import pytest

from domain.customers.customer import customer
from domain.ids import PaymentMethodId
from domain.payments.gateway import Declined
from domain.payments.method import StoreMethod, methods_in_order, payment_methods, store_method
from domain.payments.order_methods import OrderMethods, RemoveMethod, order_methods, remove_method
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.lives import buyer, start
from tests.payments_stories import request_for
from tests.world import ACCOUNT, Someone, World, fresh


async def order(world: World, of: Someone) -> list[PaymentMethodId]:
    """The ids of the methods in the order they are tried."""
    return [method.id for method in await methods_in_order(world.house.db.primary, of.id)]


async def default_of(world: World, of: Someone) -> PaymentMethodId | None:
    """The method that is charged."""
    return (await customer(world.house.db.primary, world.tenant.tenant, of.id)).default_method


async def refused(world: World, of: Someone, command: OrderMethods | RemoveMethod) -> RefusalCode:
    """Why the customer may not do it."""
    operation: Any = order_methods if isinstance(command, OrderMethods) else remove_method
    with pytest.raises(Refused) as error:
        await world.do(of, operation, command)
    return error.value.code


@pytest.mark.row("B2")
async def test_the_newest_method_is_the_default_and_the_former_one_its_first_backup(world: World) -> None:
    ada = await world.customer()
    one, two, three = [await world.card(ada) for _ in range(3)]
    assert await order(world, ada) == [three, two, one]
    await world.do(ada, order_methods, OrderMethods((one, three, two)))
    assert (await order(world, ada), await default_of(world, ada)) == ([one, three, two], one)
    four = await world.card(ada)
    assert await order(world, ada) == [four, one, three, two]
    await world.do(ada, order_methods, OrderMethods((two,)))  # what is not named keeps its place behind
    assert await order(world, ada) == [two, four, one, three]


async def test_an_order_names_a_method_once_and_only_ones_own(world: World) -> None:
    ada, ben = await world.customer(), await world.customer()
    one, two = [await world.card(ada) for _ in range(2)]
    foreign = await world.card(ben)
    assert await refused(world, ada, OrderMethods(())) is RefusalCode.INVALID_INPUT
    assert await refused(world, ada, OrderMethods((one, one))) is RefusalCode.INVALID_INPUT
    assert await refused(world, ada, OrderMethods((one, two, two))) is RefusalCode.INVALID_INPUT
    assert await refused(world, ada, OrderMethods((one, two, foreign))) is RefusalCode.NOT_FOUND
    assert await refused(world, ada, RemoveMethod(foreign)) is RefusalCode.NOT_FOUND
    assert await order(world, ada) == [two, one]


@pytest.mark.row("B2")
async def test_a_default_that_goes_is_followed_by_its_first_backup_and_forgotten_by_the_provider(world: World) -> None:
    ada = await world.customer()
    one, two = [await world.card(ada) for _ in range(2)]
    (gone,) = await payment_methods(world.house.db.primary, ada.id, [two])
    done = (await world.do(ada, remove_method, RemoveMethod(two))).outcome
    assert (done.default, await default_of(world, ada), await order(world, ada)) == (one, one, [one])
    answer = await world.house.gateway(ACCOUNT).charge(request_for(gone.provider_ref))
    assert isinstance(answer, Declined) and answer.code == "method_detached"
    assert await refused(world, ada, RemoveMethod(two)) is RefusalCode.NOT_FOUND
    await world.do(ada, remove_method, RemoveMethod(one))
    assert (await order(world, ada), await default_of(world, ada)) == ([], None)


async def test_a_method_that_was_removed_is_not_taken_for_one_that_can_be_charged(world: World) -> None:
    """Its form is sent once more, as from a tab that was left open, while the provider has not forgotten it yet."""
    ada = await world.customer()
    one, two = [await world.card(ada) for _ in range(2)]
    (gone,) = await payment_methods(world.house.db.primary, ada.id, [two])
    await world.do(ada, remove_method, RemoveMethod(two))
    again = StoreMethod(gone.provider_account, "tok_visa", gone.provider_ref, gone.kind, gone.brand, gone.last4)
    with pytest.raises(Refused) as error:
        await world.do(ada, store_method, again)
    assert error.value.code is RefusalCode.PAYMENT_METHOD_REFUSED
    assert (await order(world, ada), await default_of(world, ada)) == ([one], one)


async def test_the_last_method_stays_while_something_is_owed(world: World) -> None:
    ada = await buyer(world, "tok_lost_card")
    await start(world, ada)
    (last,) = await order(world, ada)
    assert await refused(world, ada, RemoveMethod(last)) is RefusalCode.METHOD_NEEDED
    await world.card(ada, "tok_stolen_card")
    await world.do(ada, remove_method, RemoveMethod(last))
    assert len(await order(world, ada)) == 1


async def test_a_method_stays_while_a_payment_on_it_may_still_succeed(world: World) -> None:
    ada = await buyer(world)
    held = await world.card(ada, "tok_bank_held")
    await start(world, ada)
    assert await refused(world, ada, RemoveMethod(held)) is RefusalCode.PAYMENT_IN_PROGRESS


async def test_of_two_methods_that_are_removed_at_once_one_stays_for_what_is_owed(world: World) -> None:
    ada = await buyer(world, "tok_lost_card")
    await start(world, ada)
    await world.card(ada, "tok_stolen_card")
    tries = (
        perform(world.house.db, remove_method, ada.actor, ada.id, RemoveMethod(method), fresh("remove"))
        for method in await order(world, ada)
    )
    done = await asyncio.gather(*tries, return_exceptions=True)
    await do_now(world.house, ada.id)
    codes = [each.code for each in done if isinstance(each, Refused)]
    assert codes == [RefusalCode.METHOD_NEEDED]
    assert len(await order(world, ada)) == 1


async def test_a_method_goes_while_another_is_being_charged_and_not_while_it_is_itself(world: World) -> None:
    ada = await world.customer()
    idle, charged = await world.card(ada), await world.card(ada, "tok_bank_held")
    await start(world, ada)
    assert await refused(world, ada, RemoveMethod(charged)) is RefusalCode.PAYMENT_IN_PROGRESS
    await world.do(ada, remove_method, RemoveMethod(idle))
    assert await order(world, ada) == [charged]
