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


def reversed_tax(
    components: Sequence[TaxComponent], line_amount: Money, given_back_before: Money, given_back_now: Money
) -> tuple[TaxComponent, ...]:
    """The components of giving back that much more of a charge, with negative amounts.

    ``components`` are those of the whole charge, of which a part was given back at once before. ``line_amount`` is the
    charge's own amount (net, or gross where its price held the tax), and so are the other two: none is negative, and no
    more is given back than was charged (ValueError).
    """
    before = remaining(components, line_amount, given_back_before)
    after = remaining(components, line_amount, given_back_before + given_back_now)
    if given_back_now.minor < 0:
        raise ValueError("what is given back lies between nothing and the amount of the line")
    return tuple(
        replace(now, taxable=now.taxable - then.taxable, amount=now.amount - then.amount)
        for then, now in zip(before, after, strict=True)
    )


def remaining(components: Sequence[TaxComponent], line_amount: Money, given_back: Money) -> tuple[TaxComponent, ...]:
    """The components of what is left of a charge once that much of it was given back; refusals as above."""
    back = shares([each.amount for each in components], given_back, line_amount)
    left = [each.amount - less for each, less in zip(components, back, strict=True)]
    amount = line_amount - given_back
    inclusive = any(each.taxable != line_amount for each in components)
    net = amount - total(left, amount.currency) if inclusive else amount
    return tuple(replace(each, taxable=net, amount=tax) for each, tax in zip(components, left, strict=True))
