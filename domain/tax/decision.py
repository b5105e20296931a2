"""What is asked of a tax engine and what it answers: frozen values that ``domain.wire`` stores and reads exactly.

A question holds all that the answer follows from, and no personal data: the buyer is a token, a place and a kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.ids import TaxExemptionId, TaxRateId
from domain.money import Money
from domain.tax.place import Place
from domain.tax.rate import CustomerKind, Rate
from domain.tax.registration import Registration


class Rounding(StrEnum):
    """Where tax is rounded, half to even: each component of each line, or each rate once over the whole invoice."""

    LINE = "line"
    INVOICE = "invoice"


class Treatment(StrEnum):
    """Why a component is what it is; all but STANDARD are nothing."""

    STANDARD = "standard"
    ZERO = "zero"  # taxed, at 0 %
    EXEMPT = "exempt"  # by law for what is sold, or by a certificate of the buyer
    REVERSE_CHARGE = "reverse_charge"  # the buyer accounts for it
    EXPORT = "export"  # supplied outside the territory of the seller's tax
    UNREGISTERED = "unregistered"  # the seller is not registered where it would be taxed


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """A line after discounts; a credit is negative. ``inclusive`` says that the amount holds the tax already."""

    position: int
    category: str
    amount: Money
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Exemption:
    """A buyer's certificate: for a country or one of its regions, for a category ("" is any), from and until when.

    One for a country frees from the tax of the country, as Canada's GST. From what states or provinces levy on their
    own, certificates of theirs free, one each (in the United States all of them are of this kind): ``all_regions`` is
    one that says it holds in all of them. Questions of before it was asked meant that.
    """

    id: TaxExemptionId
    country: str
    region: str
    category: str
    valid_from: datetime
    valid_until: datetime | None
    all_regions: bool = True

    def covers(self, authority: Place, category: str, at: datetime) -> bool:
        """Whether it frees a sale of that category from what the authority levies then; the end does not belong."""
        levied_by = authority.chain() if self.region or self.all_regions else (authority.region,)
        here = self.country == authority.country and self.region in levied_by
        in_time = self.valid_from <= at and (self.valid_until is None or at < self.valid_until)
        return here and in_time and self.category in ("", category)


@dataclass(frozen=True, slots=True)
class TaxQuestion:
    """All that a decision follows from; ``tax_id_country`` is where the buyer's valid tax id was given, if it has one.

    ``rates`` may hold more than apply; ``at`` is the tax point.
    """

    seller: Place
    registrations: tuple[Registration, ...]
    buyer_token: str
    buyer: Place
    buyer_kind: CustomerKind
    tax_id_country: str | None
    exemptions: tuple[Exemption, ...]
    at: datetime
    rounding: Rounding
    rates: tuple[Rate, ...]
    lines: tuple[TaxableLine, ...]


@dataclass(frozen=True, slots=True)
class TaxComponent:
    """One tax on one line: amount is what the rate makes of the taxable amount, both signed as the line is."""

    rate_id: TaxRateId | None
    name: str
    treatment: Treatment
    rate_ppm: int
    taxable: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class LineTax:
    """A line with its tax: net + tax = gross, and tax is the sum of its components."""

    position: int
    net: Money
    tax: Money
    gross: Money
    components: tuple[TaxComponent, ...]


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """One tax over all lines."""

    name: str
    treatment: Treatment
    rate_ppm: int
    rate_id: TaxRateId | None
    taxable: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class TaxDecision:
    """The answer: one entry a line in the order asked, one total a tax, and codes of what a document must say."""

    lines: tuple[LineTax, ...]
    summary: tuple[TaxTotal, ...]
    notes: tuple[str, ...]


class TaxPort(Protocol):
    """Whoever decides taxes; ``domain.tax.decide.decide`` is the one built in."""

    def __call__(self, question: TaxQuestion) -> TaxDecision:
        """The decision on the question: the same one for the same question, whenever it is asked."""
        ...


def totals(components: Iterable[TaxComponent]) -> tuple[TaxTotal, ...]:
    """The components of many lines, summed by tax in the order in which each is first met."""
    found: dict[tuple[object, ...], TaxTotal] = {}
    for each in components:
        tax = (each.rate_id, each.name, each.treatment, each.rate_ppm)
        before = found.get(tax)
        taxable = before.taxable + each.taxable if before else each.taxable
        amount = before.amount + each.amount if before else each.amount
        found[tax] = TaxTotal(each.name, each.treatment, each.rate_ppm, each.rate_id, taxable, amount)
    return tuple(found.values())
