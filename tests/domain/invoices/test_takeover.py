"""What a change takes over of an older invoice, and what takes nothing over."""

from uuid import UUID

import pytest

from domain.ids import InvoiceId
from domain.invoices.takeover import Takeover, related, takeovers
from domain.payments.settle_payment import News
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.reactions.house import House
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.domain.corrections.correction_kit import corrected, german_shop, rate_is
from tests.domain.invoices.bills import eur, notes
from tests.lives import buyer, by_finance, day, invoices_of, start, tell, until
from tests.subscription_lives import seats
from tests.world import Someone, World


async def of(world: World, who: Someone) -> list[tuple[int, int, int]]:
    """Of each takeover the places of the newer and the older invoice in their order, and how much it was."""
    places = {each.id: place for place, each in enumerate(await invoices_of(world, who), 1)}
    found = await takeovers(world.house.db.primary, who.id)
    return [(places[each.newer], places[each.older], each.worth.minor) for each in found]


@pytest.mark.row("D6")
async def test_each_change_takes_over_what_was_left_of_the_charge_before(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada, quantity=2)
    for of_month, quantity in ((16, 4), (24, 6)):
        await until(world, ada, day(1, of_month, 12))
        await seats(world, ada, quantity)
    await until(world, ada, day(2, 2))
    assert await of(world, ada) == [(2, 1, 1000), (3, 2, 968)]
    first, second, third, renewed = (each.id for each in await invoices_of(world, ada))
    known = await takeovers(world.house.db.primary, ada.id)
    assert {tuple(related(each, known)) for each in (first, second, third)} == {(first, second, third)}
    assert related(renewed, known) == [renewed]


def test_what_two_took_over_of_comes_before_both_and_what_took_over_of_both_after_them() -> None:
    a, b, c, d = (InvoiceId(1, UUID(int=each)) for each in (4, 3, 2, 1))
    known = [Takeover(newer, older, eur(1)) for newer, older in ((d, c), (d, b), (c, a), (b, a))]
    for each in (a, b, c, d):
        first, *between, last = related(each, known)
        assert (first, set(between), last) == (a, {b, c}, d)


@pytest.mark.row("D6")
async def test_a_change_that_nobody_paid_has_taken_nothing_over(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(1, 16, 12))
    await seats(world, ada, 2)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "void"]
    assert await of(world, ada) == []


@pytest.mark.row("D6")
async def test_a_change_that_was_paid_too_late_has_given_back_what_it_took_over(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    change = ChangePlan(begun.subscription, world.prices["team"])
    payment = (await world.do(ada, change_plan, change)).outcome.payment
    assert len(await of(world, ada)) == 1
    await until(world, ada, day(4, 10))
    await tell(world, ada, payment, News.CAPTURED)
    assert await of(world, ada) == []
    (given,) = await notes(world, ada, (await invoices_of(world, ada))[1].id)
    await by_finance(world, ada, void_credit_note, VoidCreditNote(given.id))
    assert len(await of(world, ada)) == 1


@pytest.mark.row("E6")
async def test_a_correction_of_tax_takes_nothing_over(house: House) -> None:
    shop = await german_shop(house)
    ada = await buyer(shop)
    await start(shop, ada)
    await rate_is(shop, 210_000)
    (billed,) = await invoices_of(shop, ada)
    assert (await corrected(shop, ada, billed.id)).gross == eur(20)
    assert len(await invoices_of(shop, ada)) == 2
    assert await of(shop, ada) == []
