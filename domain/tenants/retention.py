"""How long issued documents are kept.

The years are counted from the end of the calendar year in which a document was issued (§ 147 (4) AO, § 14b (1) UStG).
"""

from datetime import date, datetime

from domain.period import local_date
from domain.tenants.tenant import LegalEntity


def kept_until(issued_at: datetime, recorded_at: datetime, issuer: LegalEntity) -> date:
    """The last day on which a document of that instant must be there, in the legal entity's zone: a 31 December.

    It is what was promised when the document was recorded, or what a longer setting made of it since; never less.
    """
    issued_on = local_date(issued_at.replace(microsecond=0), issuer.time_zone)
    return date(issued_on.year + _years(recorded_at, issuer), 12, 31)


def _years(recorded_at: datetime, issuer: LegalEntity) -> int:
    """The most that was said from then on; whatever was said last before it held then."""
    before = [years for said_at, years in issuer.promises if said_at <= recorded_at]
    since = [years for said_at, years in issuer.promises if said_at > recorded_at]
    return max(*before[-1:], *since, issuer.retention_years, 0)
