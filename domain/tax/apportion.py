"""Splitting a rounded sum over the exact amounts it was rounded from; they may have either sign."""

from collections.abc import Sequence
from fractions import Fraction


def apportion(whole: int, exact: Sequence[Fraction]) -> tuple[int, ...]:
    """One integer a part, summing to the whole, each less than 1 off its exact amount (largest remainder).

    Tie rule as for ``domain.money.allocate``: the greater amount is served first, then the earlier position. The whole
    must be the sum of the exact amounts rounded to one of its two neighbours (ValueError).
    """
    parts = [int(amount) for amount in exact]  # towards zero, so that a split and its negative mirror each other
    left = whole - sum(parts)
    way = -1 if left < 0 else 1
    claims = [way * (amount - part) for amount, part in zip(exact, parts, strict=True)]
    by_claim = sorted(range(len(exact)), key=lambda i: (-claims[i], -abs(exact[i]), i))
    if abs(left) > sum(1 for claim in claims if claim > 0):
        raise ValueError("the whole is not the rounded sum of the parts")
    for i in by_claim[: abs(left)]:
        parts[i] += way
    return tuple(parts)
