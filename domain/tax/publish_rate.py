"""Publishing tax rates, under the tenant's house customer: a correction is the next version, nothing is overwritten."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.actor import Grant
from domain.countries import require_known_country, require_region
from domain.db import Tx
from domain.ids import TaxRateId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tax.decide import PER_WHOLE
from domain.tax.place import lies_in
from domain.tax.rate import CustomerKind

PUBLISHERS: Final = frozenset({Grant.SYSTEM, Grant.ADMIN, Grant.FINANCE})
_CATEGORY: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,199}")  # as the catalog writes them
_COMPONENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class PublishTaxRate:
    """One component of the tax at a place, from an instant on; see ``domain.tax.rate.Rate`` for each part."""

    country: str
    region: str
    category: str
    customer_kind: CustomerKind
    component: str
    name: str
    rate_ppm: int
    exempt: bool
    authority: str
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class TaxRatePublished:
    """The new version; ``in_the_past`` says that invoices may have been issued at another rate meanwhile."""

    rate: TaxRateId
    version: int
    in_the_past: bool


@operation("tax.publish_rate", allowed=PUBLISHERS)
async def publish_tax_rate(tx: Tx, command: PublishTaxRate) -> TaxRatePublished:
    """The next version of that place, category, kind of customer, component and instant.

    INVALID_INPUT for an unknown country, a rate below 0 or above 100 %, an authority that is not over the place.
    """
    _check(command)
    series = (
        tx.head.tenant.uuid, command.country, command.region, command.category, command.customer_kind.value,
        command.component, command.effective_from,
    )  # fmt: skip
    last = await tx.fetchval(
        """SELECT coalesce(max(version), 0) FROM tax_rate
            WHERE tenant_id = $1 AND country = $2 AND region = $3 AND category = $4 AND customer_kind = $5
              AND component = $6 AND effective_from = $7""",
        *series,
    )
    id = await tx.fetchval(
        """INSERT INTO tax_rate (tenant_id, country, region, category, customer_kind, component, effective_from, id,
               name, rate_ppm, exempt, authority, version, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING RETURNING id""",
        *series, tx.new_uuid(), command.name, command.rate_ppm, command.exempt, command.authority, last + 1,
        tx.recorded_at,
    )  # fmt: skip
    if id is None:
        raise Refused(RefusalCode.BUSY, "Another version of this rate is being published; try again.")
    return TaxRatePublished(TaxRateId(id), last + 1, command.effective_from <= tx.now)


def _check(command: PublishTaxRate) -> None:
    require_known_country(command.country, "country")
    require_region(command.country, command.region, "region")
    if not _CATEGORY.fullmatch(command.category):
        raise Refused(RefusalCode.INVALID_INPUT, "There can be no such tax category.", ("category",))
    if not _COMPONENT.fullmatch(command.component):
        raise Refused(RefusalCode.INVALID_INPUT, "There can be no such component.", ("component",))
    if not 0 <= command.rate_ppm <= PER_WHOLE:
        raise Refused(RefusalCode.INVALID_INPUT, "A tax rate is 0 to 100 percent.", ("ratePpm",))
    if command.exempt and command.rate_ppm:
        raise Refused(RefusalCode.INVALID_INPUT, "What is exempt has a rate of nothing.", ("ratePpm",))
    if not lies_in(command.region, command.authority):
        message = "The authority is the region of the rate, one it lies in, or nothing for the country's."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("authority",))
