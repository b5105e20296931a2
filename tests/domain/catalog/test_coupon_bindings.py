"""A coupon for one subscription is that of the first whose period it reduces, while an invoice of that stands."""

import pytest

from domain.catalog.coupon import Duration, Scope
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import redemptions
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.catalog_kit import by_admin, half_off
from tests.domain.catalog.coupon_lives import PERIODS, held, holding, left, owing, void
from tests.domain.invoices.bills import eur
from tests.lives import buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.world import World


async def test_a_coupon_that_a_subscription_took_with_an_unpaid_first_invoice_is_for_the_next_one(world: World) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    coupon = half_off(duration=Duration.ONCE, scope=Scope.SUBSCRIPTION)
    await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    taken = await start(world, ada)
    assert (await held(world, ada)).subscription == taken.subscription
    await until(world, ada, day(1, 3))  # it was never paid for
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (None, 1)
    await world.card(ada)
    assert (await start(world, ada, "team")).total == eur(1000)


async def test_who_gives_up_one_of_two_unpaid_purchases_has_its_coupon_back_and_the_other_stands(world: World) -> None:
    ada, begun = await buyer(world, "tok_insufficient_funds"), []
    for plan in ("starter", "team"):
        coupon = half_off(duration=Duration.ONCE, scope=Scope.SUBSCRIPTION)
        await by_admin(world, publish_coupon, coupon)
        await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
        begun.append(await start(world, ada, plan))
    for given_up in (0, 1):
        await world.do(ada, cancel_subscription, CancelSubscription(begun[given_up].subscription, CancelAt.NOW))
        state = [(each.subscription, each.periods_left) for each in await redemptions(world.house.db.primary, ada.id)]
        bound = [(each.subscription, 0) for each in begun[given_up + 1 :]]
        assert sorted(state, key=str) == sorted([*[(None, 1)] * (given_up + 1), *bound], key=str)
        states = [each.state.name for each in await invoices_of(world, ada)]
        assert states == ["void"] * (given_up + 1) + ["open"] * (1 - given_up)
    assert await wrong_rows(world, ada) == []


async def test_what_a_coupon_was_redeemed_for_stays_bound_to_it_when_an_invoice_is_void(world: World) -> None:
    ada, _, renewal = await owing(world, scope=Scope.SUBSCRIPTION)
    bound, another = (await held(world, ada)).subscription, half_off(duration=Duration.ONCE, scope=Scope.SUBSCRIPTION)
    await by_admin(world, publish_coupon, another)
    await world.do(ada, redeem_coupon, RedeemCoupon(another.code, bound))
    await void(world, ada, renewal)
    found = await redemptions(world.house.db.primary, ada.id)
    assert bound is not None and [each.subscription for each in found] == [bound, bound]


@pytest.mark.row("I14")
async def test_what_bound_a_coupon_lets_it_go_once_nothing_stands_that_used_it(world: World) -> None:
    """The invoices are on account, so that a second one comes while the first is not paid."""
    for earlier_first in (True, False):
        ada = await buyer(world)
        await by_finance(world, ada, set_billing_terms, SetBillingTerms(60, None))
        coupon = half_off(duration=Duration.PERIODS, periods=PERIODS, scope=Scope.SUBSCRIPTION)
        await by_admin(world, publish_coupon, coupon)
        await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
        bound = (await start(world, ada)).subscription
        await until(world, ada, day(2, 1, 3))
        first, second = await invoices_of(world, ada)
        assert (first.total, second.total, await left(world, ada)) == (eur(500), eur(500), 0)
        await void(world, ada, first.id if earlier_first else second.id)
        assert ((await held(world, ada)).subscription, await left(world, ada)) == (bound, 1)
        await void(world, ada, second.id if earlier_first else first.id)
        assert ((await held(world, ada)).subscription, await left(world, ada)) == (None, PERIODS)


async def test_what_is_left_of_a_coupon_is_bound_by_a_part_of_a_period_until_that_is_void_too(world: World) -> None:
    """A change reduced by it does not use it up, and is still a reduction that stands."""
    ada = await buyer(world)
    begun = await start(world, ada)
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(60, None))
    await until(world, ada, day(1, 11))
    await holding(world, ada, percent_ppm=200_000, duration=Duration.PERIODS, periods=PERIODS, scope=Scope.SUBSCRIPTION)
    await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (None, PERIODS)
    await until(world, ada, day(2, 1, 3))
    _, change, renewal = await invoices_of(world, ada)
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (begun.subscription, PERIODS - 1)
    await void(world, ada, renewal.id)
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (begun.subscription, PERIODS)
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    await void(world, ada, change.id)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "void", "void"]
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (None, PERIODS)


@pytest.mark.row("I14")
async def test_a_coupon_leaves_a_purchase_that_failed_though_it_had_reduced_a_part_of_anothers_period(
    world: World,
) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11))
    await holding(world, ada, duration=Duration.PERIODS, periods=PERIODS, scope=Scope.SUBSCRIPTION)
    await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
    await world.card(ada, "tok_insufficient_funds")
    tried = await start(world, ada)
    assert (tried.total, (await held(world, ada)).subscription) == (eur(500), tried.subscription)
    await world.do(ada, cancel_subscription, CancelSubscription(tried.subscription, CancelAt.NOW))
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (None, PERIODS)
    await world.card(ada)
    await until(world, ada, day(2, 1, 3))
    assert (await invoices_of(world, ada))[-1].total == eur(1000), "half of what the other one is a month"
    assert await wrong_rows(world, ada) == []


async def test_a_coupon_that_was_redeemed_for_a_subscription_stays_its_own_when_nothing_stands_that_it_reduced(
    world: World,
) -> None:
    ada = await buyer(world)
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(60, None))
    begun = (await start(world, ada)).subscription
    coupon = half_off(duration=Duration.ONCE, scope=Scope.SUBSCRIPTION)
    await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, begun))
    await until(world, ada, day(2, 1, 3))
    reduced = (await invoices_of(world, ada))[-1]
    assert (reduced.total, await left(world, ada)) == (eur(500), 0)
    await void(world, ada, reduced.id)
    assert ((await held(world, ada)).subscription, await left(world, ada)) == (begun, 1)
    assert (await start(world, ada, "team")).total == eur(2000)
