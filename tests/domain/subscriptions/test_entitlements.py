"""What a customer may use: by the state of its subscriptions, the highest of its plans, and exceptions with dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from domain.actor import Grant
from domain.catalog.end_exception import EndException, end_exception
from domain.catalog.entitlement import EntitlementException, GrantEntitlement, exceptions, grant_entitlement
from domain.catalog.feature import FeatureKind, PlanEntitlement
from domain.catalog.publish_version import PlanTerms
from domain.ids import EntitlementExceptionId, PlanId, PlanVersionId
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.entitlements import entitlements
from domain.subscriptions.lifecycle import ENTITLED, SUBSCRIPTION
from tests.catalog_kit import monthly, new_feature, new_plan, new_price, new_version
from tests.lives import buy, buyer, day, subscription_of, until
from tests.world import Someone, World, fresh, make_world


@dataclass
class Offer:
    """A plan with a switch and a limit, and its price."""

    plan: PlanId
    version: PlanVersionId
    price: Any
    switch: str
    limit: str


async def offer(world: World, seats: int, limit: str | None = None) -> Offer:
    """A plan of its own that allows so many."""
    switch = await new_feature(world, FeatureKind.SWITCH)
    limit = limit or await new_feature(world, FeatureKind.LIMIT)
    plan, version = await new_plan(world, terms_of(switch, limit, seats))
    return Offer(plan, version, await new_price(world, monthly(plan)), switch, limit)


def terms_of(switch: str, limit: str, seats: int) -> PlanTerms:
    """Terms with the switch on and so many."""
    return PlanTerms(entitlements=(PlanEntitlement(switch, 1), PlanEntitlement(limit, seats)))


async def usable(world: World, of: Someone, at: datetime) -> dict[str, int]:
    """What the customer may use, by feature."""
    found = await entitlements(world.house.db.primary, world.tenant.tenant, of.id, at)
    return {each.feature: each.value for each in found}


async def grant(world: World, of: Someone, command: GrantEntitlement) -> EntitlementExceptionId:
    """Support makes an exception."""
    done = await perform(
        world.house.db, grant_entitlement, world.staff(Grant.SUPPORT), of.id, command, fresh("grant")
    )  # fmt: skip
    return done.outcome.exception


@pytest.mark.row("D18")
@pytest.mark.row("A2")
async def test_access_lasts_through_retries_and_grace_and_ends_with_the_suspension(world: World) -> None:
    sold, ada = await offer(world, 5), await buyer(world)
    whole = {sold.switch: 1, sold.limit: 5}
    assert await usable(world, ada, day(1, 1)) == {}
    await buy(world, ada, sold.price)
    await world.card(ada, "tok_insufficient_funds")
    seen = {}
    for at in (day(1, 31), day(2, 3), day(2, 14), day(2, 16), day(3, 5)):
        await until(world, ada, at)
        seen[(await subscription_of(world, ada)).state.name] = await usable(world, ada, at)
    assert seen == {"active": whole, "past_due": whole, "suspended": {}, "canceled": {}}
    # and what was so then is still what was so then
    assert await usable(world, ada, day(2, 3)) == whole
    assert await usable(world, ada, day(2, 16)) == {}
    await world.card(ada)
    await buy(world, ada, sold.price)
    assert await usable(world, ada, day(3, 5)) == whole


@pytest.mark.row("D18")
async def test_whose_first_invoice_is_unpaid_has_no_access(world: World) -> None:
    sold, ada = await offer(world, 5), await buyer(world, "tok_insufficient_funds")
    await buy(world, ada, sold.price)
    assert await usable(world, ada, day(1, 1)) == {}


def test_every_state_gives_access_or_not_by_the_policy() -> None:
    states = set(SUBSCRIPTION.moves.values())
    off = {"incomplete", "incomplete_expired", "suspended", "paused", "canceled"}
    assert states <= ENTITLED | off
    assert not ENTITLED & off


@pytest.mark.row("I12")
async def test_the_highest_limit_of_all_subscriptions_holds_and_names_its_plan(world: World) -> None:
    small = await offer(world, 5)
    large, ada = await offer(world, 50, small.limit), await buyer(world)
    for price in (large.price, small.price):
        await buy(world, ada, price)
    found = await entitlements(world.house.db.primary, world.tenant.tenant, ada.id, day(1, 1))
    (limit,) = [each for each in found if each.feature == small.limit]
    assert (limit.value, limit.source, limit.kind) == (50, large.version, FeatureKind.LIMIT)
    assert {each.feature for each in found} == {small.switch, large.switch, small.limit}


@pytest.mark.row("I12")
async def test_a_customer_keeps_what_its_plan_version_allows_until_one_is_for_existing_customers(world: World) -> None:
    sold, ada = await offer(world, 5), await buyer(world)
    await buy(world, ada, sold.price)
    await new_version(world, sold.plan, day(1, 10), day(2, 15), terms_of(sold.switch, sold.limit, 3))
    await until(world, ada, day(2, 20))
    assert (await usable(world, ada, day(2, 20)))[sold.limit] == 5
    eve = await buyer(world, clock_at=day(2, 20))
    await buy(world, eve, sold.price)
    assert (await usable(world, eve, day(2, 20)))[sold.limit] == 3
    await until(world, ada, day(3, 2))
    assert (await usable(world, ada, day(3, 2)))[sold.limit] == 3


@pytest.mark.row("I12")
async def test_an_exception_holds_in_its_dates_whatever_the_plans_say(world: World) -> None:
    sold, ada = await offer(world, 5), await buyer(world)
    await buy(world, ada, sold.price)
    beta = await new_feature(world, FeatureKind.SWITCH)
    less = await grant(world, ada, GrantEntitlement(sold.limit, 2, day(1, 5), day(1, 10), "Abuse."))
    await grant(world, ada, GrantEntitlement(sold.switch, 0, day(1, 5), None, "Turned off at their wish."))
    await grant(world, ada, GrantEntitlement(beta, 1, None, day(1, 20), "Tries the beta."))
    await grant(world, ada, GrantEntitlement(sold.limit, 9, day(1, 7), day(1, 8), "A busy day."))
    plan = {sold.switch: 1, sold.limit: 5, beta: 1}
    assert await usable(world, ada, day(1, 4)) == plan
    assert await usable(world, ada, day(1, 5)) == {**plan, sold.limit: 2, sold.switch: 0}
    assert (await usable(world, ada, day(1, 7)))[sold.limit] == 9
    assert (await usable(world, ada, day(1, 8)))[sold.limit] == 2
    assert await usable(world, ada, day(1, 20)) == {sold.switch: 0, sold.limit: 5}
    found = await entitlements(world.house.db.primary, world.tenant.tenant, ada.id, day(1, 6))
    assert [each.source for each in found if each.feature == sold.limit] == [less]
    made = await exceptions(world.house.db.primary, ada.id)
    assert (made[0].feature, made[0].reason) == (beta, "Tries the beta.")


async def test_an_exception_that_cannot_be_is_refused_and_leaves_nothing(world: World, house: House) -> None:
    sold, ada, elsewhere = await offer(world, 5), await world.customer(), await make_world(house)
    foreign = await new_feature(elsewhere, FeatureKind.SWITCH)
    good = GrantEntitlement(sold.limit, 1, None, None, "Because.")
    cases: Sequence[tuple[GrantEntitlement, RefusalCode, str]] = [
        (GrantEntitlement(foreign, 1, None, None, "No."), RefusalCode.NOT_FOUND, "feature"),
        (GrantEntitlement(sold.switch, 2, None, None, "No."), RefusalCode.INVALID_INPUT, "value"),
        (GrantEntitlement(sold.limit, -1, None, None, "No."), RefusalCode.INVALID_INPUT, "value"),
        (GrantEntitlement(sold.limit, 1, day(12, 31, year=2026), None, "No."), RefusalCode.INVALID_INPUT, "startsAt"),
        (GrantEntitlement(sold.limit, 1, day(2, 1), day(2, 1), "No."), RefusalCode.INVALID_INPUT, "endsAt"),
        (GrantEntitlement(sold.limit, 1, None, day(1, 1), "No."), RefusalCode.INVALID_INPUT, "endsAt"),
        (GrantEntitlement(sold.limit, 1, None, None, " "), RefusalCode.INVALID_INPUT, "reason"),
    ]
    for command, code, part in cases:
        with pytest.raises(Refused) as refused:
            await grant(world, ada, command)
        assert (refused.value.code, refused.value.path) == (code, (part,))
    for actor, owner, code in (
        (ada.actor, ada.id, RefusalCode.FORBIDDEN),
        (elsewhere.staff(Grant.ADMIN), ada.id, RefusalCode.NOT_FOUND),
        (world.staff(Grant.ADMIN), world.tenant.live_house, RefusalCode.NOT_FOUND),
    ):
        with pytest.raises(Refused) as refused:
            await perform(world.house.db, grant_entitlement, actor, owner, good, fresh("grant"))
        assert refused.value.code is code
    assert await exceptions(world.house.db.primary, ada.id) == []


def test_an_exception_ends_at_its_instant() -> None:
    held = EntitlementException(
        EntitlementExceptionId(1, PlanId.parse("plan_" + "0" * 26).uuid), "x", FeatureKind.SWITCH, 1, day(1, 1),
        day(2, 1), "Why.",
    )  # fmt: skip
    assert [held.holds_at(at) for at in (day(1, 1), day(1, 31), day(2, 1))] == [True, True, False]


async def end(world: World, of: Someone, id: EntitlementExceptionId, ends_at: datetime | None = None) -> datetime:
    """Support ends an exception."""
    command, actor = EndException(id, ends_at), world.staff(Grant.SUPPORT)
    return (await perform(world.house.db, end_exception, actor, of.id, command, fresh("end"))).outcome.ends_at


@pytest.mark.row("I12")
async def test_an_exception_that_is_ended_early_holds_until_then_and_not_a_second_longer(world: World) -> None:
    sold, ada = await offer(world, 5), await buyer(world)
    await buy(world, ada, sold.price)
    id = await grant(world, ada, GrantEntitlement(sold.limit, 9, day(1, 5), day(1, 20), "A busy time."))
    await until(world, ada, day(1, 10))
    assert await end(world, ada, id, day(1, 15)) == day(1, 15)
    assert await end(world, ada, id) == day(1, 10)  # and now at once
    seen = [(await usable(world, ada, at))[sold.limit] for at in (day(1, 4), day(1, 9, 23), day(1, 10), day(1, 16))]
    assert seen == [5, 9, 5, 5]
    with pytest.raises(Refused) as refused:
        await end(world, ada, id)
    assert (refused.value.code, refused.value.path) == (RefusalCode.STATE_CONFLICT, ("exceptionId",))


async def test_an_exception_that_is_taken_back_before_it_begins_never_holds(world: World) -> None:
    sold, ada = await offer(world, 5), await buyer(world)
    await buy(world, ada, sold.price)
    id = await grant(world, ada, GrantEntitlement(sold.limit, 9, day(1, 5), None, "A mistake."))
    assert await end(world, ada, id) == day(1, 5)
    assert [(await usable(world, ada, at))[sold.limit] for at in (day(1, 5), day(1, 6))] == [5, 5]


async def test_an_end_of_an_exception_that_cannot_be_is_refused(world: World) -> None:
    sold, ada, eve = await offer(world, 5), await buyer(world), await buyer(world)
    id = await grant(world, ada, GrantEntitlement(sold.limit, 9, None, day(1, 20), "A busy time."))
    await until(world, ada, day(1, 10))
    for of, at, code in (
        (ada, day(1, 9), RefusalCode.INVALID_INPUT),
        (ada, day(1, 20), RefusalCode.INVALID_INPUT),
        (ada, day(1, 21), RefusalCode.INVALID_INPUT),
        (eve, None, RefusalCode.NOT_FOUND),
    ):
        with pytest.raises(Refused) as refused:
            await end(world, of, id, at)
        assert refused.value.code is code
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, end_exception, ada.actor, ada.id, EndException(id, None), fresh("end"))
    assert refused.value.code is RefusalCode.FORBIDDEN
    (stands,) = await exceptions(world.house.db.primary, ada.id)
    assert stands.ends_at == day(1, 20)
