"""Lines of invoices that nobody issued, for what is worked out of lines alone."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import strategies as some

from domain.catalog.discount import PPM, Discount, discounts
from domain.ids import CouponRedemptionId, PriceId
from domain.invoices.line import Derivation, Line, charge_line
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart
from domain.invoices.rate import discountable
from domain.money import share, total
from domain.tax.apportion import apportion
from tests.domain.invoices.bills import eur
from tests.world import EUR, NEW_YEAR

RATE = UUID(int=7)


def charge(
    minor: int, quantity: int = 1, part: tuple[int, int] = (1, 1), price: int = 1, *, inclusive: bool = False
) -> Line:  # fmt: skip
    """A charge of so many units at a price, for so much of its period."""
    unit, (numerator, denominator) = eur(minor), part
    return charge_line(
        description="x", price=PriceId(UUID(int=price)), plan=None, quantity=quantity, unit_amount=unit,
        starts_at=NEW_YEAR, ends_at=NEW_YEAR + timedelta(days=1), amount=share(*part, unit * quantity),
        derivation=Derivation("rest", unit * quantity, numerator, denominator), tax_inclusive=inclusive,
    )  # fmt: skip


# Made once: a strategy that is made within another is checked anew for each value that is drawn from it.
_switches = some.booleans()
_few, _some_coupons = some.integers(1, 6), some.integers(0, 3)
_units, _quantities, _wholes = some.integers(0, 100_000), some.integers(1, 9), some.integers(1, 3_000_000)
_percents, _fixed = some.none() | some.integers(1, PPM), some.integers(1, 50_000)


@some.composite
def charges(draw: some.DrawFn) -> list[Line]:
    """Charges of one invoice, whole and prorated."""
    made = []
    for _ in range(draw(_few)):
        unit, quantity = draw(_units), draw(_quantities)
        whole = draw(_wholes)
        part = whole if draw(_switches) else draw(some.integers(0, whole))
        made.append(charge(unit, quantity, (part, whole), inclusive=draw(_switches)))
    return made


@some.composite
def coupons(draw: some.DrawFn) -> list[Discount]:
    """Percentages and amounts, in the order of redemption."""
    made = []
    for number in range(draw(_some_coupons)):
        percent = draw(_percents)
        amount = None if percent is not None else eur(draw(_fixed))
        id = CouponRedemptionId(1, UUID(int=number))
        made.append(Discount(id, f"coupon {number}", percent, amount, frozenset(), draw(_switches)))
    return made


def discounted(lines: list[Line], offered: list[Discount]) -> list[Line]:
    """The lines with what the coupons take off them."""
    found = discounts(offered, [discountable(line) for line in lines])
    rated = []
    for line, own in zip(lines, found, strict=True):
        reductions = tuple(
            Reduction(
                each.redemption, "x", each.amount, each.working.percent_ppm, each.working.fixed, each.working.base,
                each.working.weight,
            )
            for each in own
        )  # fmt: skip
        rated.append(replace(line, discount=total((each.amount for each in own), EUR), reductions=reductions))
    return rated


def taxed(lines: list[Line], ppm: int, rounding: str) -> list[Line]:
    """The lines with one tax, rounded on each or once over all."""
    exact = [Fraction(line.amount.minor * ppm, PPM + (ppm if line.tax_inclusive else 0)) for line in lines]
    if rounding == "invoice":
        amounts = apportion(round(sum(exact, Fraction(0))), exact)
    else:
        amounts = tuple(round(each) for each in exact)
    nothing = eur(0)
    return [
        replace(
            line,
            components=(TaxPart(1, RATE, "VAT", "standard", ppm, line.amount, eur(amount), nothing, rounding),),
        )
        for line, amount in zip(lines, amounts, strict=True)
    ]
