"""The tax that goes back with a part of a charge: a share of what is left, so that all parts together make the tax.

This is the one place where a reversal is rounded. A share is taken of what is left, not of what was charged: so parts
of any sizes make together exactly each of the taxes, and none of them ever goes below zero.
"""

from collections.abc import Sequence
from dataclasses import replace

from domain.money import Money, share, total
from domain.tax.decision import TaxComponent


def shares(taxes_left: Sequence[Money], amount: Money, amount_left: Money) -> list[Money]:
    """What of each tax that is left goes with an amount of what is left of the charge, rounded half to even.

    All of it goes with the last of the charge, also where nothing of the charge itself is left. ValueError for an
    amount below zero or beyond what is left.
    """
    if not 0 <= amount.minor <= amount_left.minor:
        raise ValueError("what is given back lies between nothing and the amount of the line")
    if amount == amount_left:
        return list(taxes_left)
    return [share(amount.minor, amount_left.minor, tax) for tax in taxes_left]


def remaining(components: Sequence[TaxComponent], line_amount: Money, given_back: Money) -> tuple[TaxComponent, ...]:
    """The components of what is left of a charge once that much of it was given back; ValueError as in ``shares``."""
    back = shares([each.amount for each in components], given_back, line_amount)
    left = [each.amount - less for each, less in zip(components, back, strict=True)]
    amount = line_amount - given_back
    inclusive = any(each.taxable != line_amount for each in components)
    net = amount - total(left, amount.currency) if inclusive else amount
    return tuple(replace(each, taxable=net, amount=tax) for each, tax in zip(components, left, strict=True))
