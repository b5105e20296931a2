"""The taxes of the demo: there once after two runs, right by public rates, and charged to Clara alone."""

from datetime import UTC, datetime

import pytest

from dev.demo_tax import MANY, load_taxes
from dev.demo_tax_rates import starter_rates
from domain.money import Money
from domain.reactions.house import House
from domain.tax.decision import TaxableLine
from domain.tax.place import EU, Place
from domain.tax.question import decided, question_for
from domain.tax.rate import STANDARD, CustomerKind, applicable, published_rates, rates_in_force
from domain.tax.registration import registrations
from tests.lives import buyer, invoices_of, start
from tests.tax_kit import move
from tests.world import EUR, NEW_YEAR, World, make_world

LINE = TaxableLine(1, STANDARD, Money(10_000, EUR), False)


@pytest.fixture
async def globex(house: House) -> World:
    """A tenant with the taxes of Globex."""
    made = await make_world(house)
    await load_taxes(house, "globex", made.tenant)
    return made


async def charged(shop: World, place: str) -> list[int]:
    """The taxes on 100.00 for a consumer there."""
    ada, db = await shop.customer(), shop.house.db
    await move(shop, ada, place)
    question = await question_for(db.primary, db.vault, ada.id, shop.tenant.sandbox, NEW_YEAR, [LINE])
    return [each.amount.minor for each in decided(question).summary]


@pytest.mark.row("E5")
async def test_a_second_run_publishes_and_registers_nothing_again(globex: World) -> None:
    db, tenant = globex.house.db.primary, globex.tenant.tenant
    first = await published_rates(db, tenant, None, None, MANY)
    assert len(first) == len(starter_rates())
    await load_taxes(globex.house, "globex", globex.tenant)
    assert await published_rates(db, tenant, None, None, MANY) == first
    assert {each.version for each in first} == {1}
    assert len(await registrations(db, globex.tenant.sandbox)) == len(await registrations(db, globex.tenant.live)) == 2


@pytest.mark.parametrize(
    ("place", "day", "ppm"),
    [("DE", (2020, 7, 1), 160_000), ("DE", (2027, 1, 1), 190_000), ("IE", (2020, 10, 1), 210_000),
     ("EE", (2026, 1, 1), 240_000), ("FI", (2027, 1, 1), 255_000), ("CH", (2023, 12, 31), 77_000),
     ("CH", (2027, 1, 1), 81_000), ("SG", (2027, 1, 1), 90_000), ("JP", (2027, 1, 1), 100_000),
     ("CA-ON", (2027, 1, 1), 130_000), ("CA-AB", (2027, 1, 1), 50_000), ("AU", (2027, 1, 1), 100_000)],
)  # fmt: skip
async def test_the_starter_rates_are_those_of_the_day(
    globex: World, place: str, day: tuple[int, int, int], ppm: int
) -> None:
    country, _, region = place.partition("-")
    at = datetime(*day, 12, tzinfo=UTC)
    where = Place(country, region)
    known = await rates_in_force(globex.house.db.primary, globex.tenant.tenant, [where], [], at)
    assert [each.rate_ppm for each in applicable(known, where, STANDARD, CustomerKind.CONSUMER, at)] == [ppm]


async def test_every_member_state_has_a_rate_so_that_the_one_stop_shop_can_be_declared(globex: World) -> None:
    assert {each.country for each in starter_rates()} >= EU


async def test_what_is_sold_from_germany_by_the_rules_of_the_demo(globex: World) -> None:
    """The world's entity sits in Germany and is registered in Denmark: consumers of the Union pay their own VAT."""
    assert await charged(globex, "DK") == [2500]
    assert await charged(globex, "FR") == [2000]
    assert await charged(globex, "US-CA") == [0]


async def test_acme_is_registered_nowhere_so_its_golden_prices_stay(house: House) -> None:
    acme = await make_world(house)
    await load_taxes(house, "acme", acme.tenant)
    ada = await buyer(acme)
    await start(acme, ada)
    assert [bill.total.minor for bill in await invoices_of(acme, ada)] == [1000]


async def test_a_danish_customer_pays_danish_vat(globex: World) -> None:
    clara = await buyer(globex)
    await move(globex, clara, "DK")
    await start(globex, clara)
    assert [(bill.total.minor, bill.tax.minor) for bill in await invoices_of(globex, clara)] == [(1250, 250)]
