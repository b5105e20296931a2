"""Coupons: who may redeem one, how often in all, what it is good for, and bad ones refused when they are saved."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.catalog.coupon import Duration, Scope
from domain.catalog.coupon_use import use_up
from domain.catalog.publish_coupon import EndCoupon, PublishCoupon, end_coupon, publish_coupon
from domain.catalog.redeem import RedeemCoupon, available, redeem_coupon
from domain.catalog.redemption import EndRedemption, end_redemption, redemptions
from domain.db import Tx
from domain.ids import CouponId, CouponRedemptionId, InvoiceId, SubscriptionId
from domain.money import Money
from domain.operation import OPERATIONS, operation
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from tests.catalog_kit import by_admin, half_off, new_plan, refusal_of
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, day, start, subscription_of
from tests.world import USD, Someone, World, fresh, make_world

MANY, LIMIT = 200, 50  # redemptions at once, and how many of them may succeed


async def redeem(
    world: World, of: Someone, code: str, subscription: SubscriptionId | None = None
) -> CouponRedemptionId:
    """The customer redeems it."""
    return (await world.do(of, redeem_coupon, RedeemCoupon(code, subscription))).outcome.redemption


async def refused_to(
    world: World, of: Someone, code: str, subscription: SubscriptionId | None = None
) -> tuple[RefusalCode, tuple[str, ...]]:
    """Why the customer may not."""
    with pytest.raises(Refused) as refused:
        await redeem(world, of, code, subscription)
    return refused.value.code, refused.value.path


async def counted(world: World, id: CouponId) -> dict[bool, int]:
    """How often it was redeemed, for sandboxes and for real."""
    rows = await world.house.db.primary.fetch(
        "SELECT sandbox, redeemed FROM coupon_counter WHERE shard_key = $1 AND coupon_id = $2",
        world.tenant.live_house.shard,
        id.uuid,
    )
    return {row["sandbox"]: row["redeemed"] for row in rows}


async def published(world: World, command: PublishCoupon) -> CouponId:
    """The coupon."""
    return (await by_admin(world, publish_coupon, command)).coupon


@pytest.mark.row("I14")
async def test_a_coupon_is_redeemed_as_often_as_it_may_be_by_however_many_at_once(house: House) -> None:
    world = await make_world(house, shard_keys=4)
    command = half_off(max_redemptions=LIMIT)
    coupon = await published(world, command)
    crowd = [await world.customer() for _ in range(MANY)]
    assert len({each.id.shard for each in crowd}) > 1

    async def try_it(each: Someone) -> RefusalCode | None:
        key = fresh("redeem")
        while True:
            try:
                await perform(house.db, redeem_coupon, each.actor, each.id, RedeemCoupon(command.code, None), key)
            except Refused as refused:
                if not refused.retryable:
                    return refused.code
            else:
                return None

    answers = await asyncio.gather(*map(try_it, crowd))
    assert answers.count(None) == LIMIT
    assert answers.count(RefusalCode.COUPON_USED_UP) == MANY - LIMIT
    held = [len(await redemptions(house.db.primary, each.id)) for each in crowd]
    assert [count for count in held if count] == [1] * LIMIT
    assert await counted(world, coupon) == {True: LIMIT, False: 0}


async def test_sandbox_customers_take_nothing_from_those_who_are_billed(world: World) -> None:
    command = half_off(max_redemptions=1)
    coupon = await published(world, command)
    tester, payer = await world.customer(), await world.customer(clock_at=None)
    await redeem(world, tester, command.code)
    await redeem(world, payer, command.code)
    assert await counted(world, coupon) == {True: 1, False: 1}
    assert await refused_to(world, await world.customer(), command.code) == (RefusalCode.COUPON_USED_UP, ("code",))


@pytest.mark.row("I14")
async def test_a_customer_redeems_a_coupon_once_whatever_the_key_and_however_it_is_spelled(world: World) -> None:
    command = half_off()
    coupon = await published(world, command)
    ada = await world.customer()
    key, asked = fresh("key"), RedeemCoupon(f" {command.code.lower()} ", None)
    first = await perform(world.house.db, redeem_coupon, ada.actor, ada.id, asked, key)
    again = await perform(world.house.db, redeem_coupon, ada.actor, ada.id, asked, key)
    assert (again.replayed, again.outcome) == (True, first.outcome)
    assert await refused_to(world, ada, command.code) == (RefusalCode.ALREADY_EXISTS, ("code",))
    assert await counted(world, coupon) == {True: 1, False: 0}


@pytest.mark.parametrize("point", ["perform.done", "perform.recorded"])
async def test_a_process_that_dies_while_it_redeems_has_counted_nothing(world: World, point: str) -> None:
    command = half_off(max_redemptions=1)
    coupon = await published(world, command)
    ada = await world.customer()
    async with killed_at(point):
        with pytest.raises(Killed):
            await redeem(world, ada, command.code)
    assert await counted(world, coupon) == {True: 0, False: 0}
    await redeem(world, ada, command.code)
    assert await counted(world, coupon) == {True: 1, False: 0}


async def test_a_coupon_expires_at_its_instant_in_the_customers_own_time(world: World) -> None:
    command = half_off(redeem_until=day(1, 1) + timedelta(seconds=1))
    await published(world, command)
    await redeem(world, await world.customer(), command.code)
    late = await world.customer(clock_at=day(1, 1) + timedelta(seconds=1))
    assert await refused_to(world, late, command.code) == (RefusalCode.COUPON_OVER, ("code",))


async def test_an_ended_coupon_is_for_nobody_new_and_stays_with_who_has_it(world: World) -> None:
    command = half_off()
    coupon = await published(world, command)
    ada = await world.customer()
    await redeem(world, ada, command.code)
    await by_admin(world, end_coupon, EndCoupon(coupon))
    assert await refused_to(world, await world.customer(), command.code) == (RefusalCode.COUPON_OVER, ("code",))
    assert len(await available(world.house.db.primary, ada.id, None, day(9, 1))) == 1
    assert await refusal_of(world, end_coupon, EndCoupon(coupon)) == (RefusalCode.STATE_CONFLICT, ("couponId",))
    nothing = EndCoupon(CouponId(world.tenant.tenant.uuid))
    assert await refusal_of(world, end_coupon, nothing) == (RefusalCode.NOT_FOUND, ("couponId",))


async def test_what_staff_takes_back_reduces_nothing_more_and_may_be_redeemed_again(world: World) -> None:
    command = half_off()
    await published(world, command)
    ada, eve = await world.customer(), await world.customer()
    id = await redeem(world, ada, command.code)
    support, db = world.staff(Grant.SUPPORT), world.house.db
    with pytest.raises(Refused) as refused:
        await perform(db, end_redemption, support, eve.id, EndRedemption(id), fresh("end"))
    assert refused.value.code is RefusalCode.NOT_FOUND
    with pytest.raises(Refused) as refused:
        await perform(db, end_redemption, ada.actor, ada.id, EndRedemption(id), fresh("end"))
    assert refused.value.code is RefusalCode.FORBIDDEN
    await perform(db, end_redemption, support, ada.id, EndRedemption(id), fresh("end"))
    assert await available(db.primary, ada.id, None, day(9, 1)) == []
    with pytest.raises(Refused) as refused:
        await perform(db, end_redemption, support, ada.id, EndRedemption(id), fresh("end"))
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    await redeem(world, ada, command.code)


@pytest.mark.row("I14")
async def test_a_coupon_for_one_subscription_is_the_first_ones_it_reduces(world: World) -> None:
    ada = await buyer(world)
    first, second = await start(world, ada), await start(world, ada, "team")
    command = half_off(scope=Scope.SUBSCRIPTION, duration=Duration.PERIODS, periods=2)
    await published(world, command)
    id = await redeem(world, ada, command.code)

    async def good_for() -> list[bool]:
        asked = (first.subscription, second.subscription, None)
        db = world.house.db.primary
        return [bool(await available(db, ada.id, each, day(9, 1))) for each in asked]

    assert await good_for() == [True, True, False]
    await _use(world, ada, id, second.subscription)
    assert await good_for() == [False, True, False]
    await _use(world, ada, id, second.subscription)
    assert await good_for() == [False, False, False]
    assert await refused_to(world, ada, command.code) == (RefusalCode.ALREADY_EXISTS, ("code",))


async def test_a_coupon_for_the_account_counts_the_periods_of_all_subscriptions(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    once, ever = half_off(duration=Duration.ONCE), half_off()
    for command in (once, ever):
        await published(world, command)
    ids = [await redeem(world, ada, command.code) for command in (once, ever)]
    db = world.house.db.primary
    found = await available(db, ada.id, begun.subscription, day(1, 1))
    assert [(each.redemption, each.recurring) for each in found] == [(ids[0], False), (ids[1], True)]
    for id in ids:
        await _use(world, ada, id, begun.subscription)
    assert [each.redemption for each in await available(db, ada.id, None, day(1, 1))] == [ids[1]]
    assert await available(db, ada.id, None, day(1, 1) - timedelta(seconds=1)) == []
    assert {each.periods_left for each in await redemptions(db, ada.id)} == {0, None}


@dataclass(frozen=True)
class Use:
    """An invoice of the subscription was finalized, and the redemption reduced it."""

    redemption: CouponRedemptionId
    subscription: SubscriptionId


async def _use(world: World, of: Someone, id: CouponRedemptionId, subscription: SubscriptionId) -> None:
    async def run(tx: Tx, command: Use) -> Use:
        await use_up(tx, [command.redemption], command.subscription, tx.new_id(InvoiceId))
        return command

    use = operation("test.use_up", allowed=frozenset({Grant.PORTAL}))(run)
    try:
        await world.do(of, use, Use(id, subscription))
    finally:
        del OPERATIONS[use.name]


async def test_a_coupon_is_refused_where_it_does_not_fit(world: World, house: House) -> None:
    ada, eve = await buyer(world), await buyer(world)
    begun, of_eve = await start(world, ada), await start(world, eve)
    plan, _ = await new_plan(world)
    other, shared = half_off(scope=Scope.SUBSCRIPTION, plans=(plan,)), half_off()
    dollars = half_off(percent_ppm=None, amount=Money(100, USD))
    for command in (other, shared, dollars):
        await published(world, command)
    not_found = (RefusalCode.NOT_FOUND, ("subscriptionId",))
    assert await refused_to(world, ada, "NO-SUCH-CODE") == (RefusalCode.NOT_FOUND, ("code",))
    assert await refused_to(world, ada, other.code, of_eve.subscription) == not_found
    misfit = (RefusalCode.STATE_CONFLICT, ("subscriptionId",))
    assert await refused_to(world, ada, other.code, begun.subscription) == misfit
    whole = (RefusalCode.INVALID_INPUT, ("subscriptionId",))
    assert await refused_to(world, ada, shared.code, begun.subscription) == whole
    assert await refused_to(world, ada, dollars.code) == (RefusalCode.CURRENCY_MISMATCH, ("code",))
    elsewhere = await make_world(house)
    assert await refused_to(elsewhere, await elsewhere.customer(), shared.code) == (RefusalCode.NOT_FOUND, ("code",))
    assert await redemptions(world.house.db.primary, ada.id) == []


async def test_a_coupon_of_its_plan_is_redeemed_for_a_subscription_to_it(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    command = half_off(scope=Scope.SUBSCRIPTION, plans=((await subscription_of(world, ada)).plan,))
    await published(world, command)
    await redeem(world, ada, command.code, begun.subscription)
    (held,) = await redemptions(world.house.db.primary, ada.id)
    assert (held.subscription, held.code, held.periods_left) == (begun.subscription, command.code, None)
