"""How a town comes to rest where that takes staff, or longer by the wall than all that lives by the wall."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.money import Currency
from domain.payments.outlook import QUERY_AFTER
from domain.pool import Pool
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.simulation.acts_customers import store, welcome
from tests.simulation.acts_time import next_wall, work_all
from tests.simulation.clock import START
from tests.simulation.facts import TABLES, Facts, Row
from tests.simulation.look import Memory
from tests.simulation.opening import open_town
from tests.simulation.quiet import REST_WITHIN, come_to_rest, was_asked_in_vain
from tests.simulation.town import Patron, Town

SEED = 1  # whichever: nothing is drawn here
PLANS = ("starter", "team", "business", "gross")
HOUR = timedelta(hours=1)  # over which renewals are spread, and after which a draft is issued
DAYS_OF_ASKING = 7
SUBJECT = UUID(int=1)


@pytest.fixture
async def town(pool: Pool) -> AsyncIterator[Town]:
    opened = await open_town(SEED, pool, spared=True)
    opened.options = replace(opened.options, prompt=1.0, weights={**opened.options.weights, "silence": 0})
    opened.journal.append("a test")
    opened.course.calm = True  # no bank declines
    yield opened
    await opened.reader.close()


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


async def test_each_charge_of_a_test_clock_may_take_its_time_by_the_wall(town: Town) -> None:
    patron = await arrived(town, "bank#1", on_clock=True)
    await begun(town, patron, *PLANS)
    await come_to_rest(town, Memory())
    renewed_and_not_issued = town.facts.rows["subscription"][0]["period_end"] + HOUR - timedelta(seconds=1)
    await town.call("advance", advance_clock, patron.actor, patron.id, AdvanceClock(renewed_and_not_issued))
    town.patience, began = replace(town.patience, at_rest=REST_WITHIN / 5), town.clock.at
    await come_to_rest(town, Memory())
    assert town.clock.at > began + REST_WITHIN
    assert len(town.facts.of("invoice", reason="renewal", state="paid")) == len(PLANS)


async def test_staff_has_the_provider_asked_once_more_where_it_was_asked_in_vain(town: Town) -> None:
    patron = await arrived(town, "good#1", on_clock=False)
    town.provider.fall_silent(DAYS_OF_ASKING)
    await begun(town, patron, "starter")
    while following := next_wall(town):
        town.clock.move_to(following)
        await work_all(town)
        await town.look()
        if town.facts.of("exception_case", kind="payment_unknown"):
            break
    assert town.facts.one("payment")["state"] == "unknown"
    await come_to_rest(town, Memory())
    assert town.facts.one("exception_case")["resolution"] == "query_again"


def test_what_the_house_still_asks_about_or_stopped_asking_about_too_soon_is_not_for_staff() -> None:
    def asked(queries: int, *works: Row) -> bool:
        of: Row = {"id": SUBJECT, "queries": queries}
        rows = {"payment": [of], "due_work": list(works)}
        return was_asked_in_vain(
            Facts({name: rows.get(name, []) for name in TABLES}), {"subject": SUBJECT, "refund_id": None}
        )

    assert asked(len(QUERY_AFTER))
    assert not asked(len(QUERY_AFTER), {"subject": SUBJECT})
    assert not asked(len(QUERY_AFTER) - 1)
