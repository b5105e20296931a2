"""Places as tax law draws them: countries, their regions, and the VAT territory of the European Union."""

from dataclasses import dataclass
from typing import Final

# Treaty on European Union, art. 52; Council Directive 2006/112/EC, art. 5. Greece is GR here and EL in its VAT ids.
_MEMBERS: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU: Final = frozenset(_MEMBERS.split())

# Where a business with a tax id accounts for the tax on services from abroad itself, and the seller charges none:
# Directive 2006/112/EC art. 196; United Kingdom VAT Act 1994 s. 8; Australia GST Act 1999 s. 9-25(7) and 84-5;
# New Zealand GST Act 1985 s. 8(4D); Singapore GST Act 1993 s. 14; India IGST Act 2017 s. 5(3), notification 10/2017;
# Norway VAT Act 2009 s. 3-30 and 11-3.
_RECIPIENT_ACCOUNTS: Final = EU | {"GB", "AU", "NZ", "SG", "IN", "NO"}

# Directive 2006/112/EC art. 7: these count as part of another country; art. 6: these Spanish ones as outside the Union
# (their codes are those that ISO 3166-1 reserves for them).
_COUNTS_AS: Final = {
    ("MC", ""): "FR", ("IM", ""): "GB", ("ES", "CE"): "EA", ("ES", "ML"): "EA",
    **{("ES", island): "IC" for island in ("CN", "GC", "TF")},  # the community, and each of its two provinces
}  # fmt: skip

_OTHER_NAMES: Final = {
    "AU": "GST", "NZ": "GST", "SG": "GST", "IN": "GST", "CA": "GST", "US": "Sales tax", "JP": "Consumption tax",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An ISO 3166-1 country and a region in it ("CA", or "CA-SF" for a place inside that); "" where it has none."""

    country: str
    region: str = ""

    def chain(self) -> tuple[str, ...]:
        """Its region, what that lies in, and the whole country: CA-SF, CA, "" — the nearest first."""
        parent, separator, _ = self.region.partition("-")
        nearest = (self.region, parent) if separator else (self.region,)
        return tuple(dict.fromkeys((*nearest, "")))

    def territory(self) -> "Place":
        """The place that VAT law takes it for: Monaco is France, the Canary Islands are not in the Union."""
        for region in self.chain():
            country = _COUNTS_AS.get((self.country, region))
            if country is not None:
                return Place(country)
        return self

    @property
    def in_eu(self) -> bool:
        """Whether it lies in the Union; ask a territory."""
        return self.country in EU

    @property
    def recipient_accounts(self) -> bool:
        """Whether a business there accounts for the tax on what a foreign seller supplies to it."""
        return self.country in _RECIPIENT_ACCOUNTS

    @property
    def tax_name(self) -> str:
        """What its tax is called where no rate is charged that would say so."""
        return _OTHER_NAMES.get(self.country, "VAT")


def countries_taxed_as(country: str) -> tuple[str, ...]:
    """The country and those that VAT law takes for it, in whole or in part."""
    return (country, *sorted({there for (there, _), counts in _COUNTS_AS.items() if counts == country}))


def lies_in(region: str, other: str) -> bool:
    """Whether a region is the other one or a place inside it; every region lies in "", the whole country."""
    return not other or region == other or region.startswith(f"{other}-")
