"""Rating: what a coupon takes off a line, also in the middle of a period, and what of it is given back."""

import pytest

from domain.catalog.coupon import Duration
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import redemptions
from domain.invoices.line import Line, lines_of
from domain.perform import perform
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.catalog_kit import by_admin, half_off
from tests.domain.invoices.bills import eur, note, now
from tests.lives import buyer, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.world import Someone, World, fresh

PERIODS = 2  # for how many periods the coupon of these tests is good


async def with_coupon(world: World, **changed: object) -> Someone:
    """A customer with a card that redeemed a coupon."""
    ada, coupon = await buyer(world), half_off(**changed)
    await by_admin(world, publish_coupon, coupon)
    await world.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    return ada


async def lines(world: World, of: Someone) -> list[Line]:
    """All lines of the customer's invoices, oldest first."""
    found = await lines_of(world.house.db.primary, of.id, [each.id for each in await invoices_of(world, of)])
    return [line for own in found.values() for line in own]


@pytest.mark.row("E1")
async def test_a_coupon_takes_its_part_off_the_line_and_the_line_keeps_its_list_price(world: World) -> None:
    ada = await with_coupon(world)
    started = await start(world, ada)
    (line,) = await lines(world, ada)
    assert (line.list_amount, line.discount, line.amount) == (eur(1000), eur(500), eur(500))
    assert ((await now(world, ada, started.invoice)).total, started.total) == (eur(500), eur(500))
    assert await wrong_rows(world, ada) == []


async def test_a_preview_says_what_is_charged_and_uses_no_period_up(world: World) -> None:
    ada = await with_coupon(world)
    command = StartSubscription(world.prices["starter"], 1)
    db = world.house.db
    shown = await perform(db, start_subscription, ada.actor, ada.id, command, fresh("look"), preview=True)
    assert (shown.outcome.total, (await start(world, ada)).total) == (eur(500), eur(500))


async def test_a_change_gives_back_what_was_paid_after_the_discount_and_no_more(world: World) -> None:
    ada = await with_coupon(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    of = await subscription_of(world, ada)
    await world.do(ada, change_plan, ChangePlan(of.id, world.prices["team"]))
    _, credit, charge = await lines(world, ada)
    assert (credit.amount, credit.discount) == (eur(-327), eur(0))  # of 5.00 paid, not of 10.00 on the list
    assert (charge.list_amount, charge.discount) == (eur(1306), eur(653))
    assert await wrong_rows(world, ada) == []


async def test_a_credit_note_of_a_discounted_line_ends_at_what_was_paid(world: World) -> None:
    ada = await with_coupon(world)
    started = await start(world, ada)
    await note(world, ada, started.invoice, 500, credit=500)
    (line,) = await lines(world, ada)
    assert line.given_back == line.amount == eur(500)


async def test_a_coupon_of_so_many_periods_reduces_so_many_invoices(world: World) -> None:
    ada = await with_coupon(world, duration=Duration.PERIODS, periods=PERIODS)
    await start(world, ada)
    await until(world, ada, day(4, 1, 3))
    assert [line.discount.minor for line in await lines(world, ada)] == [500, 500, 0, 0]
    (redemption,) = await redemptions(world.house.db.primary, ada.id)
    assert redemption.periods_left == 0
    assert await wrong_rows(world, ada) == []
