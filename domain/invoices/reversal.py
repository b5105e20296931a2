"""What giving a part of a charge back takes with it of the tax: exact once all of the charge is given back.

A share is taken of what is left, not of what was charged: so parts of any sizes, asked for before or after tax and in
any order, make together exactly the charge and each of its taxes, and none of them ever goes below zero.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from domain.invoices.line import Line
from domain.invoices.line_tax import TaxPart
from domain.money import Money, allocate, share, total


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
    return total((part.left for part in charge.components), charge.amount.currency)


def gross_left(charge: Line) -> Money:
    """What is left of it with tax."""
    left = amount_left(charge)
    return left if charge.tax_inclusive else left + tax_left(charge)


def take(charge: Line, amount: Money) -> Taken:
    """The part of that amount, as the line counts; MoreThanLeft beyond what is left or below zero."""
    left = _checked(amount, amount_left(charge))
    taken = _taken(charge, amount, lambda part: share(amount.minor, left, part.left) if left else part.left)
    of = amount_left(charge)
    components = tuple(
        replace(part, of_amount=of, of_tax=was.left)
        for part, was in zip(taken.components, charge.components, strict=True)
    )
    return replace(taken, components=components)


def take_gross(charge: Line, gross: Money) -> Taken:
    """The part that is worth so much with tax; MoreThanLeft beyond what is left or below zero."""
    left, taxes = _checked(gross, gross_left(charge)), tax_left(charge)
    tax = share(gross.minor, left, taxes) if left else taxes
    parts = allocate(tax, [part.left.minor for part in charge.components])
    by_part = {part.part: given for part, given in zip(charge.components, parts, strict=True)}
    return _taken(charge, gross if charge.tax_inclusive else gross - tax, lambda part: by_part[part.part])


def after(charge: Line, taken: Taken) -> Line:
    """The charge with the part given back."""
    given = {part.part: part.amount for part in taken.components}
    components = tuple(replace(part, given_back=part.given_back + given[part.part]) for part in charge.components)
    return replace(charge, given_back=charge.given_back + taken.amount, components=components)


def _checked(asked: Money, left: Money) -> int:
    if not 0 <= asked.minor <= left.minor:
        raise MoreThanLeft(f"{asked} of {left}")
    return left.minor


def _taken(charge: Line, amount: Money, given: Callable[[TaxPart], Money]) -> Taken:
    nothing = Money.zero(amount.currency)
    amounts = [given(part) for part in charge.components]
    tax = total(amounts, amount.currency)
    net = amount - tax if charge.tax_inclusive else amount
    components = tuple(
        replace(part, taxable=_taxable(part, charge, net), amount=given_now, given_back=nothing)
        for part, given_now in zip(charge.components, amounts, strict=True)
    )
    return Taken(amount, net, tax, components)


def _taxable(part: TaxPart, charge: Line, net: Money) -> Money:
    """A tax on all of the line is given back on all of the part; one on a part of it or on other taxes, by share."""
    if part.taxable == charge.net or charge.net.minor == 0:
        return net
    return share(net.minor, charge.net.minor, part.taxable)
