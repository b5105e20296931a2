"""Exemption certificates, and customers that move."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Grant
from domain.countries import require_region
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.customers.customer import billing_person
from domain.customers.tax_exemption import (
    AddTaxExemption,
    EndTaxExemption,
    add_tax_exemption,
    end_tax_exemption,
    tax_exemptions,
)
from domain.operation import Operation
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from tests.tax_kit import move
from tests.world import EUR, NEW_YEAR, Someone, World, fresh

LATER = NEW_YEAR + timedelta(days=90)
RESALE = AddTaxExemption("US", "CA", "", NEW_YEAR, None, "SR-123-456")


async def by_staff(world: World, who: Someone, operation: Operation[Any, Any], command: Any) -> Any:
    """The operation by support staff, under a fresh key."""
    done = await perform(world.house.db, operation, world.staff(Grant.SUPPORT), who.id, command, fresh("staff"))
    return done.outcome


async def refusal(world: World, who: Someone, operation: Operation[Any, Any], command: Any) -> tuple[RefusalCode, str]:
    """Why staff may not do that: the code and the part of the input."""
    with pytest.raises(Refused) as refused:
        await by_staff(world, who, operation, command)
    return refused.value.code, "".join(refused.value.path)


@pytest.mark.row("E7")
async def test_staff_keep_a_certificate_and_its_number_stays_out_of_the_audit_trail(world: World) -> None:
    ada = await world.customer()
    kept = await by_staff(world, ada, add_tax_exemption, RESALE)
    (own,) = await tax_exemptions(world.house.db.primary, ada.id)
    assert (own.id, own.country, own.region, own.certificate) == (kept.exemption, "US", "CA", "SR-123-456")
    for each in (AddTaxExemption("CA", "", "", NEW_YEAR, None, "1"), replace(RESALE, region="", all_regions=True)):
        await by_staff(world, ada, add_tax_exemption, each)
    whole = [(each.country, each.all_regions) for each in await tax_exemptions(world.house.db.primary, ada.id)]
    assert whole == [("US", False), ("CA", False), ("US", True)]
    bodies = await world.house.db.primary.fetch(
        "SELECT body FROM audit_body WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    assert any("add_tax_exemption" in row["body"] for row in bodies)
    assert not any("SR-123" in row["body"] for row in bodies)


async def test_a_customer_exempts_nobody_not_even_itself(world: World) -> None:
    ada = await world.customer()
    with pytest.raises(Refused) as refused:
        await world.do(ada, add_tax_exemption, RESALE)
    assert refused.value.code is RefusalCode.FORBIDDEN


async def test_a_certificate_ends_once_and_never_later_than_it_did(world: World) -> None:
    ada, eve = await world.customer(), await world.customer()
    kept = (await by_staff(world, ada, add_tax_exemption, RESALE)).exemption
    ended = await by_staff(world, ada, end_tax_exemption, EndTaxExemption(kept, LATER))
    assert ended.valid_until == LATER
    assert [each.valid_until for each in await tax_exemptions(world.house.db.primary, ada.id)] == [LATER]
    again = EndTaxExemption(kept, LATER)
    assert await refusal(world, ada, end_tax_exemption, again) == (RefusalCode.STATE_CONFLICT, "endsAt")
    before = EndTaxExemption(kept, NEW_YEAR)
    assert await refusal(world, ada, end_tax_exemption, before) == (RefusalCode.INVALID_INPUT, "endsAt")
    assert await refusal(world, eve, end_tax_exemption, again) == (RefusalCode.NOT_FOUND, "exemptionId")


@pytest.mark.parametrize(
    ("changed", "path"),
    [({"country": "XX"}, "country"), ({"region": "ca"}, "region"), ({"category": "Books!"}, "category"),
     ({"valid_until": NEW_YEAR}, "validUntil"), ({"region": "ZZ"}, "region"), ({"region": ""}, "region"),
     ({"all_regions": True}, "allRegions")],
)  # fmt: skip
async def test_a_certificate_that_cannot_be_is_refused(world: World, changed: dict[str, Any], path: str) -> None:
    ada = await world.customer()
    given = {"country": "US", "region": "CA", "category": "", "valid_from": NEW_YEAR, "valid_until": None,
             "certificate": "1", **changed}  # fmt: skip
    assert await refusal(world, ada, add_tax_exemption, AddTaxExemption(**given)) == (RefusalCode.INVALID_INPUT, path)
    assert await tax_exemptions(world.house.db.primary, ada.id) == []


async def test_a_customer_that_moves_is_billed_at_its_new_address(world: World) -> None:
    ada = await world.customer()
    await move(world, ada, "US-CA-SF")
    person = await billing_person(world.house.db.primary, world.tenant.tenant, ada.id)
    assert person is not None
    assert (person.country, person.region, person.name) == ("US", "CA-SF", "Ada Lovelace")


@pytest.mark.parametrize(
    ("country", "region", "path"),
    [("U", "", "country"), ("UK", "", "country"), ("US", "California", "region"), ("US", "ZZ", "region"),
     ("US", "ZZ-SF", "region"), ("CA", "NY", "region"), ("IN", "OR", "region"), ("AU", "AL", "region"),
     ("ES", "XX", "region")],
)  # fmt: skip
async def test_nobody_moves_to_where_nothing_is(world: World, country: str, region: str, path: str) -> None:
    ada = await world.customer()
    before = await billing_person(world.house.db.primary, world.tenant.tenant, ada.id)
    with pytest.raises(Refused) as refused:
        await world.do(ada, change_billing_person, ChangeBillingPerson(country, region, "A", "a@b.c", "D"))
    assert (refused.value.code, refused.value.path) == (RefusalCode.INVALID_INPUT, (path,))
    assert await billing_person(world.house.db.primary, world.tenant.tenant, ada.id) == before


@pytest.mark.parametrize("place", ["US-DC", "CA-QC", "IN-OD", "AU-NSW", "ES-GC", "DE-BW", "FR-971", "BR-SP-X"])
def test_regions_are_those_of_iso_3166_2_where_tax_follows_them_and_free_elsewhere(place: str) -> None:
    country, _, region = place.partition("-")
    require_region(country, region)


async def test_a_customer_may_sign_up_with_its_region(world: World) -> None:
    command = CreateCustomer(
        fresh("customer"),
        EUR,
        "UTC",
        "en",
        "US",
        NEW_YEAR,
        None,
        None,
        name="A",
        email="a@b.c",
        address="D",
        region="NY",
    )
    db, actor = world.house.db, world.house.actor
    done = await perform(db, create_customer, actor, world.tenant.sandbox_house, command, fresh("sign-up"))
    person = await billing_person(db.primary, world.tenant.tenant, done.outcome.customer)
    assert person is not None and (person.country, person.region) == ("US", "NY")
