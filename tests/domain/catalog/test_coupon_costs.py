"""What coupons cost: summed over all customers of a tenant, whatever their shard key, and nobody else's."""

import asyncpg
import pytest

from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.fanout.coupon_costs import CouponCost, coupon_costs
from domain.money import Money
from domain.reactions.house import House
from tests.catalog_kit import by_admin, half_off
from tests.lives import buyer, day, start
from tests.world import EUR, make_world

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
        whole = [CouponCost(coupon, Money(sum(TAKEN), EUR), len(TAKEN), len(TAKEN))]
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
