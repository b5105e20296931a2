"""The tax that goes back with a part of a line: cumulative, so that all parts together give back exactly the tax."""

from collections.abc import Sequence
from dataclasses import replace

from domain.money import Money, share, total
from domain.tax.decision import TaxComponent


def reversed_tax(
    components: Sequence[TaxComponent], line_amount: Money, given_back_before: Money, given_back_now: Money
) -> tuple[TaxComponent, ...]:
    """The components of giving back that much more of a charge, with negative amounts.

    ``line_amount`` is the charge's own amount (net, or gross where its price held the tax), and so are the other two:
    none is negative, and no more is given back than was charged (ValueError).
    """
    after = given_back_before + given_back_now
    if min(given_back_before.minor, given_back_now.minor) < 0 or after > line_amount:
        raise ValueError("what is given back lies between nothing and the amount of the line")
    earlier, later = (_share(components, line_amount, part) for part in (given_back_before, after))
    return tuple(
        replace(then, taxable=before.taxable - then.taxable, amount=before.amount - then.amount)
        for before, then in zip(earlier, later, strict=True)
    )


def remaining(components: Sequence[TaxComponent], line_amount: Money, given_back: Money) -> tuple[TaxComponent, ...]:
    """The components of what is left of a charge once that much of it was given back; refusals as above."""
    back = reversed_tax(components, line_amount, Money.zero(line_amount.currency), given_back)
    return tuple(
        replace(each, taxable=each.taxable + less.taxable, amount=each.amount + less.amount)
        for each, less in zip(components, back, strict=True)
    )


def _share(components: Sequence[TaxComponent], line_amount: Money, part: Money) -> list[TaxComponent]:
    """The components of a part of the line, as if it had been the line."""
    if not line_amount:
        return [replace(each, taxable=part, amount=part) for each in components]
    amounts = [share(part.minor, line_amount.minor, each.amount) for each in components]
    tax = total(amounts, part.currency)
    inclusive = any(each.taxable != line_amount for each in components)
    return [
        replace(each, taxable=part - tax if inclusive else part, amount=amount)
        for each, amount in zip(components, amounts, strict=True)
    ]
