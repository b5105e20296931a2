"""A period of a coupon that an invoice used up comes back once when that is void, and never by a credit note."""

import asyncio

import pytest

from domain.actor import Grant
from domain.catalog.coupon import Duration, Scope
from domain.catalog.publish_coupon import EndCoupon, end_coupon, publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import EndRedemption, end_redemption
from domain.ids import InvoiceId
from domain.invoices.edit_draft import AddInvoiceLine, add_invoice_line
from domain.invoices.line import lines_of
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.catalog_kit import by_admin, half_off, new_plan
from tests.domain.catalog.coupon_lives import held, left, owing, void
from tests.domain.invoices.bills import SETUP, draft, eur, issue, note, now
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.world import World, fresh


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
