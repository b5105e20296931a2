"""Where a legal entity is registered for tax: spans, each in versions of which the greatest holds.

A span ends where the next one at the same place begins, so that a later one leaves the past as it was.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.db import Primary
from domain.ids import LegalEntityId


class Scheme(StrEnum):
    """What kind of registration it is; OSS is the Union's one-stop shop, which covers consumers in all its countries.

    Source of the OSS: Council Directive 2006/112/EC, art. 358 to 369k.
    """

    DOMESTIC = "domestic"
    OSS = "oss"
    STATE = "state"
    GST = "gst"


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration with the tax authority of a country, or of a region in it, for a span of time."""

    country: str
    region: str
    scheme: Scheme
    tax_number: str
    registered_from: datetime
    registered_until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it was in force at the instant; the end does not belong to it."""
        return self.registered_from <= at and (self.registered_until is None or at < self.registered_until)


async def registrations(db: Primary, entity: LegalEntityId) -> tuple[Registration, ...]:
    """The legal entity's registrations as they are known now, by place, scheme and begin, ended ones too; of one place
    and scheme at most one is in force at an instant."""
    rows = await db.fetch(
        """SELECT country, region, scheme, tax_number, registered_from,
                  least(registered_until, lead(registered_from) OVER place) AS registered_until
             FROM (SELECT DISTINCT ON (country, region, scheme, registered_from)
                          country, region, scheme, tax_number, registered_from, registered_until
                     FROM tax_registration WHERE legal_entity_id = $1
                    ORDER BY country, region, scheme, registered_from, version DESC) newest
           WINDOW place AS (PARTITION BY country, region, scheme ORDER BY registered_from)
            ORDER BY country, region, scheme, registered_from""",
        entity.uuid,
    )
    return tuple(
        Registration(
            row["country"],
            row["region"],
            Scheme(row["scheme"]),
            row["tax_number"],
            row["registered_from"],
            row["registered_until"],
        )
        for row in rows
    )
