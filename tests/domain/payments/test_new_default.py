"""A method that becomes the default by a new order: what is owed is tried on it at once, unless that is pointless."""

import pytest

from domain.ids import PaymentMethodId
from domain.payments.order_methods import OrderMethods, order_methods
from tests.lives import attempts_at, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.world import Someone, World


async def owing(world: World, token: str) -> tuple[Someone, PaymentMethodId, PaymentMethodId]:
    """A customer whose renewal was declined on the default method; with an older method, which is good, behind it."""
    ada = await world.customer()
    good = await world.card(ada)
    await start(world, ada)
    bad = await world.card(ada, token)
    await until(world, ada, day(2, 2))
    return ada, good, bad


async def tried(world: World, of: Someone) -> list[PaymentMethodId | None]:
    """The methods on which the newest invoice was tried, in their order."""
    return [each.method for each in await attempts_at(world, of, (await invoices_of(world, of))[-1].id)]


@pytest.mark.row("D8")
async def test_what_is_owed_is_tried_at_once_on_a_method_that_is_put_in_front(world: World) -> None:
    ada, good, bad = await owing(world, "tok_stolen_card")
    assert (await subscription_of(world, ada)).state.name == "grace"
    await world.do(ada, order_methods, OrderMethods((good, bad)))
    assert await tried(world, ada) == [bad, good]
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B9")
async def test_an_order_that_changes_no_default_or_brings_a_stolen_card_in_front_charges_nothing(world: World) -> None:
    ada, good, bad = await owing(world, "tok_stolen_card")
    spare = await world.card(ada, "tok_insufficient_funds")
    assert await tried(world, ada) == [bad, spare]
    await world.do(ada, order_methods, OrderMethods((spare, good)))
    await world.do(ada, order_methods, OrderMethods((bad, spare)))
    assert await tried(world, ada) == [bad, spare]
