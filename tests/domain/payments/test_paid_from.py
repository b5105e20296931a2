"""What is given back of an invoice goes to what paid it, also where a change had taken it off an older one."""

import pytest

from domain.payments.payment import payments_of
from domain.reactions.house import House
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.policy import SubscriptionPolicy
from domain.subscriptions.policy import Unused as UnusedPolicy
from tests.domain.invoices.bills import credit, note
from tests.domain.payments.conftest import SideDoor
from tests.lives import buyer, day, invoices_of, start, until, wrong_rows
from tests.subscription_lives import cancel, rules, seats
from tests.tax_kit import publish_rate, register, vat
from tests.world import Someone, World, make_world


@pytest.fixture(scope="module")
async def shop(house: House) -> World:
    """A tenant that charges 19 % and gives unused time back to where it was paid from."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await register(own, "DE")
    await rules(own, SubscriptionPolicy(cancel_now=UnusedPolicy.REFUND))
    return own


async def grown(shop: World, *quantities: int) -> Someone:
    """A customer that bought two seats on 1 January, and some more at the beginning of each day from the 16th on."""
    ada = await buyer(shop)
    await start(shop, ada, quantity=2)
    for of_month, quantity in enumerate(quantities, 16):
        await until(shop, ada, day(1, of_month, 12))
        await seats(shop, ada, quantity)
    return ada


async def given_back(shop: World, of: Someone) -> list[int]:
    """How much of the payment of each invoice was given back, oldest first."""
    assert await wrong_rows(shop, of) == []
    db = shop.house.db.primary
    paid = [await payments_of(db, of.id, each.id) for each in await invoices_of(shop, of)]
    return [one.refunds_reserved.minor for (one,) in paid]


@pytest.mark.row("D13")
@pytest.mark.parametrize("quantities", [(3,), (3, 5), (3, 4, 8)], ids=len)
async def test_who_leaves_after_changes_has_all_of_the_unused_time_on_the_card(
    shop: World, provider: SideDoor, quantities: tuple[int, ...]
) -> None:
    ada = await grown(shop, *quantities)
    before = await provider.taken(ada)
    left = await cancel(shop, ada, CancelAt.NOW)
    assert left.given_back is not None
    assert await provider.taken(ada) == before - left.given_back.minor
    assert (sum(await given_back(shop, ada)), await credit(shop, ada)) == (left.given_back.minor, 0)
    assert (await given_back(shop, ada))[0] > 0


@pytest.mark.row("D13")
async def test_parts_that_are_given_back_one_after_the_other_never_exceed_what_was_taken_over(
    shop: World, provider: SideDoor
) -> None:
    ada = await grown(shop, 3)
    first, second = await invoices_of(shop, ada)
    own = second.total.minor
    await note(shop, ada, second.id, own, refund=own)
    assert await given_back(shop, ada) == [0, own]
    more = 100
    await note(shop, ada, second.id, more, refund=more)
    assert await given_back(shop, ada) == [more, own]
    assert await provider.taken(ada) == first.total.minor - more
