"""A tenant's dunning policy: saved as one timeline, refused where its parts contradict each other."""

from collections.abc import AsyncIterator

import pytest

from domain.actor import Grant
from domain.dunning.case import cases
from domain.dunning.policy import Policy, policy
from domain.dunning.save_policy import MAX_DAY, MAX_RETRIES, SaveDunningPolicy, save_dunning_policy
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from tests.catalog_kit import by_admin, refusal_of
from tests.lives import buyer, day, start, subscription_of, until
from tests.world import World, fresh, make_world


@pytest.fixture
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose policy no other test follows."""
    yield await make_world(house)


@pytest.mark.row("D10")
async def test_new_cases_follow_the_saved_timeline_and_open_ones_keep_theirs(shop: World) -> None:
    ada, eve = await buyer(shop), await buyer(shop)
    await start(shop, ada)
    await start(shop, eve)
    await shop.card(ada, "tok_insufficient_funds")
    await until(shop, ada, day(2, 3))
    await by_admin(shop, save_dunning_policy, SaveDunningPolicy((1, 3), 5, 6))
    await shop.card(eve, "tok_insufficient_funds")
    await until(shop, eve, day(2, 17))  # in Germany access ends after 14 days at the earliest, and day 6 with it
    await until(shop, ada, day(2, 17))
    assert [(await subscription_of(shop, each)).state.name for each in (ada, eve)] == ["suspended", "canceled"]
    (kept,), (new,) = [await cases(shop.house.db.primary, each.id) for each in (ada, eve)]
    assert (kept.retry_days, new.retry_days) == ((2, 5, 9, 14), (1, 3))
    assert (await policy(shop.house.db.primary, shop.tenant.tenant)) == Policy((1, 3), 5, 6)


@pytest.mark.row("D10")
@pytest.mark.parametrize(
    ("days", "suspend", "give_up", "part"),
    [
        ((), 5, 6, "retryDays"),
        (tuple(range(1, MAX_RETRIES + 2)), 50, 60, "retryDays"),
        ((0, 3), 5, 6, "retryDays"),
        ((3, 3), 5, 6, "retryDays"),
        ((5, 3), 9, 10, "retryDays"),
        ((2, 5, 9, 14), 13, 30, "suspendDay"),
        ((2,), -1, 30, "suspendDay"),
        ((2, 5), 14, 14, "giveUpDay"),
        ((2, 5), 14, 3, "giveUpDay"),
        ((2, 5), 14, MAX_DAY + 1, "giveUpDay"),
    ],
)
async def test_a_timeline_that_contradicts_itself_is_refused(
    shop: World, days: tuple[int, ...], suspend: int, give_up: int, part: str
) -> None:
    command = SaveDunningPolicy(days, suspend, give_up)
    assert await refusal_of(shop, save_dunning_policy, command) == (RefusalCode.INVALID_INPUT, (part,))
    assert (await policy(shop.house.db.primary, shop.tenant.tenant)) == Policy((2, 5, 9, 14), 14, 30)


async def test_a_policy_is_saved_by_admins_for_their_own_tenant(shop: World, world: World) -> None:
    command, home = SaveDunningPolicy((1,), 2, 3), shop.tenant.live_house
    for actor in (shop.staff(Grant.FINANCE), world.staff(Grant.ADMIN)):
        with pytest.raises(Refused):
            await perform(shop.house.db, save_dunning_policy, actor, home, command, fresh("policy"))
    assert (await policy(shop.house.db.primary, shop.tenant.tenant)) == Policy((2, 5, 9, 14), 14, 30)
