"""Why an invoice line is what it is: every step from the price to the tax, so that anybody gets the same minor unit.

Each step names its inputs and the versions they came from. A step that splits a whole over several lines carries the
claims of all of them, because which line gets an odd minor unit follows from all claims together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from domain.catalog.discount import PPM, Working, ranked
from domain.ids import CouponRedemptionId, PlanVersionId, PriceId
from domain.invoices.line import COMMITMENT, TAX_CORRECTED, Derivation, Line, LineRef
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart
from domain.invoices.rate import discountable
from domain.money import Money, round_half_even, share, total
from domain.tax.apportion import apportion

_BACK = frozenset({"unused", "unused_days"})  # formulas of credits
_BY_INVOICE = "invoice"  # the rounding of a tax that is rounded once on its sum over all lines


class LineKind(StrEnum):
    """What sort of line it is."""

    FULL_PERIOD = "full_period"
    PRORATED = "prorated"  # the rest of a period: a change of plan or of seats
    UNUSED_TIME = "unused_time"  # a part of an earlier charge, given back
    WRITTEN = "written"  # by staff
    TRUE_UP = "true_up"  # what was committed to and not billed
    TAX_CORRECTION = "tax_correction"  # the tax of an earlier charge as it should have been, less what was charged


class TaxFormula(StrEnum):
    """How the tax of a line follows from its rate."""

    OF_NET = "of_net"  # rate x what it costs before tax
    OF_GROSS = "of_gross"  # the tax that the price holds
    REVERSED = "reversed"  # the share of what was left of the tax of the charge that is given back
    CORRECTED = "corrected"  # all that is left of an old tax taken back, or a new one put in its place


@dataclass(frozen=True, slots=True)
class DiscountStep:
    """A coupon's part in a line: ``weights`` are what was left of each line that it reduced, this one at ``place``."""

    redemption: CouponRedemptionId
    name: str
    working: Working
    weights: tuple[int, ...]
    place: int

    @property
    def exact(self) -> Fraction:
        """Minor units before rounding."""
        return Fraction(self.working.whole.minor * self.working.weight.minor, self.working.base.minor)

    def evaluate(self) -> Money:
        """What is taken off: parts of the whole, by largest remainder of those that got some."""
        whole, base = self.working.whole, self.working.base.minor
        claims = [Fraction(whole.minor * weight, base) for weight in self.weights]
        return Money(apportion(whole.minor, claims)[self.place], whole.currency)

    @property
    def residue(self) -> Fraction:
        """What rounding took away: exact less evaluated."""
        return self.exact - self.evaluate().minor


@dataclass(frozen=True, slots=True)
class TaxStep:
    """One tax: ``exact`` is it in minor units before rounding; ``peers`` those of all lines it was rounded over."""

    rate: UUID | None
    name: str
    treatment: str
    rate_ppm: int
    formula: TaxFormula
    basis: Money
    whole: int
    peers: tuple[Fraction, ...]
    place: int

    @property
    def exact(self) -> Fraction:
        """Minor units before rounding."""
        return self.peers[self.place]

    def evaluate(self) -> Money:
        """The tax: rounded half to even, once, on its own or on the sum of its peers."""
        sum_of_all = sum(self.peers, Fraction(0))
        rounded = round_half_even(sum_of_all.numerator, sum_of_all.denominator)
        return Money(apportion(rounded, self.peers)[self.place], self.basis.currency)

    @property
    def residue(self) -> Fraction:
        """What rounding took away: exact less evaluated."""
        return self.exact - self.evaluate().minor


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an explanation comes to."""

    list_amount: Money
    discount: Money
    amount: Money
    taxes: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All steps of a line, and the versions of what they were worked out from."""

    kind: LineKind
    unit_amount: Money
    quantity: int
    derivation: Derivation
    price: PriceId | None
    plan_version: PlanVersionId | None
    credits: LineRef | None
    discounts: tuple[DiscountStep, ...]
    taxes: tuple[TaxStep, ...]

    @property
    def whole(self) -> Money:
        """What the whole span costs: of a charge the units at their price, else what the derivation says."""
        by_units = self.kind in (LineKind.FULL_PERIOD, LineKind.PRORATED, LineKind.WRITTEN)
        return self.unit_amount * self.quantity if by_units else self.derivation.price

    @property
    def exact(self) -> Fraction:
        """Minor units of the list amount before rounding, signed as the line is."""
        of = self.derivation
        return Fraction((-1 if of.formula in _BACK else 1) * self.whole.minor * of.numerator, of.denominator)

    @property
    def residue(self) -> Fraction:
        """What rounding took away of the list amount."""
        return self.exact - evaluate(self).list_amount.minor


def evaluate(of: Explanation) -> Evaluated:
    """The amounts of the line, from nothing but its explanation."""
    part = share(of.derivation.numerator, of.derivation.denominator, of.whole)
    listed = -part if of.derivation.formula in _BACK else part
    discount = total((step.evaluate() for step in of.discounts), part.currency)
    return Evaluated(listed, discount, listed - discount, tuple(step.evaluate() for step in of.taxes))


def explain(lines: Sequence[Line]) -> tuple[Explanation, ...]:
    """The explanation of each line of one invoice; they explain each other, so all of them are needed."""
    order = ranked([discountable(line) for line in lines])
    return tuple(
        Explanation(
            kind=kind_of(line),
            unit_amount=line.unit_amount,
            quantity=line.quantity,
            derivation=line.derivation,
            price=line.price,
            plan_version=line.plan_version,
            credits=line.credits,
            discounts=tuple(step for each in line.reductions if (step := _discount(lines, order, place, each))),
            taxes=tuple(_tax(lines, place, part) for part in line.components),
        )
        for place, line in enumerate(lines)
    )


def explains(lines: Sequence[Line]) -> bool:
    """Whether every line's explanation comes to what the line says."""
    return all(_says(line, evaluate(of)) for line, of in zip(lines, explain(lines), strict=True))


def _says(line: Line, found: Evaluated) -> bool:
    kept = all(each.working_is_kept for each in line.reductions)  # a row of before its working was kept has none
    amounts = found.list_amount == line.list_amount and (not kept or found.discount == line.discount)
    return amounts and found.taxes == tuple(part.amount for part in line.components)


def kind_of(line: Line) -> LineKind:
    """What sort of line it is."""
    of = line.derivation
    if of.formula in _BACK:
        return LineKind.UNUSED_TIME
    if of.formula == COMMITMENT:
        return LineKind.TRUE_UP
    if of.formula == TAX_CORRECTED:
        return LineKind.TAX_CORRECTION
    if line.price is None:
        return LineKind.WRITTEN
    return LineKind.FULL_PERIOD if of.is_whole else LineKind.PRORATED


def _discount(lines: Sequence[Line], order: Sequence[int], place: int, of: Reduction) -> DiscountStep | None:
    if of.base is None or of.weight is None:
        return None
    claims = {at: each for at in order for each in lines[at].reductions if each.redemption == of.redemption}
    weights = tuple(each.weight.minor for each in claims.values() if each.weight is not None)
    working = Working(of.percent_ppm, of.fixed, of.base, of.weight)
    return DiscountStep(of.redemption, of.name, working, weights, list(claims).index(place))


def _tax(lines: Sequence[Line], place: int, of: TaxPart) -> TaxStep:
    line = lines[place]
    exact, formula, basis, whole = _exact(line, of)
    peers: tuple[Fraction, ...] = (exact,)
    own = 0
    if of.rounding == _BY_INVOICE and formula in (TaxFormula.OF_NET, TaxFormula.OF_GROSS):
        met = [(at, part) for at, each in enumerate(lines) for part in each.components
               if each.credits is None and _same_tax(part, of)]  # fmt: skip
        peers = tuple(_exact(lines[at], part)[0] for at, part in met)
        own = met.index((place, of))
    return TaxStep(of.rate, of.name, of.treatment, of.rate_ppm, formula, basis, whole, peers, own)


def _same_tax(one: TaxPart, other: TaxPart) -> bool:
    taxes = [(each.rate, each.name, each.treatment, each.rate_ppm) for each in (one, other)]
    return taxes[0] == taxes[1]


def _exact(line: Line, of: TaxPart) -> tuple[Fraction, TaxFormula, Money, int]:
    """The tax before rounding, how it follows, what it is taken of, and of how many parts of that."""
    if line.derivation.formula == TAX_CORRECTED:
        return Fraction(of.amount.minor), TaxFormula.CORRECTED, abs(of.amount), 1
    if of.of_amount is not None and of.of_tax is not None:
        left = of.of_amount.minor
        exact = Fraction(line.amount.minor * of.of_tax.minor, left) if left else Fraction(-of.of_tax.minor)
        return exact, TaxFormula.REVERSED, of.of_tax, left
    if line.credits is not None:  # of before its working was kept
        return Fraction(of.amount.minor), TaxFormula.REVERSED, abs(of.amount), abs(line.amount.minor)
    charged = sum(part.rate_ppm for part in line.components) if line.tax_inclusive else 0
    formula = TaxFormula.OF_GROSS if line.tax_inclusive else TaxFormula.OF_NET
    return Fraction(line.amount.minor * of.rate_ppm, PPM + charged), formula, line.amount, PPM + charged
