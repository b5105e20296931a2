"""Customers that changed what they bought in the middle of a month, in tests of what is given back of that."""

from domain.payments.payment import Payment, payments_of
from tests.lives import buyer, day, invoices_of, start, until
from tests.subscription_lives import seats
from tests.world import Someone, World


async def grown(shop: World, *quantities: int, token: str = "tok_visa") -> Someone:
    """A customer that bought two seats on 1 January by that card, and some more at noon of each day from the 16th on
    by another one."""
    ada = await buyer(shop, token)
    await start(shop, ada, quantity=2)
    await shop.card(ada)
    for of_month, quantity in enumerate(quantities, 16):
        await until(shop, ada, day(1, of_month, 12))
        await seats(shop, ada, quantity)
    return ada


async def payments(shop: World, of: Someone) -> list[Payment]:
    """The payment of each invoice, oldest first."""
    db = shop.house.db.primary
    paid = [await payments_of(db, of.id, each.id) for each in await invoices_of(shop, of)]
    return [one for (one,) in paid]
