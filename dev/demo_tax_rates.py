"""A starter set of tax rates for the demo tenants, with the changes of the last years.

Sources: European Commission, "VAT rates applied in the Member States of the European Union" and "Taxes in Europe
database"; HMRC; Swiss ESTV; Canada Revenue Agency and Revenu Québec; California CDTFA and New York State Department of
Taxation and Finance; the tax authorities of Australia, New Zealand, Singapore, India, Japan and Norway. It is for
trying things out: a tenant that sells publishes the rates that its own advisers name.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.tax.publish_rate import PublishTaxRate
from domain.tax.rate import STANDARD, CustomerKind

SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)  # as long as demo prices

# Standard rates of VAT and GST in parts of a million, as they were at the beginning of 2020.
_COUNTRIES: Final = {
    "AT": 200_000, "BE": 210_000, "BG": 200_000, "CY": 190_000, "CZ": 210_000, "DE": 190_000, "DK": 250_000,
    "EE": 200_000, "ES": 210_000, "FI": 240_000, "FR": 200_000, "GR": 240_000, "HR": 250_000, "HU": 270_000,
    "IE": 230_000, "IT": 220_000, "LT": 210_000, "LU": 170_000, "LV": 210_000, "MT": 180_000, "NL": 210_000,
    "PL": 230_000, "PT": 230_000, "RO": 190_000, "SE": 250_000, "SI": 220_000, "SK": 200_000,
    "GB": 200_000, "CH": 77_000, "NO": 250_000,
}  # fmt: skip
_OTHER_NAMES: Final = {
    "AU": ("GST", 100_000), "NZ": ("GST", 150_000), "SG": ("GST", 70_000), "JP": ("Consumption tax", 100_000),
}  # fmt: skip

# Country, rate, and the local day from which it has held since.
_CHANGES: Final = (
    ("DE", 160_000, (2020, 7, 1), "Europe/Berlin"), ("DE", 190_000, (2021, 1, 1), "Europe/Berlin"),
    ("IE", 210_000, (2020, 9, 1), "Europe/Dublin"), ("IE", 230_000, (2021, 3, 1), "Europe/Dublin"),
    ("LU", 160_000, (2023, 1, 1), "Europe/Luxembourg"), ("LU", 170_000, (2024, 1, 1), "Europe/Luxembourg"),
    ("EE", 220_000, (2024, 1, 1), "Europe/Tallinn"), ("EE", 240_000, (2025, 7, 1), "Europe/Tallinn"),
    ("FI", 255_000, (2024, 9, 1), "Europe/Helsinki"), ("SK", 230_000, (2025, 1, 1), "Europe/Bratislava"),
    ("RO", 210_000, (2025, 8, 1), "Europe/Bucharest"), ("CH", 81_000, (2024, 1, 1), "Europe/Zurich"),
    ("SG", 80_000, (2023, 1, 1), "Asia/Singapore"), ("SG", 90_000, (2024, 1, 1), "Asia/Singapore"),
)  # fmt: skip

# Country, region, component, name, rate, authority.
_REGIONS: Final = (
    ("CA", "", "GST", "GST", 50_000, ""),
    *(("CA", province, "GST", "HST", 150_000, "") for province in ("NB", "NL", "NS", "PE")),
    ("CA", "ON", "GST", "HST", 130_000, ""), ("CA", "QC", "QST", "QST", 99_750, "QC"),
    ("CA", "BC", "PST", "PST", 70_000, "BC"), ("CA", "SK", "PST", "PST", 60_000, "SK"),
    ("CA", "MB", "RST", "RST", 70_000, "MB"),
    ("US", "CA", "state", "California sales tax", 72_500, "CA"),
    ("US", "CA-SF", "district", "San Francisco district tax", 13_750, "CA"),
    ("US", "NY", "state", "New York sales tax", 40_000, "NY"),
    ("US", "NY-NYC", "city", "New York City sales tax", 45_000, "NY"),
    ("US", "NY-NYC", "district", "Metropolitan commuter district", 3_750, "NY"),
    *(("IN", "", tax, tax, ppm, "") for tax, ppm in (("IGST", 180_000), ("CGST", 90_000), ("SGST", 90_000))),
)  # fmt: skip
_NOVA_SCOTIA: Final = datetime(2025, 4, 1, tzinfo=ZoneInfo("America/Halifax")).astimezone(UTC)  # HST 14 % since then

# California does not tax what is transferred electronically: 18 CCR section 1502 (f)(1)(D).
_SOFTWARE: Final = PublishTaxRate(
    "US", "CA", "saas", CustomerKind.ANY, "state", "California sales tax", 0, True, "CA", SINCE
)  # fmt: skip


def starter_rates() -> tuple[PublishTaxRate, ...]:
    """All rates, each country's in the order of their begin."""
    named = {**{country: ("VAT", ppm) for country, ppm in _COUNTRIES.items()}, **_OTHER_NAMES}
    first = [_standard(country, "", "VAT", name, ppm, "", SINCE) for country, (name, ppm) in named.items()]
    changed = [
        _standard(country, "", "VAT", named[country][0], ppm, "", datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(UTC))
        for country, ppm, day, zone in _CHANGES
    ]
    regions = [_standard(*row, SINCE) for row in _REGIONS]
    nova_scotia = _standard("CA", "NS", "GST", "HST", 140_000, "", _NOVA_SCOTIA)
    return (*first, *changed, *regions, nova_scotia, _SOFTWARE)


def _standard(
    country: str, region: str, component: str, name: str, ppm: int, authority: str, since: datetime
) -> PublishTaxRate:
    return PublishTaxRate(
        country, region, STANDARD, CustomerKind.ANY, component, name, ppm, False, authority, since
    )  # fmt: skip
