"""The tax of an invoice, reckoned a second time from the law of two countries: nothing of the house's own is used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from uuid import UUID

MILLION = 1_000_000
HOME, ABROAD = "DE", "FR"  # where the sandbox entity is registered: at home, and in another member state
COUNTRIES = (HOME, ABROAD)
UNION = frozenset({"DE", "FR", "AT"})  # of the places where customers live


@dataclass(frozen=True)
class PublishedRate:
    """A version of a rate, and the wall time from which on it was known."""

    id: UUID
    country: str
    category: str
    kind: str
    ppm: int
    effective_from: datetime
    version: int
    known_from: datetime


@dataclass
class Certificate:
    """What frees a customer from the tax of a country."""

    country: str
    category: str
    valid_from: datetime
    valid_until: datetime | None


@dataclass
class TaxPayer:
    """A customer as tax offices see it."""

    country: str
    ids: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)

    @property
    def known_in(self) -> str | None:
        """The country of the tax id that counts: that of its own, else the first by name."""
        countries = sorted(self.ids.values())
        return self.country if self.country in countries else next(iter(countries), None)


def place_of(payer: TaxPayer) -> str | None:
    """The country whose rates a service meets that is sold from home; None where none is charged."""
    where, known_in = payer.country, payer.known_in
    if where == HOME:
        return HOME
    if where not in UNION:
        return None  # exported
    if known_in is not None:
        return HOME if known_in == HOME else None  # the business accounts for it
    return where if where in COUNTRIES else HOME


def rate_of(
    rates: Iterable[PublishedRate], country: str, category: str, kind: str, at: datetime, known: datetime
) -> PublishedRate:
    """The rate in force: the latest begun, of these the last version; for such a customer before for any."""
    in_force = [each for each in rates if each.country == country and each.effective_from <= at]
    in_force = [each for each in in_force if each.known_from <= known]
    for wanted in (category, "standard"):
        for whose in (kind, "any"):
            fitting = [each for each in in_force if (each.category, each.kind) == (wanted, whose)]
            if fitting:
                return max(fitting, key=lambda each: (each.effective_from, each.version))
    raise AssertionError(f"no rate for {category} in {country} at {at}")


@dataclass(frozen=True)
class Taxable:
    """A charge: what it adds to the invoice, with the tax or without."""

    amount: int
    inclusive: bool
    category: str


def exact_taxes(
    charges: Sequence[Taxable], payer: TaxPayer, rates: Iterable[PublishedRate], at: datetime, known: datetime
) -> list[tuple[UUID | None, int, Fraction]]:
    """Of each charge the rate, its parts in a million, and the tax before any rounding."""
    country, kind = place_of(payer), "business" if payer.known_in else "consumer"
    found: list[tuple[UUID | None, int, Fraction]] = []
    for charge in charges:
        if country is None:
            found.append((None, 0, Fraction(0)))
            continue
        rate = rate_of(rates, country, charge.category, kind, at, known)
        ppm = 0 if _is_free(payer, country, charge.category, at) else rate.ppm
        whole = MILLION + ppm if charge.inclusive else MILLION
        found.append((rate.id, ppm, Fraction(charge.amount * ppm, whole)))
    return found


def _is_free(payer: TaxPayer, country: str, category: str, at: datetime) -> bool:
    return any(
        each.country == country and each.category in ("", category) and each.valid_from <= at
        and (each.valid_until is None or at < each.valid_until)
        for each in payer.certificates.values()
    )  # fmt: skip
