"""The built-in tax engine: where a sale is taxed, at which rates, and how it is rounded. Pure: all it needs is asked.

Rules of place follow Council Directive 2006/112/EC for the Union (art. 44, 58, 59c, 196) and destination elsewhere.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.ids import TaxRateId
from domain.money import Money, round_half_even, total
from domain.tax.apportion import apportion
from domain.tax.decision import (
    LineTax,
    Rounding,
    TaxableLine,
    TaxComponent,
    TaxDecision,
    TaxQuestion,
    Treatment,
    totals,
)
from domain.tax.place import Place, lies_in
from domain.tax.rate import Rate, applicable
from domain.tax.registration import Scheme

PER_WHOLE = 1_000_000  # rates are parts per million: 9.975 % is 99_750, and no tax law writes more digits
REGION_UNKNOWN = "region_unknown"  # a note for staff: the seller is registered in regions, and the buyer named none
_SAID = (Treatment.REVERSE_CHARGE, Treatment.EXPORT, Treatment.EXEMPT)  # what an invoice must give the reason for


class NoTaxRate(ValueError):
    """The seller is registered where the sale is taxed, and no rate is published for it at that time."""

    def __init__(self, place: Place, category: str) -> None:
        super().__init__(f"no rate for {category} in {'-'.join(filter(None, (place.country, place.region)))}")
        self.place = place
        self.category = category


@dataclass(frozen=True, slots=True)
class _Part:
    """A component before rounding: its exact tax in minor units."""

    rate_id: TaxRateId | None
    name: str
    treatment: Treatment
    rate_ppm: int
    exact: Fraction

    @property
    def tax(self) -> tuple[object, ...]:
        """What is summed as one tax over the lines, as ``totals`` does."""
        return self.rate_id, self.name, self.treatment, self.rate_ppm


def decide(question: TaxQuestion) -> TaxDecision:
    """The tax on each line of the question; NoTaxRate where a rate is owed that nobody published."""
    where = _where(question)
    parts = [_parts(question, where, line) for line in question.lines]
    rounded = _by_line(parts) if question.rounding is Rounding.LINE else _by_invoice(parts)
    lines = tuple(
        _line_tax(line, own, amounts) for line, own, amounts in zip(question.lines, parts, rounded, strict=True)
    )
    return TaxDecision(
        lines, totals(each for line in lines for each in line.components), _notes(question, where, lines)
    )


def _where(question: TaxQuestion) -> Place | Treatment:
    """The place whose rates the sale meets, or why it meets none."""
    home, there = question.seller.territory(), question.buyer.territory()
    if there.country == home.country:
        return there
    at_home = _known_in(question, home.country) or (home.in_eu and _in_oss(question))
    if home.in_eu and there.in_eu:
        return _within_union(question, home, there) if at_home else Treatment.UNREGISTERED
    if _obliged(question, there):
        id_place = _id_place(question)
        known = id_place is not None and (id_place.in_eu if there.in_eu else id_place.country == there.country)
        return Treatment.REVERSE_CHARGE if known and there.recipient_accounts else there
    return Treatment.EXPORT if at_home else Treatment.UNREGISTERED


def _within_union(question: TaxQuestion, home: Place, there: Place) -> Place | Treatment:
    """Services across a border of the Union.

    To a business with a VAT id of another member state: its own country (art. 44), and it accounts for it (art. 196).
    To a consumer: the consumer's country (art. 58) if the seller declares there or in the one-stop shop, else the
    seller's (art. 59c, the threshold). A business known by an id of the seller's country is taxed there.
    """
    id_place = _id_place(question)
    if id_place is not None and id_place.in_eu:
        return home if id_place.country == home.country else Treatment.REVERSE_CHARGE
    return there if _obliged(question, there) else home


def _id_place(question: TaxQuestion) -> Place | None:
    return Place(question.tax_id_country).territory() if question.tax_id_country else None


def _known_in(question: TaxQuestion, country: str) -> bool:
    """Whether the seller is registered anywhere in the country."""
    own = (each for each in question.registrations if each.scheme is not Scheme.OSS)
    return any(each.country == country and each.holds(question.at) for each in own)


def _in_oss(question: TaxQuestion) -> bool:
    return any(each.scheme is Scheme.OSS and each.holds(question.at) for each in question.registrations)


def _obliged(question: TaxQuestion, place: Place) -> bool:
    """Whether the seller is registered with an authority that the place lies under."""
    own = (each for each in question.registrations if each.scheme is not Scheme.OSS and each.holds(question.at))
    here = any(each.country == place.country and lies_in(place.region, each.region) for each in own)
    return here or _declares_there(question, place)


def _declares_there(question: TaxQuestion, place: Place) -> bool:
    """The one-stop shop covers every member state but the seller's own."""
    return place.in_eu and place.country != question.seller.territory().country and _in_oss(question)


def _parts(question: TaxQuestion, where: Place | Treatment, line: TaxableLine) -> tuple[_Part, ...]:
    if isinstance(where, Treatment):
        return (_untaxed(question, where),)
    treated = [(rate, _treatment(question, rate, line.category)) for rate in _owed(question, where, line.category)]
    if not treated:
        return (_untaxed(question, Treatment.UNREGISTERED),)
    charged = sum(rate.rate_ppm for rate, treatment in treated if treatment is Treatment.STANDARD)
    whole = PER_WHOLE + charged if line.inclusive else PER_WHOLE
    parts = []
    for rate, treatment in treated:
        ppm = rate.rate_ppm if treatment is Treatment.STANDARD else 0
        parts.append(_Part(rate.id, rate.name, treatment, ppm, Fraction(line.amount.minor * ppm, whole)))
    return tuple(parts)


def _untaxed(question: TaxQuestion, treatment: Treatment) -> _Part:
    """Nothing, under the name of the tax that is not charged."""
    whose = question.seller if treatment is Treatment.EXPORT else question.buyer
    return _Part(None, whose.territory().tax_name, treatment, 0, Fraction(0))


def _owed(question: TaxQuestion, place: Place, category: str) -> list[Rate]:
    """The rates of the place whose authorities the seller is registered with."""
    found = applicable(question.rates, place, category, question.buyer_kind, question.at)
    if place.country == "IN":
        found = _of_india(found, question.seller, place)
    if not found and _obliged(question, place):
        raise NoTaxRate(place, category)
    own = [each for each in question.registrations if each.scheme is not Scheme.OSS and each.holds(question.at)]
    with_whom = {(each.country, each.region) for each in own}
    if _declares_there(question, place):
        with_whom.add((place.country, ""))
    return [rate for rate in found if (rate.country, rate.authority) in with_whom]


def _of_india(found: tuple[Rate, ...], seller: Place, place: Place) -> tuple[Rate, ...]:
    """Central and state tax inside a state, integrated tax otherwise: India, IGST Act 2017 s. 7 and 8."""
    inside = seller.country == "IN" and seller.chain()[-2:] == place.chain()[-2:] and place.region != ""
    others = ("IGST",) if inside else ("CGST", "SGST", "UTGST")
    return tuple(rate for rate in found if rate.component not in others)


def _treatment(question: TaxQuestion, rate: Rate, category: str) -> Treatment:
    authority = Place(rate.country, rate.authority)
    if rate.exempt or any(each.covers(authority, category, question.at) for each in question.exemptions):
        return Treatment.EXEMPT
    return Treatment.STANDARD if rate.rate_ppm else Treatment.ZERO


def _by_line(parts: Sequence[tuple[_Part, ...]]) -> list[list[int]]:
    return [[_rounded(part.exact) for part in own] for own in parts]


def _by_invoice(parts: Sequence[tuple[_Part, ...]]) -> list[list[int]]:
    """Each tax rounded once on its sum; the lines get parts of that."""
    places = defaultdict(list)
    for line, own in enumerate(parts):
        for component, part in enumerate(own):
            places[part.tax].append((line, component))
    amounts = [[0] * len(own) for own in parts]
    for met in places.values():
        exact = [parts[line][component].exact for line, component in met]
        shares = apportion(_rounded(sum(exact, Fraction(0))), exact)
        for (line, component), amount in zip(met, shares, strict=True):
            amounts[line][component] = amount
    return amounts


def _rounded(exact: Fraction) -> int:
    return round_half_even(exact.numerator, exact.denominator)


def _line_tax(line: TaxableLine, parts: tuple[_Part, ...], amounts: list[int]) -> LineTax:
    taxes = [Money(amount, line.amount.currency) for amount in amounts]
    tax = total(taxes, line.amount.currency)
    net = line.amount - tax if line.inclusive else line.amount
    components = tuple(
        TaxComponent(part.rate_id, part.name, part.treatment, part.rate_ppm, net, amount)
        for part, amount in zip(parts, taxes, strict=True)
    )
    return LineTax(line.position, net, tax, net + tax, components)


def _notes(question: TaxQuestion, where: Place | Treatment, lines: Sequence[LineTax]) -> tuple[str, ...]:
    met = {component.treatment for line in lines for component in line.components}
    notes = [treatment.value for treatment in _SAID if treatment in met]
    there = question.buyer.territory()
    by_region = any(each.country == there.country and each.region for each in question.registrations)
    if by_region and not there.region and not isinstance(where, Treatment):
        notes.append(REGION_UNKNOWN)
    return tuple(notes)
