"""A town in which nothing happens but what a test asks for."""

from dataclasses import replace

from domain.customers.create_customer import CreateCustomer, create_customer
from domain.money import Currency
from domain.pool import Pool
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.simulation.acts_customers import store, welcome
from tests.simulation.clock import START
from tests.simulation.opening import open_town
from tests.simulation.town import Patron, Town

SEED = 1  # whichever: nothing is drawn here


async def open_small_town(pool: Pool) -> Town:
    """Its provider has no moods, and whoever calls does at once what follows; its reader is to be closed."""
    opened = await open_town(SEED, pool, spared=True)
    opened.options = replace(opened.options, prompt=1.0, weights={**opened.options.weights, "silence": 0})
    opened.journal.append("a test")
    opened.course.calm = True  # no bank declines
    return opened


async def arrived(town: Town, token: str, *, on_clock: bool) -> Patron:
    """A customer with that card."""
    command = CreateCustomer(
        token, Currency("EUR"), "UTC", "en", "DE", START if on_clock else None, "simulation", token,
        name="N", email="e@example.test", address="A",
    )  # fmt: skip
    entity = town.tenant.sandbox_house if on_clock else town.tenant.live_house
    welcome(town, command, await town.call("arrive", create_customer, town.process.house.actor, entity, command))
    await store(town, town.patrons[-1], token)
    await town.look()
    return town.patrons[-1]


async def begun(town: Town, patron: Patron, *plans: str) -> None:
    """It has begun to buy these plans."""
    for offer in town.catalog.offers:
        if offer.code in plans:
            await town.call("start", start_subscription, patron.actor, patron.id, StartSubscription(offer.price, 1))
    await do_now(town.process.house, patron.id)
    await town.look()
