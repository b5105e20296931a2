"""A period of a coupon that an invoice used up comes back once when that is void, and never by a credit note."""

import asyncio

import pytest

from domain.actor import Grant
from domain.catalog.coupon import Duration, Scope
from domain.catalog.publish_coupon import EndCoupon, end_coupon, publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import EndRedemption, Redemption, end_redemption, redemptions
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import CouponId, InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.edit_draft import AddInvoiceLine, add_invoice_line
from domain.invoices.line import lines_of
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.catalog_kit import by_admin, half_off, new_plan
from tests.domain.invoices.bills import SETUP, draft, eur, issue, note, now
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.world import Someone, World, fresh

PERIODS = 2  # the first month and the second


async def owing(world: World, **changed: object) -> tuple[Someone, CouponId, InvoiceId]:
    """A customer whose discounted renewal of February was declined; by then the coupon of two periods is used up."""
    ada, coupon = await buyer(world), half_off(**{"duration": Duration.PERIODS, "periods": PERIODS, **changed})
    id = (await by_admin(world, publish_coupon, coupon)).coupon
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 3))
    _, renewal = await invoices_of(world, ada)
    assert (renewal.state.name, renewal.total, await left(world, ada)) == ("open", eur(500), 0)
    return ada, id, renewal.id


async def held(world: World, of: Someone) -> Redemption:
    """The customer's redemption."""
    (found,) = await redemptions(world.house.db.primary, of.id)
    return found


async def left(world: World, of: Someone) -> int | None:
    """How many periods it is still good for."""
    return (await held(world, of)).periods_left


async def void(world: World, of: Someone, id: InvoiceId, key: str | None = None, *, replace: bool = False) -> None:
    """Staff voids it."""
    command, actor = VoidInvoice(id, "It was wrong.", replace), world.staff(Grant.LEAD)
    await perform(world.house.db, void_invoice, actor, of.id, command, key or fresh("void"))
    await do_now(world.house, of.id)


@pytest.mark.row("I14")
async def test_a_period_that_a_void_invoice_used_up_reduces_the_next_one(world: World) -> None:
    ada, _, renewal = await owing(world)
    await void(world, ada, renewal)
    assert await left(world, ada) == 1
    await world.card(ada)
    await until(world, ada, day(4, 1, 3))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [500, 500, 500, 1000]
    assert await wrong_rows(world, ada) == []


async def test_the_invoice_that_replaces_a_void_one_uses_its_period_again(world: World) -> None:
    ada, _, renewal = await owing(world)
    await void(world, ada, renewal, replace=True)
    assert await left(world, ada) == 1
    row = await world.house.db.primary.fetchval(
        "SELECT replacement_id FROM invoice_replacement WHERE shard_key = $1 AND invoice_id = $2",
        ada.id.shard,
        renewal.uuid,
    )
    issued = await issue(world, ada, InvoiceId(ada.id.shard, row))
    assert (issued.total, await left(world, ada)) == (eur(500), 0)


async def test_two_who_void_at_once_give_one_period_back(world: World) -> None:
    ada, _, renewal = await owing(world)
    answers = await asyncio.gather(*(void(world, ada, renewal) for _ in range(5)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refused)]
    assert {each.code for each in refused} == {RefusalCode.STATE_CONFLICT}
    assert (len(refused), await left(world, ada)) == (4, 1)


@pytest.mark.parametrize("point", ["perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_while_it_voids_gives_the_period_back_once(world: World, point: str) -> None:
    ada, _, renewal = await owing(world)
    key = fresh("void")
    async with killed_at(point):
        with pytest.raises(Killed):
            await void(world, ada, renewal, key)
    assert await left(world, ada) == (1 if point == "perform.committed" else 0)
    await void(world, ada, renewal, key)
    assert await left(world, ada) == 1


async def test_a_coupon_that_was_ended_meanwhile_is_as_good_as_before_for_who_had_redeemed_it(world: World) -> None:
    ada, coupon, renewal = await owing(world)
    await by_admin(world, end_coupon, EndCoupon(coupon))
    await void(world, ada, renewal)
    await world.card(ada)
    await until(world, ada, day(3, 1, 3))
    assert (await invoices_of(world, ada))[-1].total == eur(500)


async def test_a_redemption_that_staff_ended_stays_ended(world: World) -> None:
    ada, _, renewal = await owing(world)
    command, actor = EndRedemption((await held(world, ada)).id), world.staff(Grant.SUPPORT)
    await perform(world.house.db, end_redemption, actor, ada.id, command, fresh("end"))
    await void(world, ada, renewal)
    assert ((await held(world, ada)).ended_at, await left(world, ada)) == (day(2, 1, 3), 1)
    await world.card(ada)
    await until(world, ada, day(3, 1, 3))
    assert (await invoices_of(world, ada))[-1].total == eur(1000)


async def test_a_purchase_takes_the_coupon_it_names_whatever_other_waits_and_is_refused_where_that_is_used(
    world: World,
) -> None:
    ada, (elsewhere, _) = await buyer(world), await new_plan(world)
    waits, named, for_one, ended = [
        half_off(duration=Duration.ONCE, plans=plans, scope=scope)
        for plans, scope in (((elsewhere,), Scope.ACCOUNT), ((), Scope.ACCOUNT), ((), Scope.SUBSCRIPTION),
                             ((), Scope.ACCOUNT))
    ]  # fmt: skip
    for coupon in (waits, named, for_one, ended):
        await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(waits.code, None))
    first = (
        await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1, coupon=named.code))
    ).outcome
    assert first.total == eur(500)
    await world.do(ada, redeem_coupon, RedeemCoupon(for_one.code, first.subscription))
    gone = (await world.do(ada, redeem_coupon, RedeemCoupon(ended.code, None))).outcome.redemption
    await perform(world.house.db, end_redemption, world.staff(Grant.SUPPORT), ada.id, EndRedemption(gone), fresh("end"))
    for coupon in (named, for_one):
        with pytest.raises(Refused) as refused:
            await world.do(ada, start_subscription, StartSubscription(world.prices["team"], 1, coupon=coupon.code))
        assert (refused.value.code, refused.value.path) == (RefusalCode.ALREADY_EXISTS, ("couponCode",))
    bought = await world.do(ada, start_subscription, StartSubscription(world.prices["team"], 1, coupon=ended.code))
    assert bought.outcome.total == eur(1000), "it is redeemed anew"


async def test_a_credited_invoice_gives_no_period_back(world: World) -> None:
    ada, _, renewal = await owing(world)
    await note(world, ada, renewal, 500)
    assert ((await now(world, ada, renewal)).state.name, await left(world, ada)) == ("paid", 0)


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


@pytest.mark.row("I14")
@pytest.mark.parametrize("duration", [Duration.FOREVER, Duration.ONCE])
async def test_no_coupon_reduces_what_staff_writes_nor_is_used_up_by_it(world: World, duration: Duration) -> None:
    ada, coupon = await buyer(world), half_off(duration=duration)
    await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    before = await left(world, ada)
    assert (await issue(world, ada, await draft(world, ada, SETUP))).total == eur(10000)
    assert await left(world, ada) == before
    assert (await start(world, ada)).total == eur(500)


async def test_on_a_renewal_a_coupon_reduces_the_plan_and_not_the_line_that_staff_added(world: World) -> None:
    ada, coupon = await buyer(world), half_off()
    await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    await start(world, ada)
    await until(world, ada, day(2, 1, 1))
    found = await world.house.db.primary.fetchval(
        "SELECT id FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    id = InvoiceId(ada.id.shard, found)
    await by_finance(world, ada, add_invoice_line, AddInvoiceLine(id, SETUP))
    await until(world, ada, day(2, 1, 3))
    lines = (await lines_of(world.house.db.primary, ada.id, [id]))[id]
    assert [(line.discount.minor, line.amount.minor) for line in lines] == [(500, 500), (0, 10000)]
