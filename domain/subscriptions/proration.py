"""What a change in the middle of a period costs: per second or per day, each line rounded once, half to even.

A share is always taken of the price that stands on the invoiced line, over the whole time that price was for; never of
today's price and never of a share that was rounded before. So what is used and what is credited make exactly what was
invoiced, a chain of changes costs the sum of its constant segments, and a change undone at once costs nothing.

Counted in days, a change takes effect with the calendar day it falls on: that whole day is on the new terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from fractions import Fraction

from domain.money import Currency, Money, share, total
from domain.period import Period, local_date, require_pinned, seconds_between


class OutsidePeriod(ValueError):
    """The instant of the change does not lie in the period it is charged for."""


class Formula(Enum):
    """How the amount of a line follows from its derivation."""

    UNUSED = "unused"  # -(price x seconds not used / seconds the price was for)
    REST = "rest"  # price x seconds left / seconds of the period
    UNUSED_DAYS = "unused_days"  # the same two in calendar days
    REST_DAYS = "rest_days"


@dataclass(frozen=True, slots=True)
class Ruler:
    """What parts of a period are counted in: seconds, or the calendar days of a zone."""

    zone: str | None = None

    def between(self, start: datetime, end: datetime) -> int:
        """How much lies between two pinned instants, negative when the end is earlier."""
        if self.zone is None:
            return seconds_between(start, end)
        return (local_date(require_pinned(end), self.zone) - local_date(require_pinned(start), self.zone)).days

    @property
    def unused(self) -> Formula:
        """The formula of a credit that was counted with it."""
        return Formula.UNUSED if self.zone is None else Formula.UNUSED_DAYS

    @property
    def rest(self) -> Formula:
        """The formula of a charge that was counted with it."""
        return Formula.REST if self.zone is None else Formula.REST_DAYS


SECONDS = Ruler()


CREDITS = frozenset({Formula.UNUSED, Formula.UNUSED_DAYS})


@dataclass(frozen=True, slots=True)
class PeriodPrice:
    """The price of one whole period: unit price x quantity - discount, none of them negative (ValueError)."""

    unit: Money
    quantity: int = 1
    discount: Money | None = None

    def __post_init__(self) -> None:
        if self.unit.minor < 0 or self.quantity < 0 or (self.discount is not None and self.discount.minor < 0):
            raise ValueError("a unit price, a quantity and a discount are not negative")
        if self.net.minor < 0:
            raise ValueError("a discount does not exceed the price")

    @property
    def net(self) -> Money:
        """What a whole period costs."""
        gross = self.unit * self.quantity
        return gross if self.discount is None else gross - self.discount


@dataclass(frozen=True, slots=True)
class Basis:
    """A price and how many units of its ruler, seconds or days, it was for."""

    price: Money
    units: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A span for which an amount was invoiced: net of discounts and of credit notes, never negative.

    `basis` is given when the line was itself prorated and nothing was taken off it since; the amount must then be its
    share (ValueError). Without it the amount is its own basis. A slice in days may have none left: it was free.
    """

    start: datetime
    end: datetime
    amount: Money
    basis: Basis | None = None
    ruler: Ruler = SECONDS

    def __post_init__(self) -> None:
        if self.amount.minor < 0:
            raise ValueError("an invoiced amount is not negative")
        units = self.units  # which a slice without length does not have
        if self.basis and share(units, self.basis.units, self.basis.price) != self.amount:
            raise ValueError("the amount is not the share of its basis")

    @property
    def period(self) -> Period:
        """Its span; ValueError when it is empty or not pinned."""
        return Period(self.start, self.end)

    @property
    def units(self) -> int:
        """Its length by its ruler."""
        return self.ruler.between(self.period.start, self.period.end)

    @property
    def source(self) -> Basis:
        """What its shares are taken of."""
        return self.basis or Basis(self.amount, self.units or 1)


@dataclass(frozen=True, slots=True)
class Derivation:
    """Why a line has its amount: formula, price, units counted of how many; `evaluate` gives the amount again."""

    formula: Formula
    price: Money
    numerator: int
    denominator: int

    @property
    def exact(self) -> Fraction:
        """Minor units before rounding, with the sign of the line."""
        sign = -1 if self.formula in CREDITS else 1
        return Fraction(sign * self.price.minor * self.numerator, self.denominator)

    @property
    def residue(self) -> Fraction:
        """What rounding took away (exact - amount), between -1/2 and 1/2 minor unit."""
        return self.exact - self.evaluate().minor

    def evaluate(self) -> Money:
        """The amount of the line: a credit is negative."""
        amount = share(self.numerator, self.denominator, self.price)
        return -amount if self.formula in CREDITS else amount


@dataclass(frozen=True, slots=True)
class ProrationLine:
    """One line of an invoice: what it is for, its signed amount and its derivation."""

    start: datetime
    end: datetime
    amount: Money
    derivation: Derivation

    @property
    def is_credit(self) -> bool:
        """Whether it gives back unused time."""
        return self.derivation.formula in CREDITS


@dataclass(frozen=True, slots=True)
class ProrationQuote:
    """The lines of one change at one instant, credits first; `live` is the slice that the next change starts from."""

    at: datetime
    currency: Currency
    lines: tuple[ProrationLine, ...]
    live: Slice | None

    @property
    def credit(self) -> Money:
        """What is given back, as a positive amount."""
        return -total((line.amount for line in self.lines if line.is_credit), self.currency)

    @property
    def charge(self) -> Money:
        """What the new terms cost."""
        return total((line.amount for line in self.lines if not line.is_credit), self.currency)

    @property
    def net(self) -> Money:
        """What the change costs; negative when more is given back than charged."""
        return self.charge - self.credit


def unused(invoiced: Slice, at: datetime) -> Money:
    """What was invoiced for the part of the slice after the instant: all of it before the start, 0 from the end on."""
    return -_unused(invoiced, at).evaluate()


def plan_change(
    invoiced: Sequence[Slice], price: PeriodPrice, of: Period, at: datetime, ruler: Ruler = SECONDS
) -> ProrationQuote:
    """New price or quantity from that instant to the end of the period; the instant must lie in it (OutsidePeriod).

    One credit for each slice that has unused time, one charge. Another currency is a CurrencyMismatch.
    """
    if not of.contains(require_pinned(at)):
        raise OutsidePeriod(f"{at.isoformat()} is not in {of.start.isoformat()} to {of.end.isoformat()}")
    derivation = _rest(price.net, of, at, ruler)
    line = ProrationLine(at, of.end, derivation.evaluate(), derivation)
    live = Slice(at, of.end, line.amount, Basis(price.net, derivation.denominator), ruler)
    return _quote(at, price.unit.currency, (*_credits(invoiced, at), line), live)


def cancellation(invoiced: Sequence[Slice], currency: Currency, at: datetime) -> ProrationQuote:
    """An end at that instant: the unused time of every slice is credited, nothing is charged."""
    return _quote(require_pinned(at), currency, _credits(invoiced, at), None)


def _quote(at: datetime, currency: Currency, lines: tuple[ProrationLine, ...], live: Slice | None) -> ProrationQuote:
    total((line.amount for line in lines), currency)  # refuses a mix of currencies before anybody reads the lines
    return ProrationQuote(at, currency, lines, live)


def _credits(invoiced: Sequence[Slice], at: datetime) -> tuple[ProrationLine, ...]:
    lines = []
    for item in invoiced:
        derivation = _unused(item, at)
        if derivation.numerator:
            lines.append(ProrationLine(max(at, item.start), item.end, derivation.evaluate(), derivation))
    return tuple(lines)


def _unused(invoiced: Slice, at: datetime) -> Derivation:
    source, ruler = invoiced.source, invoiced.ruler
    return Derivation(ruler.unused, source.price, _units_left(invoiced.period, at, ruler), source.units)


def _rest(price: Money, of: Period, at: datetime, ruler: Ruler) -> Derivation:
    return Derivation(ruler.rest, price, _units_left(of, at, ruler), ruler.between(of.start, of.end))


def _units_left(of: Period, at: datetime, ruler: Ruler) -> int:
    return min(max(ruler.between(at, of.end), 0), ruler.between(of.start, of.end))
