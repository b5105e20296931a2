"""How long issued documents are kept.

The years are counted from the end of the calendar year in which a document was issued (§ 147 (4) AO, § 14b (1) UStG).
"""

from datetime import date, datetime

from domain.period import local_date
from domain.tenants.tenant import LegalEntity


def kept_until(issued_at: datetime, issuer: LegalEntity) -> date:
    """The last day on which a document of that instant must be there, in the legal entity's zone: a 31 December."""
    issued_on = local_date(issued_at.replace(microsecond=0), issuer.time_zone)
    return date(issued_on.year + issuer.retention_years, 12, 31)
