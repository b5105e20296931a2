"""Taxes in tests: rates and registrations of a world's tenant, and customers that live somewhere."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from domain.actor import Grant
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.customers.keep_tax_identity import StoreTaxIdentity, store_tax_identity
from domain.ids import CustomerId
from domain.perform import perform
from domain.tax.publish_rate import PublishTaxRate, TaxRatePublished, publish_tax_rate
from domain.tax.rate import STANDARD, CustomerKind
from domain.tax.register import RegisterForTax, register_for_tax
from domain.tax.registration import Scheme
from tests.world import LONG_AGO, Someone, World, fresh

# Ids whose check digits are right: the examples of python-stdnum.
TAX_IDS: Final = {
    "DE": "DE136695976", "FR": "FR40303265045", "AT": "ATU13585627", "GB": "980 7806 84", "AU": "83 914 571 673",
}  # fmt: skip


def vat(place: str, ppm: int, component: str = "VAT", **changed: Any) -> PublishTaxRate:
    """A rate of the standard category since long ago; the place is written "DE" or "US-CA"."""
    country, _, region = place.partition("-")
    made = PublishTaxRate(
        country, region, STANDARD, CustomerKind.ANY, component, component, ppm, False, "", LONG_AGO
    )  # fmt: skip
    return replace(made, **changed)


async def publish_rate(world: World, command: PublishTaxRate) -> TaxRatePublished:
    """Publishes the rate as finance staff."""
    home, actor = world.tenant.live_house, world.staff(Grant.FINANCE)
    return (await perform(world.house.db, publish_tax_rate, actor, home, command, fresh("rate"))).outcome


async def register(
    world: World, place: str, scheme: Scheme = Scheme.DOMESTIC, *, home: CustomerId | None = None,
    since: datetime = LONG_AGO, until: datetime | None = None,
) -> int:  # fmt: skip
    """Registers the sandbox entity, or another house, at the place; returns which version it is."""
    country, _, region = place.partition("-")
    command = RegisterForTax(country, region, scheme, f"{place} 1", since, until)
    actor, house = world.staff(Grant.FINANCE), home or world.tenant.sandbox_house
    return (await perform(world.house.db, register_for_tax, actor, house, command, fresh("register"))).outcome.version


async def move(world: World, who: Someone, place: str) -> None:
    """The customer lives there from now on."""
    country, _, region = place.partition("-")
    command = ChangeBillingPerson(country, region, "Ada Lovelace", "ada@example.test", "12 Secret Lane, Hidden Town")
    await world.do(who, change_billing_person, command)


async def show_tax_id(world: World, who: Someone, country: str) -> None:
    """The customer stores its tax id of the country."""
    await world.do(who, store_tax_identity, StoreTaxIdentity(country, TAX_IDS[country]))
