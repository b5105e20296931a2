"""Customers with coupons: who redeemed one, how long it is good for, and invoices that it reduced taken back."""

from domain.actor import Grant
from domain.catalog.coupon import Duration
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.catalog.redemption import Redemption, redemptions
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import CouponId, InvoiceId
from domain.perform import perform
from domain.reactions.work import do_now
from tests.catalog_kit import by_admin, half_off
from tests.domain.invoices.bills import eur
from tests.lives import buyer, day, invoices_of, start, until
from tests.world import Someone, World, fresh

PERIODS = 2  # the first month and the second


async def holding(world: World, of: Someone, **changed: object) -> None:
    """The customer redeems a coupon of its own, for no subscription that it names."""
    coupon = half_off(**changed)
    await by_admin(world, publish_coupon, coupon)
    await world.do(of, redeem_coupon, RedeemCoupon(coupon.code, None))


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
