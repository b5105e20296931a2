"""Access is at every instant of a life what it was seen to be then, whatever the policies and plans say since."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from domain.actor import Grant
from domain.catalog.entitlement import GrantEntitlement, grant_entitlement
from domain.catalog.feature import FeatureKind, PlanEntitlement
from domain.catalog.plan import TrialEnd
from domain.catalog.publish_version import PlanTerms
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import House
from domain.subscriptions.cancel import CancelAt, ReactivateSubscription, reactivate_subscription
from domain.subscriptions.entitlements import entitlements
from domain.subscriptions.pause import (
    PauseSubscription,
    ResumeSubscription,
    pause_subscription,
    resume_subscription,
)
from domain.subscriptions.policy import PauseAccess, SubscriptionPolicy
from domain.timeline.subscription_as_of import subscription_as_of
from tests.catalog_kit import monthly, new_feature, new_plan, new_price, new_version
from tests.lives import buy, buyer, day, is_entitled, start, subscription_of, tell, until
from tests.subscription_lives import cancel, rules, seats, switch
from tests.world import Someone, World, fresh, make_world

Deed = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Seen:
    """What was seen of the newest subscription, and of what the customer may use."""

    state: str
    terms: tuple[object, ...]
    entitled: bool
    usable: dict[str, int]


async def grant(world: World, of: Someone, command: GrantEntitlement) -> None:
    """Support makes an exception."""
    await perform(world.house.db, grant_entitlement, world.staff(Grant.SUPPORT), of.id, command, fresh("grant"))


async def usable(world: World, of: Someone, at: datetime) -> dict[str, int]:
    """What the customer may use, by feature."""
    found = await entitlements(world.house.db.primary, world.tenant.tenant, of.id, at)
    return {each.feature: each.value for each in found}


async def seen(world: World, of: Someone, at: datetime) -> Seen:
    """The live answers; access as the subscription's own row says it."""
    now = await subscription_of(world, of)
    terms = (now.plan, now.plan_version, now.price, now.quantity, now.unit_amount)
    return Seen(now.state.name, terms, await is_entitled(world, of), await usable(world, of, at))


async def told(world: World, of: Someone, at: datetime) -> Seen:
    """The same, asked afterwards."""
    then = await subscription_as_of(world.house.db.primary, await subscription_of(world, of), at)
    assert then is not None
    on = then.terms
    terms = (on.plan, on.plan_version, on.price, on.quantity, on.unit_amount)
    return Seen(then.state, terms, then.entitled, await usable(world, of, at))


async def live(world: World, of: Someone, last: datetime, deeds: dict[datetime, Deed], step: timedelta) -> set[str]:
    """Goes from day to day and looks, then asks for each of these days again; the states that were met."""
    album: dict[datetime, Seen] = {}
    at = day(1, 1, 12)
    while at < last:
        await until(world, of, at)
        for due in [each for each in deeds if each <= at]:
            await deeds.pop(due)()
        album[at] = await seen(world, of, at)
        at += step
    assert not deeds
    for at, was in album.items():
        assert await told(world, of, at) == was, at
    return {each.state for each in album.values()}


@pytest.fixture(scope="module")
async def own(house: House) -> World:
    """A tenant whose policies may change."""
    return await make_world(house)


@pytest.mark.row("D16")
@pytest.mark.row("D18")
@pytest.mark.row("H7")
async def test_access_is_told_as_it_was_seen_in_every_state_of_a_life(own: World) -> None:
    world, ada = own, await buyer(own)
    switch_on, limit = await new_feature(world, FeatureKind.SWITCH), await new_feature(world, FeatureKind.LIMIT)
    given = (PlanEntitlement(switch_on, 1), PlanEntitlement(limit, 5))
    plan, _ = await new_plan(world, PlanTerms(trial_days=14, trial_end=TrialEnd.CANCEL, entitlements=given))
    sold = await buy(world, ada, await new_price(world, monthly(plan)))
    less = PlanTerms(trial_days=14, trial_end=TrialEnd.CANCEL, entitlements=(PlanEntitlement(limit, 3),))
    access = SubscriptionPolicy(pause_access=PauseAccess.PAID)
    await rules(world, access)
    deeds: dict[datetime, Deed] = {
        day(1, 6): lambda: grant(world, ada, GrantEntitlement(limit, 9, day(1, 9), day(1, 13), "A busy week.")),
        day(1, 20): lambda: world.card(ada, "tok_insufficient_funds"),
        day(2, 20): lambda: world.card(ada, "tok_stolen_card"),  # declined for good: nothing is tried any more
        day(3, 6): lambda: world.card(ada, "tok_visa"),  # back from the suspension
        day(3, 8): lambda: new_version(world, plan, day(3, 9), day(4, 10), less),
        day(3, 10): lambda: world.do(ada, pause_subscription, PauseSubscription(sold.subscription, None)),
        day(3, 12): lambda: rules(world, SubscriptionPolicy(pause_access=PauseAccess.FULL)),
        day(4, 1): lambda: world.do(ada, resume_subscription, ResumeSubscription(sold.subscription)),
        day(4, 8): lambda: world.do(ada, pause_subscription, PauseSubscription(sold.subscription, day(4, 20))),
        day(4, 10): lambda: rules(world, SubscriptionPolicy(pause_access=PauseAccess.NONE)),
        day(5, 4): lambda: cancel(world, ada, CancelAt.PERIOD_END),
        day(5, 8): lambda: world.do(ada, reactivate_subscription, ReactivateSubscription(sold.subscription)),
        day(5, 12): lambda: cancel(world, ada, CancelAt.PERIOD_END),
    }
    met = await live(world, ada, day(6, 20), deeds, timedelta(days=1))
    assert met == {
        "trialing", "active", "past_due", "grace", "suspended", "paused", "pending_cancellation", "canceled",
    }  # fmt: skip


@pytest.mark.row("D18")
async def test_terms_are_told_as_they_were_seen_while_a_change_waited_for_its_payment(own: World) -> None:
    ada = await buyer(own)
    await start(own, ada)
    deeds: dict[datetime, Deed] = {
        day(1, 5): lambda: seats(own, ada, 3),
        day(1, 11): lambda: switch(own, ada, own.prices["team"]),
        day(1, 15): lambda: switch(own, ada, own.prices["starter"]),  # with the next period
    }
    assert await live(own, ada, day(2, 8), deeds, timedelta(days=3)) == {"active"}


async def test_who_never_paid_never_had_access(own: World) -> None:
    ada = await buyer(own, "tok_insufficient_funds")
    await start(own, ada)
    met = await live(own, ada, day(1, 3), {}, timedelta(hours=8))
    assert met == {"incomplete", "incomplete_expired"}


async def test_a_change_holds_for_nobody_before_it_is_paid(own: World) -> None:
    ada = await buyer(own)
    await start(own, ada)
    await until(own, ada, day(1, 10))
    await own.card(ada, "tok_bank_held")
    waiting = await switch(own, ada, own.prices["team"])
    await until(own, ada, day(1, 10, 4))
    before = await seen(own, ada, day(1, 10, 4))
    await tell(own, ada, waiting.payment, News.CAPTURED)
    after = await seen(own, ada, day(1, 10, 4))
    assert before.terms != after.terms
    assert (await told(own, ada, day(1, 10, 3))).terms == before.terms
    assert await told(own, ada, day(1, 10, 4)) == after
