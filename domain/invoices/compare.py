"""Why one invoice is more or less than another: typed reasons whose amounts sum exactly to the difference.

A charge of the one is laid beside its counterpart of the other, and one factor after the other is changed: price,
quantity, share of the period, discounts, tax. What each step adds is its reason; the steps telescope.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from domain.catalog.discount import PPM
from domain.ids import CouponRedemptionId
from domain.invoices.explanation import LineKind, kind_of
from domain.invoices.line import Line
from domain.money import Currency, Money, round_half_even, total
from domain.period import Cadence

_CHARGES = (LineKind.FULL_PERIOD, LineKind.PRORATED)
_ONE_OFF = (LineKind.WRITTEN, LineKind.TRUE_UP)


class Why(StrEnum):
    """Kinds of reasons."""

    PRICE = "price"
    PERIOD_LENGTH = "period_length"
    QUANTITY = "quantity"
    PRORATION = "proration"
    DISCOUNT_STARTED = "discount_started"
    DISCOUNT_ENDED = "discount_ended"
    DISCOUNT_CHANGED = "discount_changed"
    TAX_RATE = "tax_rate"
    TAX_TREATMENT = "tax_treatment"
    ROUNDING = "rounding"
    ONE_OFF = "one_off"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of an invoice: its position from 1, and how often its price recurs, if it has one."""

    position: int
    line: Line
    cadence: Cadence | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, in money with tax, and the lines it is seen on; ``redemption`` is the coupon's, for a discount."""

    why: Why
    amount: Money
    before: BilledLine | None
    after: BilledLine | None
    redemption: CouponRedemptionId | None = None
    name: str | None = None


def compare(
    before: Sequence[BilledLine], after: Sequence[BilledLine], currency: Currency, *, alike: bool
) -> tuple[Reason, ...]:
    """The reasons for gross(after) - gross(before), none of them zero; both are in the currency.

    ``alike`` says that both bill the same subscription: else no line of the one stands for a line of the other.
    """
    pairs = _pairs(before, after) if alike else []
    paired = {id(each) for pair in pairs for each in pair}
    reasons = [reason for pair in pairs if kind_of(pair[0].line) in _CHARGES for reason in _of_pair(*pair)]
    reasons += [_alone(each, None) for each in before if id(each) not in paired]
    reasons += [_alone(None, each) for each in after if id(each) not in paired]
    found = tuple(reason for reason in reasons if reason.amount.minor)
    gross = [total((each.line.gross for each in side), currency) for side in (before, after)]
    assert total((reason.amount for reason in found), currency) == gross[1] - gross[0], "the reasons telescope"
    return found


def _pairs(before: Sequence[BilledLine], after: Sequence[BilledLine]) -> list[tuple[BilledLine, BilledLine]]:
    """Lines that say the same; then charges of the same price, else of the same plan, else in their order."""
    left, pairs = list(after), []
    rest = list(before)
    for matches in (_same_line, _same_price, _same_plan, _both_charges):
        for one in list(rest):
            other = next((each for each in left if matches(one.line, each.line)), None)
            if other is not None:
                pairs.append((one, other))
                rest.remove(one)
                left.remove(other)
    return pairs


def _same_line(one: Line, other: Line) -> bool:
    """Lines that say the same, so that neither is a reason; of staff's, the words and what they come to."""
    if all(kind_of(each) is LineKind.WRITTEN for each in (one, other)):
        return (one.description, one.gross) == (other.description, other.gross)
    return replace(one, given_back=other.given_back) == other


def _both_charges(one: Line, other: Line) -> bool:
    return kind_of(one) in _CHARGES and kind_of(other) in _CHARGES


def _same_price(one: Line, other: Line) -> bool:
    return _both_charges(one, other) and one.price == other.price


def _same_plan(one: Line, other: Line) -> bool:
    return _both_charges(one, other) and one.plan == other.plan


def _alone(before: BilledLine | None, after: BilledLine | None) -> Reason:
    """A line without a counterpart counts in full."""
    each = after or before
    assert each is not None
    kind = kind_of(each.line)
    if kind in _ONE_OFF:
        why = Why.ONE_OFF
    elif kind is LineKind.FULL_PERIOD:
        why = Why.ADDED if after else Why.REMOVED
    else:
        why = Why.PRORATION
    return Reason(why, each.line.gross if after else -each.line.gross, before, after)


@dataclass(slots=True)
class _Walk:
    """The way from the one line to the other; every step is taxed as the first line was, until the tax itself changes.

    ``at`` is where it stands, before tax that comes on top; what was noted so far is in ``reasons``.
    """

    before: BilledLine
    after: BilledLine
    at: int
    reasons: list[Reason] = field(default_factory=list)

    def to(self, value: int, why: Why, redemption: CouponRedemptionId | None = None, name: str | None = None) -> None:
        """One factor changes, and with it the line to that value."""
        self._note(value - self.at + self._tax(value) - self._tax(self.at), why, redemption, name)
        self.at = value

    def end(self, why: Why) -> None:
        """What is missing to the other line's gross is what its tax does otherwise."""
        gone = sum(reason.amount.minor for reason in self.reasons)
        self._note(self.after.line.gross.minor - self.before.line.gross.minor - gone, why, None, None)

    def _tax(self, value: int) -> int:
        line = self.before.line
        rates = () if line.tax_inclusive else line.components
        return sum(round_half_even(value * part.rate_ppm, PPM) for part in rates)

    def _note(self, minor: int, why: Why, redemption: CouponRedemptionId | None, name: str | None) -> None:
        amount = Money(minor, self.before.line.amount.currency)
        self.reasons.append(Reason(why, amount, self.before, self.after, redemption, name))


def _of_pair(before: BilledLine, after: BilledLine) -> list[Reason]:
    one, other = before.line, after.line
    walk = _Walk(before, after, one.amount.minor)
    discount = one.discount.minor
    longer = before.cadence is not None and after.cadence is not None and before.cadence != after.cadence
    walk.to(_listed(one, other.unit_amount, one.quantity) - discount, Why.PERIOD_LENGTH if longer else Why.PRICE)
    walk.to(_listed(one, other.unit_amount, other.quantity) - discount, Why.QUANTITY)
    walk.to(other.list_amount.minor - discount, Why.PRORATION)
    for why, redemption, name, change in _discounts(one, other):
        walk.to(walk.at - change, why, redemption, name)
    walk.to(other.amount.minor, Why.DISCOUNT_CHANGED)  # zero, where every discount is named
    walk.end(_tax_change(one, other))
    return walk.reasons


def _listed(line: Line, unit: Money, quantity: int) -> int:
    of = line.derivation
    return round_half_even(unit.minor * quantity * of.numerator, of.denominator)


def _discounts(one: Line, other: Line) -> Iterator[tuple[Why, CouponRedemptionId, str, int]]:
    """Each coupon on either line, and how much more it takes off the other."""
    taken = {each.redemption: each for each in one.reductions}
    takes = {each.redemption: each for each in other.reductions}
    for redemption, each in (taken | takes).items():
        was = taken[redemption].amount.minor if redemption in taken else 0
        now = takes[redemption].amount.minor if redemption in takes else 0
        if redemption not in taken:
            why = Why.DISCOUNT_STARTED
        else:
            why = Why.DISCOUNT_CHANGED if redemption in takes else Why.DISCOUNT_ENDED
        yield why, redemption, each.name, now - was


def _tax_change(one: Line, other: Line) -> Why:
    if one.tax_inclusive != other.tax_inclusive or _treatments(one) != _treatments(other):
        return Why.TAX_TREATMENT
    rates = [[(part.name, part.rate_ppm) for part in line.components] for line in (one, other)]
    return Why.ROUNDING if rates[0] == rates[1] else Why.TAX_RATE


def _treatments(line: Line) -> list[str]:
    return sorted({part.treatment for part in line.components})
