"""Tax that is owed to another country than it was charged for, though it is as much and called the same."""

import pytest

from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.fanout.taxed_invoices import tax_by_rate
from domain.reactions.house import House
from domain.tax.registration import Scheme
from tests.domain.corrections.correction_kit import corrected, eur, german_shop
from tests.lives import buyer, by_finance, day, invoices_of, start, wrong_rows
from tests.tax_kit import TAX_IDS, move, publish_rate, register, vat
from tests.world import World


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant that is registered in France and Austria too, where tax is 20 % each."""
    own = await german_shop(house, TAX_IDS["DE"])
    for country in ("FR", "AT"):
        await publish_rate(own, vat(country, 200_000))
        await register(own, country)
    return own


async def declared(shop: World) -> list[tuple[str | None, int, int]]:
    """Where tax is owed, on how much, and how much."""
    ever = day(1, 1, year=2020), day(1, 1, year=2040)
    found = await tax_by_rate(shop.house.db.primary, shop.tenant.tenant, *ever, sandbox=True)
    return [(each.country, each.taxable.minor, each.amount.minor) for each in found]


@pytest.mark.row("E6")
@pytest.mark.row("E9")
async def test_what_was_charged_for_one_country_and_is_owed_to_another_is_corrected_though_it_is_as_much(
    shop: World,
) -> None:
    ada = await buyer(shop)
    await move(shop, ada, "FR")
    await start(shop, ada)
    (of,) = await invoices_of(shop, ada)
    assert (of.tax, await declared(shop)) == (eur(200), [("FR", 1000, 200)])
    await by_finance(shop, ada, state_tax_place, StateTaxPlace("AT", "", None, day(1, 1, year=2026), None))
    done = await corrected(shop, ada, of.id)
    assert (done.tax, done.gross, done.number is not None) == (eur(0), eur(0), True)
    assert await declared(shop) == [("AT", 1000, 200)]
    again = await corrected(shop, ada, of.id)
    assert (again.number, await wrong_rows(shop, ada)) == (None, [])


@pytest.mark.row("E6")
async def test_what_is_owed_to_two_regions_is_told_of_each_though_it_is_as_much(shop: World) -> None:
    for place in ("CA-BC", "CA-SK"):
        await publish_rate(shop, vat(place, 70_000, "PST", authority=place[3:]))
        await register(shop, place, Scheme.STATE)
        ada = await buyer(shop)
        await move(shop, ada, place)
        await start(shop, ada)
    ever = day(1, 1, year=2020), day(1, 1, year=2040)
    found = await tax_by_rate(shop.house.db.primary, shop.tenant.tenant, *ever, sandbox=True)
    told = [(each.country, each.region, each.name, each.taxable.minor, each.amount.minor) for each in found]
    assert told == [("CA", "BC", "PST", 1000, 70), ("CA", "SK", "PST", 1000, 70)]
