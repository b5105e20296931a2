"""What a corrected rate changes on an invoice that was issued: the difference to what is still charged, line by line.

Pure: whoever issues the credit note or the adjustment invoice reads the lines, asks again, and takes the difference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.ids import TaxRateId
from domain.money import Currency, Money, total
from domain.tax.decision import TaxComponent, TaxDecision
from domain.tax.rate import Rate
from domain.tax.reverse import remaining

_Levied = Mapping[TaxRateId, tuple[str, str]]  # the country and the region of each rate


class Way(StrEnum):
    """What is to be done about a difference."""

    NOTHING = "nothing"
    CREDIT = "credit"  # too much was charged
    CHARGE = "charge"  # too little was charged
    REPOST = "repost"  # prices held their tax: what is owed stays, what of it is tax does not


@dataclass(frozen=True, slots=True)
class Standing:
    """A charge as it stands now: its components are what is left of its taxes after what was given back of it.

    ``amount`` and ``given_back`` count as the line does, with the tax where that is included.
    """

    position: int
    amount: Money
    inclusive: bool
    given_back: Money
    components: tuple[TaxComponent, ...]


@dataclass(frozen=True, slots=True)
class LineCorrection:
    """What a line is to be changed by, signed: net + tax = gross. ``components`` take the old taxes back, then add."""

    position: int
    net: Money
    tax: Money
    gross: Money
    components: tuple[TaxComponent, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """The lines that are to change; none where today's rates give what is charged."""

    currency: Currency
    lines: tuple[LineCorrection, ...]

    @property
    def tax(self) -> Money:
        """By how much the tax changes."""
        return total((line.tax for line in self.lines), self.currency)

    @property
    def gross(self) -> Money:
        """By how much changes what the customer owes."""
        return total((line.gross for line in self.lines), self.currency)

    @property
    def way(self) -> Way:
        """What is to be done about it."""
        if not self.lines:
            return Way.NOTHING
        return Way.CREDIT if self.gross.minor < 0 else Way.CHARGE if self.gross.minor else Way.REPOST


def difference(
    currency: Currency, standing: Sequence[Standing], today: TaxDecision, before: TaxDecision | None = None,
    rates: Iterable[Rate] = (),
) -> Correction:  # fmt: skip
    """What makes of the charges as they stand what today's decision says of the same lines.

    Of a charge that was given back in part, only what is left of it is corrected; of one that is gone, nothing. Nor is
    one that ``before``, the decision that stands, decided as today does: how its parts were rounded when they were
    given back is no mistake. ``rates`` are those that all of these decisions chose from: what is owed to another
    country or region is a difference, though it may be as much.
    """
    levied = {rate.id: (rate.country, rate.region) for rate in rates}
    decided = {line.position: line.components for line in today.lines}
    earlier = {line.position: line.components for line in before.lines} if before else {}
    found = [
        _corrected(line, decided[line.position], levied)
        for line in standing
        if line.given_back != line.amount
        and not _stands(line, earlier.get(line.position), decided[line.position], levied)
    ]
    return Correction(currency, tuple(line for line in found if line.components))


def _stands(
    line: Standing, before: tuple[TaxComponent, ...] | None, today: tuple[TaxComponent, ...], levied: _Levied
) -> bool:
    """Whether the line bears the taxes of the decision that stands, and that decision is today's."""
    if not line.components and not any(each.amount.minor for each in today):
        return True  # nothing was asked when it was issued, and nothing was owed
    if before is None or _facts(before, levied) != _facts(today, levied):
        return False
    return _names(line.components, levied) == _names(today, levied)


def _corrected(line: Standing, decided: tuple[TaxComponent, ...], levied: _Levied) -> LineCorrection:
    right = remaining(decided, line.amount, line.given_back) if line.given_back.minor else decided
    same = _facts(right, levied) == _facts(line.components, levied)
    back = [replace(each, taxable=-each.taxable, amount=-each.amount) for each in line.components]
    tax = total((each.amount for each in (*back, *right)), line.amount.currency)
    nothing = Money.zero(line.amount.currency)
    net, gross = (-tax, nothing) if line.inclusive else (nothing, tax)
    return LineCorrection(line.position, net, tax, gross, () if same else (*back, *right))


def _facts(components: Iterable[TaxComponent], levied: _Levied) -> list[tuple[object, ...]]:
    """What of components a customer or an authority would notice; another version of the same rate is no difference."""
    return sorted((*_name(each, levied), each.amount.minor) for each in components)


def _names(components: Iterable[TaxComponent], levied: _Levied) -> list[tuple[object, ...]]:
    return sorted(_name(each, levied) for each in components)


def _name(of: TaxComponent, levied: _Levied) -> tuple[object, ...]:
    where = levied.get(of.rate_id, ()) if of.rate_id else ()
    return of.name, of.treatment.value, of.rate_ppm, where
