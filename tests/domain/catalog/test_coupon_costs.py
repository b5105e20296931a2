"""What coupons cost: summed over all customers of a tenant, whatever their shard key, and nobody else's."""

import asyncpg
import pytest

from domain.actor import Grant
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.fanout.coupon_costs import CouponCost, coupon_costs
from domain.money import Money
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.perform import perform
from domain.reactions.house import House
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.policy import Unused
from tests.catalog_kit import by_admin, half_off
from tests.domain.invoices.bills import note
from tests.lives import Billed, buy, buyer, by_finance, day, publish, start, subscription_of, until
from tests.world import EUR, fresh, make_world

TAKEN = (250, 100, 7)  # off the first invoices of three customers


@pytest.mark.row("I14")
async def test_the_cost_of_a_coupon_is_what_it_took_off_invoices_of_the_span(house: House, owner_url: str) -> None:
    world, elsewhere = await make_world(house, shard_keys=3), await make_world(house)
    command = half_off()
    coupon = (await by_admin(world, publish_coupon, command)).coupon
    owner = await asyncpg.connect(owner_url)
    try:
        for minor in TAKEN:
            ada = await buyer(world)
            begun = await start(world, ada)
            redeemed = (await world.do(ada, redeem_coupon, RedeemCoupon(command.code, None))).outcome.redemption
            await owner.execute(
                """INSERT INTO invoice_line_discount (shard_key, customer_id, invoice_id, position, redemption_id, name,
                       currency, amount) VALUES ($1, $2, $3, 1, $4, 'Half off', 'EUR', $5)""",
                ada.id.shard, ada.id.uuid, begun.invoice.uuid, redeemed.uuid, minor,
            )  # fmt: skip
        db, tenant = house.db.primary, world.tenant.tenant
        whole = [CouponCost(coupon, Money(sum(TAKEN), EUR), Money(0, EUR), len(TAKEN), len(TAKEN))]
        assert await coupon_costs(db, tenant, day(1, 1), day(2, 1), sandbox=True) == whole
        assert await coupon_costs(db, tenant, day(1, 2), day(2, 1), sandbox=True) == []
        assert await coupon_costs(db, tenant, day(12, 1, year=2026), day(1, 1), sandbox=True) == []
        assert await coupon_costs(db, tenant, day(1, 1), day(2, 1), sandbox=False) == []
        assert await coupon_costs(db, elsewhere.tenant.tenant, day(1, 1), day(2, 1), sandbox=True) == []
    finally:  # these invoices were written without discounts, and other tests compare the two
        await owner.execute(
            """DELETE FROM invoice_line_discount d USING coupon_redemption r
                WHERE r.shard_key = d.shard_key AND r.id = d.redemption_id AND r.coupon_id = $1""",
            coupon.uuid,
        )
        await owner.close()


@pytest.mark.row("I14")
async def test_a_coupon_cost_nothing_of_what_was_given_back_later(house: House) -> None:
    world, command = await make_world(house), half_off()
    coupon = (await by_admin(world, publish_coupon, command)).coupon
    ada = await buyer(world)
    await world.do(ada, redeem_coupon, RedeemCoupon(command.code, None))
    first = (await start(world, ada)).invoice
    assert first is not None
    db, tenant = house.db.primary, world.tenant.tenant

    async def cost() -> tuple[int, int, int]:
        (found,) = await coupon_costs(db, tenant, day(1, 1), day(2, 1), sandbox=True)
        assert found.coupon == coupon
        return found.taken.minor, found.undone.minor, found.cost.minor

    assert await cost() == (500, 0, 500)
    part = await note(world, ada, first, 125, credit=125)
    assert await cost() == (500, 125, 375)
    await note(world, ada, first, 375, credit=375)
    assert await cost() == (500, 500, 0)
    await by_finance(world, ada, void_credit_note, VoidCreditNote(part.credit_note))
    assert await cost() == (500, 375, 125)
    await start(world, ada, "team")
    await until(world, ada, day(1, 16, 12))  # half of January is left
    team = await subscription_of(world, ada)
    leave = CancelSubscription(team.id, CancelAt.NOW, unused=Unused.CREDIT)
    await perform(world.house.db, cancel_subscription, world.staff(Grant.ADMIN), ada.id, leave, fresh("leave"))
    assert await cost() == (1500, 875, 625)


async def test_the_undone_part_of_a_discount_is_rounded_half_to_even(house: House) -> None:
    world, command = await make_world(house), half_off(percent_ppm=500_000)
    await by_admin(world, publish_coupon, command)
    odd = await publish(world, Money(2, EUR))  # one cent is taken off, one is paid
    seven = await publish(world, Money(30, EUR))
    ada = await buyer(world)
    await world.do(ada, redeem_coupon, RedeemCoupon(command.code, None))
    for price, back in ((odd, 1), (seven, 5)):
        begun = Billed.at_once(await buy(world, ada, price))
        await note(world, ada, begun.invoice, back, credit=back)
    (found,) = await coupon_costs(house.db.primary, world.tenant.tenant, day(1, 1), day(2, 1), sandbox=True)
    assert (found.taken.minor, found.undone.minor) == (16, 6)
