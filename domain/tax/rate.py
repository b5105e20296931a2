"""Tax rates: versions with effective dates. None is ever changed; a correction is the next version of its instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.db import Primary, Row
from domain.ids import TaxRateId, TenantId
from domain.tax.place import Place

STANDARD: Final = "standard"  # the category whose rates hold where an authority has none for another one


class CustomerKind(StrEnum):
    """For whom a rate holds; a buyer itself is a consumer or a business."""

    ANY = "any"
    CONSUMER = "consumer"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Rate:
    """One component of the tax at a place, in parts per million of the net amount, from an instant on.

    ``authority`` is the region in which the seller must be registered to owe it; "" asks for a registration in the
    country. An exempt rate is nothing because the law exempts the category, which is not the same as a rate of 0 %.
    """

    id: TaxRateId
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
    version: int

    @property
    def series(self) -> tuple[str, ...]:
        """What its versions have in common."""
        return self.country, self.region, self.category, self.customer_kind.value, self.component


def in_force(rates: Iterable[Rate], at: datetime) -> list[Rate]:
    """Of each series the rate that holds at the instant: the latest begun, and of these the greatest version."""
    found: dict[tuple[str, ...], Rate] = {}
    for rate in rates:
        if rate.effective_from > at:
            continue
        best = found.get(rate.series)
        if best is None or (best.effective_from, best.version) < (rate.effective_from, rate.version):
            found[rate.series] = rate
    return list(found.values())


def applicable(
    rates: Iterable[Rate], place: Place, category: str, kind: CustomerKind, at: datetime
) -> tuple[Rate, ...]:
    """The rates of each component that a sale there meets, by component.

    Of one component the nearest place's rate is taken, and there one for just this kind of buyer before one for any.
    An authority that has no rates for the category levies those of the standard one: what a province exempts, its
    country may tax.
    """
    living = [rate for rate in in_force(rates, at) if rate.country == place.country]
    found = _nearest(living, place, category, kind)
    own = {rate.authority for rate in found.values()}
    for component, rate in _nearest(living, place, STANDARD, kind).items():
        if rate.authority not in own:
            found.setdefault(component, rate)
    return tuple(found[component] for component in sorted(found))


def _nearest(living: Sequence[Rate], place: Place, category: str, kind: CustomerKind) -> dict[str, Rate]:
    """The rates of just that category, by component."""
    found: dict[str, Rate] = {}
    for region in place.chain():
        for whose in (kind, CustomerKind.ANY):
            for rate in living:
                if (rate.region, rate.category, rate.customer_kind) == (region, category, whose):
                    found.setdefault(rate.component, rate)
    return found


def _rate(row: Row) -> Rate:
    return Rate(
        TaxRateId(row["id"]),
        row["country"],
        row["region"],
        row["category"],
        CustomerKind(row["customer_kind"]),
        row["component"],
        row["name"],
        row["rate_ppm"],
        row["exempt"],
        row["authority"],
        row["effective_from"],
        row["version"],
    )


async def rates_in_force(
    db: Primary, tenant: TenantId, places: Sequence[Place], categories: Sequence[str], at: datetime
) -> tuple[Rate, ...]:
    """The tenant's rates that a sale of these categories, or of the standard one, at these places may meet then."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (country, region, category, customer_kind, component)
                  id, country, region, category, customer_kind, component, name, rate_ppm, exempt, authority,
                  effective_from, version
             FROM tax_rate
            WHERE tenant_id = $1 AND country = ANY ($2::text[]) AND region = ANY ($3::text[])
              AND category = ANY ($4::text[]) AND effective_from <= $5
            ORDER BY country, region, category, customer_kind, component, effective_from DESC, version DESC""",
        tenant.uuid,
        sorted({place.country for place in places}),
        sorted({region for place in places for region in place.chain()}),
        sorted({STANDARD, *categories}),
        at,
    )
    return tuple(_rate(row) for row in rows)


async def published_rates(
    db: Primary, tenant: TenantId, country: str | None, after: TaxRateId | None, limit: int
) -> list[Rate]:
    """The tenant's rates with all their versions, newest publication first, of one country or of all."""
    rows = await db.fetch(
        """SELECT id, country, region, category, customer_kind, component, name, rate_ppm, exempt, authority,
                  effective_from, version
             FROM tax_rate
            WHERE tenant_id = $1 AND ($2::text IS NULL OR country = $2) AND ($3::uuid IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4""",
        tenant.uuid,
        country,
        after.uuid if after else None,
        limit,
    )
    return [_rate(row) for row in rows]


async def until_next(db: Primary, tenant: TenantId, of: Rate) -> datetime | None:
    """When the next rate of the series begins, or None where this one holds for ever."""
    found: datetime | None = await db.fetchval(
        """SELECT min(effective_from) FROM tax_rate
            WHERE tenant_id = $1 AND country = $2 AND region = $3 AND category = $4 AND customer_kind = $5
              AND component = $6 AND effective_from > $7""",
        tenant.uuid,
        *of.series,
        of.effective_from,
    )
    return found


async def rate(db: Primary, tenant: TenantId, id: TaxRateId) -> Rate | None:
    """The tenant's rate of that id, or None."""
    row = await db.fetchrow(
        """SELECT id, country, region, category, customer_kind, component, name, rate_ppm, exempt, authority,
                  effective_from, version
             FROM tax_rate WHERE tenant_id = $1 AND id = $2""",
        tenant.uuid,
        id.uuid,
    )
    return _rate(row) if row else None
