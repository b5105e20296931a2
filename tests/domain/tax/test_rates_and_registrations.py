"""Rates and registrations in the books: versions that are never overwritten, and what is refused when it is saved."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.actor import Grant
from domain.ids import TaxRateId
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.tax.decision import Rounding
from domain.tax.place import EU, Place
from domain.tax.publish_rate import publish_tax_rate
from domain.tax.question import seller
from domain.tax.rate import STANDARD, CustomerKind, published_rates, rates_in_force
from domain.tax.register import SetSellerTax, set_seller_tax
from domain.tax.registration import Scheme, registrations
from domain.tenants.tenant import legal_entity
from tests.tax_kit import publish_rate, register, vat
from tests.world import LONG_AGO, NEW_YEAR, World, fresh, make_world

SUMMER = NEW_YEAR + timedelta(days=180)
AUTUMN = NEW_YEAR + timedelta(days=270)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def shop(house: House) -> World:
    """A tenant of the test's own, since rates are the tenant's."""
    return await make_world(house)


async def ppm_at(shop: World, at: Any) -> list[int]:
    found = await rates_in_force(shop.house.db.primary, shop.tenant.tenant, [Place("DE")], [STANDARD], at)
    return [each.rate_ppm for each in found]


@pytest.mark.row("E5")
async def test_a_rate_holds_from_its_instant_until_the_next_one_begins(shop: World) -> None:
    await publish_rate(shop, vat("DE", 190_000))
    await publish_rate(shop, vat("DE", 160_000, effective_from=SUMMER))
    assert await ppm_at(shop, LONG_AGO - timedelta(seconds=1)) == []
    assert await ppm_at(shop, SUMMER - timedelta(seconds=1)) == [190_000]
    assert await ppm_at(shop, SUMMER) == [160_000]


@pytest.mark.row("E5")
async def test_a_correction_is_the_next_version_and_the_first_one_stays(shop: World) -> None:
    first = await publish_rate(shop, vat("DE", 190_000))
    second = await publish_rate(shop, vat("DE", 180_000))
    assert (first.version, second.version, second.in_the_past) == (1, 2, True)
    assert await ppm_at(shop, NEW_YEAR) == [180_000]
    kept = await published_rates(shop.house.db.primary, shop.tenant.tenant, "DE", None, 10)
    assert [(each.version, each.rate_ppm) for each in kept] == [(2, 180_000), (1, 190_000)]
    assert not (await publish_rate(shop, vat("DE", 170_000, effective_from=SUMMER))).in_the_past


@pytest.mark.row("E5")
@pytest.mark.parametrize(
    "sql", ["UPDATE tax_rate SET rate_ppm = 0", "DELETE FROM tax_rate", "TRUNCATE tax_rate",
                                 "UPDATE tax_registration SET version = 9", "DELETE FROM tax_registration"],
)  # fmt: skip
async def test_no_rate_or_registration_is_ever_overwritten(database_url: str, sql: str) -> None:
    application = await asyncpg.connect(database_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(sql)
    finally:
        await application.close()


async def test_of_many_who_publish_one_rate_at_once_each_gets_a_version_of_its_own(shop: World) -> None:
    done = await asyncio.gather(*(publish_rate(shop, vat("DE", 10_000 * n)) for n in range(1, 9)))
    assert sorted(each.version for each in done) == list(range(1, 9))


@pytest.mark.parametrize(
    ("changed", "path"),
    [({"country": "XX"}, "country"), ({"country": "de"}, "country"), ({"region": "bw"}, "region"),
     ({"rate_ppm": -1}, "ratePpm"), ({"rate_ppm": 1_000_001}, "ratePpm"), ({"exempt": True}, "ratePpm"),
     ({"category": ""}, "category"), ({"component": "VAT 19"}, "component"), ({"authority": "BW"}, "authority")],
)  # fmt: skip
async def test_a_rate_that_cannot_be_is_refused_when_it_is_saved(
    shop: World, changed: dict[str, Any], path: str
) -> None:
    with pytest.raises(Refused) as refused:
        await publish_rate(shop, vat("DE", 190_000, **changed))
    assert (refused.value.code, refused.value.path) == (RefusalCode.INVALID_INPUT, (path,))
    assert await published_rates(shop.house.db.primary, shop.tenant.tenant, None, None, 10) == []


@pytest.mark.parametrize("role", [Grant.SUPPORT, Grant.LEAD])
async def test_only_admins_and_finance_publish_rates(shop: World, role: Grant) -> None:
    db, home = shop.house.db, shop.tenant.live_house
    with pytest.raises(Refused) as refused:
        await perform(db, publish_tax_rate, shop.staff(role), home, vat("DE", 1), fresh("rate"))
    assert refused.value.code is RefusalCode.FORBIDDEN


async def test_pages_of_rates_put_together_are_all_rates(shop: World) -> None:
    for ppm in range(1, 6):
        await publish_rate(shop, vat("DE", ppm))
    await publish_rate(shop, vat("FR", 9))
    db, tenant = shop.house.db.primary, shop.tenant.tenant
    seen: list[TaxRateId] = []
    while page := await published_rates(db, tenant, "DE", seen[-1] if seen else None, 2):
        seen += [each.id for each in page]
    assert len(seen) == len(set(seen)) == 5


async def test_an_entity_registers_and_ends_that_by_the_next_version(shop: World) -> None:
    await publish_rate(shop, vat("DE", 190_000))
    assert await register(shop, "DE") == 1
    assert await register(shop, "DE", until=SUMMER) == 2
    (kept,) = await registrations(shop.house.db.primary, shop.tenant.sandbox)
    assert (kept.country, kept.holds(NEW_YEAR), kept.holds(SUMMER)) == ("DE", True, False)
    assert await registrations(shop.house.db.primary, shop.tenant.live) == ()


async def test_a_registration_that_begins_later_leaves_what_was_before_it(shop: World) -> None:
    await publish_rate(shop, vat("DE", 190_000))
    await register(shop, "DE", until=SUMMER)
    await register(shop, "DE", since=AUTUMN)
    known = await registrations(shop.house.db.primary, shop.tenant.sandbox)
    in_force = [any(each.holds(at) for each in known) for at in (LONG_AGO, SUMMER - SECOND, SUMMER, AUTUMN)]
    assert in_force == [True, True, False, True]
    await register(shop, "DE")
    first, second = await registrations(shop.house.db.primary, shop.tenant.sandbox)
    assert (first.registered_until, second.registered_from, second.registered_until) == (AUTUMN, AUTUMN, None)


async def test_nobody_registers_where_no_rate_says_what_is_owed(shop: World) -> None:
    await publish_rate(shop, vat("US-CA", 72_500, authority="CA"))
    await publish_rate(shop, vat("FR", 200_000, effective_from=SUMMER))
    await publish_rate(shop, vat("AT", 200_000, customer_kind=CustomerKind.CONSUMER))
    for place in ("DE", "US", "US-NY", "FR", "AT"):
        with pytest.raises(Refused) as refused:
            await register(shop, place)
        assert refused.value.code is RefusalCode.STATE_CONFLICT
    assert await register(shop, "US-CA", Scheme.STATE) == 1
    assert await register(shop, "FR", since=SUMMER) == 1


async def test_the_one_stop_shop_needs_a_rate_of_each_member_state(shop: World) -> None:
    for country in sorted(EU - {"MT"}):
        await publish_rate(shop, vat(country, 200_000))
    with pytest.raises(Refused) as refused:
        await register(shop, "DE", Scheme.OSS)
    assert (refused.value.code, "of MT at" in refused.value.message) == (RefusalCode.STATE_CONFLICT, True)
    await publish_rate(shop, vat("MT", 180_000))
    assert await register(shop, "DE", Scheme.OSS) == 1


@pytest.mark.parametrize("place", ["GB", "DE-BY"])
async def test_the_one_stop_shop_is_declared_to_a_member_state(shop: World, place: str) -> None:
    with pytest.raises(Refused) as refused:
        await register(shop, place, Scheme.OSS)
    assert (refused.value.code, refused.value.path) == (RefusalCode.INVALID_INPUT, ("country",))


async def test_a_registration_that_ends_before_it_begins_or_is_nowhere_is_refused(shop: World) -> None:
    for place, until, path in (("DE", LONG_AGO, "registeredUntil"), ("XX", None, "country"), ("DE-x", None, "region")):
        with pytest.raises(Refused) as refused:
            await register(shop, place, until=until)
        assert (refused.value.code, refused.value.path) == (RefusalCode.INVALID_INPUT, (path,))


async def test_an_entity_says_where_it_sits_and_where_it_rounds(shop: World) -> None:
    db, actor = shop.house.db, shop.staff(Grant.ADMIN)
    command = SetSellerTax("BE", Rounding.INVOICE)
    await perform(db, set_seller_tax, actor, shop.tenant.sandbox_house, command, fresh("seller"))
    of = await seller(db.primary, shop.tenant.sandbox)
    assert (of.place, of.rounding, of.tenant) == (Place("DE", "BE"), Rounding.INVOICE, shop.tenant.tenant)
    entity = await legal_entity(db.primary, shop.tenant.tenant, "ACMETEST")
    assert (entity.region, entity.tax_rounding) == ("BE", "invoice")
    assert (await seller(db.primary, shop.tenant.live)).rounding is Rounding.LINE
    with pytest.raises(Refused):
        wrong = SetSellerTax("Berlin", Rounding.LINE)
        await perform(db, set_seller_tax, actor, shop.tenant.sandbox_house, wrong, fresh("seller"))
