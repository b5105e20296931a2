"""Taxes of the demo: every tenant knows the starter rates, and Globex is registered for VAT at home and in the Union.

Acme is registered nowhere, so that its prices are what is paid; Clara, who buys from Globex, pays Danish VAT.
"""

from typing import Final, TypeVar

from dev.demo_tax_rates import SINCE, starter_rates
from domain.ids import CustomerId
from domain.operation import Operation
from domain.perform import perform
from domain.reactions.house import House
from domain.tax.publish_rate import publish_tax_rate
from domain.tax.rate import published_rates
from domain.tax.register import RegisterForTax, register_for_tax
from domain.tax.registration import Scheme, registrations
from domain.tenants.create_tenant import TenantCreated

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py

MANY: Final = 1000  # more versions than the demo ever publishes
# By the tenant's slug: country, kind, and the number that documents show (check digits are right, nobody's is meant).
REGISTERED: Final = {
    "globex": (("DK", Scheme.DOMESTIC, "DK13585628"), ("DK", Scheme.OSS, "DK13585628")),
}


async def load_taxes(house: House, slug: str, created: TenantCreated) -> None:
    """Publishes and registers what is not there yet; a second call does nothing."""
    await _publish(house, created)
    for entity, home in ((created.sandbox, created.sandbox_house), (created.live, created.live_house)):
        known = {(each.country, each.scheme) for each in await registrations(house.db.primary, entity)}
        for country, scheme, number in REGISTERED.get(slug, ()):
            if (country, scheme) not in known:
                command = RegisterForTax(country, "", scheme, number, SINCE)
                await _do(house, home, register_for_tax, command, f"registration:{country}:{scheme.value}")


async def _publish(house: House, created: TenantCreated) -> None:
    known = await published_rates(house.db.primary, created.tenant, None, None, MANY)
    there = {(*each.series, each.effective_from) for each in known}
    for rate in starter_rates():
        series = (rate.country, rate.region, rate.category, rate.customer_kind.value, rate.component)
        if (*series, rate.effective_from) not in there:
            name = ":".join((*series, rate.effective_from.isoformat()))
            await _do(house, created.live_house, publish_tax_rate, rate, f"rate:{name}")


async def _do(house: House, owner: CustomerId, operation: Operation[C, O], command: C, key: str) -> O:
    return (await perform(house.db, operation, house.actor, owner, command, f"demo:tax:{key}")).outcome
