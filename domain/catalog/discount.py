"""What coupons take off the charges of an invoice, before tax: a calculation without state.

Percentages come first, in the order of redemption, each on what those before it left; then amounts. Each discount is
one whole that is split over its charges by what is left of them (``allocate``), so that it counts to the minor unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.ids import CouponRedemptionId, PlanId
from domain.money import Money, allocate, share, total

PPM = 1_000_000  # a percentage is stored in parts per million: four digits after the point of a percent


@dataclass(frozen=True, slots=True)
class Discount:
    """A redeemed coupon: a percentage in parts per million, or else an amount a period; no plans means any plan.

    One that is not ``recurring`` is for a whole period alone, so that it is used up with the first one it reduces.
    """

    redemption: CouponRedemptionId
    name: str
    percent_ppm: int | None
    amount: Money | None
    plans: frozenset[PlanId]
    recurring: bool


@dataclass(frozen=True, slots=True)
class Discountable:
    """A charge, at least zero; ``plan`` None is a charge of no plan that the caller knows, for coupons for any plan."""

    plan: PlanId | None
    amount: Money
    whole_period: bool


@dataclass(frozen=True, slots=True)
class LineDiscount:
    """What a redemption takes off a charge, above zero."""

    redemption: CouponRedemptionId
    amount: Money
    working: "Working" = field(compare=False)


@dataclass(frozen=True, slots=True)
class Working:
    """What a discount followed from: ``base`` is what was left of all charges it reduced, ``weight`` of this one."""

    percent_ppm: int | None
    fixed: Money | None
    base: Money
    weight: Money

    @property
    def whole(self) -> Money:
        """The discount on all charges it reduced together."""
        if self.percent_ppm is not None:
            return share(self.percent_ppm, PPM, self.base)
        assert self.fixed is not None, "a discount has a percentage or an amount"
        return min(self.fixed, self.base)


Discounted = tuple[tuple[LineDiscount, ...], ...]


def discounts(available: Sequence[Discount], charges: Sequence[Discountable]) -> Discounted:
    """For each charge, in its place, what is taken off it; never more than it is. ValueError for a negative charge.

    A percentage of several charges is rounded once, half to even, on their sum. A percentage that recurs counts on
    prorated charges too; everything else counts on whole periods alone. Of equal claims to a minor unit the greater
    charge comes first, then its plan and kind: the order of the charges matters only between charges that are alike.
    """
    if any(charge.amount.minor < 0 for charge in charges):
        raise ValueError("a credit is no charge")
    left, found = [charge.amount for charge in charges], [list[LineDiscount]() for _ in charges]
    percents = [each for each in available if each.percent_ppm is not None]
    amounts = [each for each in available if each.percent_ppm is None]
    order = ranked(charges)
    for discount in (*percents, *amounts):
        places = [place for place in order if _is_for(discount, charges[place]) and left[place].minor]
        if not places:
            continue
        base = total((left[place] for place in places), left[places[0]].currency)
        workings = [Working(discount.percent_ppm, discount.amount, base, left[place]) for place in places]
        parts = allocate(workings[0].whole, [left[place].minor for place in places])
        for place, part, working in zip(places, parts, workings, strict=True):
            if part.minor:
                left[place] -= part
                found[place].append(LineDiscount(discount.redemption, part, working))
    return tuple(tuple(each) for each in found)


def used_on_whole_periods(charges: Sequence[Discountable], found: Discounted) -> tuple[CouponRedemptionId, ...]:
    """The redemptions that reduced a whole period's charge, each once: those whose periods are to be counted down."""
    used = [each.redemption for charge, taken in zip(charges, found, strict=True) if charge.whole_period
            for each in taken]  # fmt: skip
    return tuple(dict.fromkeys(used))


def ranked(charges: Sequence[Discountable]) -> list[int]:
    """The places of the charges in the order in which equal claims to a minor unit are served."""
    return sorted(range(len(charges)), key=lambda place: _rank(charges[place]))


def _rank(charge: Discountable) -> tuple[int, str, bool]:
    return -charge.amount.minor, str(charge.plan or ""), charge.whole_period


def _is_for(discount: Discount, charge: Discountable) -> bool:
    if discount.plans and charge.plan not in discount.plans:
        return False
    return charge.whole_period or (discount.percent_ppm is not None and discount.recurring)
