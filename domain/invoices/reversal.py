"""What giving a part of a charge back takes with it of the tax: exact once all of the charge is given back.

How a reversal is rounded is in ``domain.tax.reverse``; here stands what it is taken of: the taxes of the line as they
stand since its last correction, and the amount of the line before or after tax.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.invoices.line import Line
from domain.invoices.line_tax import TaxPart
from domain.money import Money, allocate, share, total
from domain.tax.reverse import shares


class MoreThanLeft(ValueError):
    """More was to be given back than what is left of the charge."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of a charge, all amounts at least zero: ``amount`` as the line counts, and the same as net + tax."""

    amount: Money
    net: Money
    tax: Money
    components: tuple[TaxPart, ...]

    @property
    def gross(self) -> Money:
        """What it is worth with tax."""
        return self.net + self.tax


def amount_left(charge: Line) -> Money:
    """What is left of a charge, as its line counts."""
    return charge.amount - charge.given_back


def tax_left(charge: Line) -> Money:
    """What is left of its tax."""
    return total((part.left for part in charge.standing), charge.amount.currency)


def gross_left(charge: Line) -> Money:
    """What is left of it with tax."""
    left = amount_left(charge)
    return left if charge.tax_inclusive else left + tax_left(charge)


def take(charge: Line, amount: Money) -> Taken:
    """The part of that amount, as the line counts; MoreThanLeft beyond what is left or below zero."""
    of, standing = amount_left(charge), charge.standing
    _checked(amount, of)
    taken = _taken(charge, amount, shares([part.left for part in standing], amount, of))
    components = tuple(
        replace(part, of_amount=of, of_tax=was.left) for part, was in zip(taken.components, standing, strict=True)
    )
    return replace(taken, components=components)


def take_gross(charge: Line, gross: Money) -> Taken:
    """The part that is worth so much with tax; MoreThanLeft beyond what is left or below zero."""
    left = gross_left(charge)
    _checked(gross, left)
    (tax,) = shares([tax_left(charge)], gross, left)
    parts = allocate(tax, [part.left.minor for part in charge.standing])
    return _taken(charge, gross if charge.tax_inclusive else gross - tax, parts)


def after(charge: Line, taken: Taken) -> Line:
    """The charge with the part given back."""
    nothing = Money.zero(charge.amount.currency)
    given = {part.part: part.amount for part in taken.components}
    components, added = (
        tuple(replace(part, given_back=part.given_back + given.get(part.part, nothing)) for part in parts)
        for parts in (charge.components, charge.added)
    )
    return replace(charge, given_back=charge.given_back + taken.amount, components=components, added=added)


def _checked(asked: Money, left: Money) -> None:
    if not 0 <= asked.minor <= left.minor:
        raise MoreThanLeft(f"{asked} of {left}")


def _taken(charge: Line, amount: Money, amounts: Sequence[Money]) -> Taken:
    nothing = Money.zero(amount.currency)
    tax = total(amounts, amount.currency)
    net = amount - tax if charge.tax_inclusive else amount
    components = tuple(
        replace(part, taxable=_taxable(part, charge, net), amount=given_now, given_back=nothing)
        for part, given_now in zip(charge.standing, amounts, strict=True)
    )
    return Taken(amount, net, tax, components)


def _taxable(part: TaxPart, charge: Line, net: Money) -> Money:
    """A tax on all of the line is given back on all of the part; one on a part of it or on other taxes, by share."""
    if part.correction is not None or part.taxable == charge.net or charge.net.minor == 0:
        return net
    return share(net.minor, charge.net.minor, part.taxable)
