"""Taxes and discounts as invoices, their lines and credit notes show them."""

from collections.abc import Sequence
from dataclasses import replace

import strawberry

from api.graph.money import Money
from domain.ids import CouponRedemptionId
from domain.invoices.line import Line
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart, by_tax


def taxes_on(found: Sequence[Line]) -> list["TaxAmount"]:
    """The taxes of lines that no invoice holds yet, by rate."""
    return [TaxAmount.of(part) for part in by_tax(part for line in found for part in line.components)]


def discounts_on(found: Sequence[Line]) -> list["DiscountAmount"]:
    """What each coupon takes off lines that no invoice holds yet."""
    names: dict[CouponRedemptionId, Reduction] = {}
    for each in (reduction for line in found for reduction in line.reductions):
        before = names.get(each.redemption)
        names[each.redemption] = replace(each, amount=before.amount + each.amount) if before else each
    return [DiscountAmount.of(each) for each in names.values()]


@strawberry.type(description="One tax: what was taxed, and how much tax that is.")
class TaxAmount:
    """A tax."""

    name: str = strawberry.field(description="What documents call it, for example VAT.")
    treatment: str = strawberry.field(description="standard, zero, reverse_charge, exempt, export or unregistered.")
    rate_ppm: int = strawberry.field(description="The rate in parts of a million: 190000 is 19 %.")
    taxable: Money = strawberry.field(description="What it was taken of, before tax.")
    amount: Money = strawberry.field(description="The tax.")

    @classmethod
    def of(cls, part: TaxPart) -> "TaxAmount":
        """The domain's tax."""
        return cls(
            name=part.name,
            treatment=part.treatment,
            rate_ppm=part.rate_ppm,
            taxable=Money.of(part.taxable),
            amount=Money.of(part.amount),
        )


@strawberry.type(description="What a coupon took off.")
class DiscountAmount:
    """A discount."""

    name: str = strawberry.field(description="The coupon's name.")
    amount: Money = strawberry.field(description="How much it took off, before tax.")

    @classmethod
    def of(cls, reduction: Reduction) -> "DiscountAmount":
        """The domain's reduction."""
        return cls(name=reduction.name, amount=Money.of(reduction.amount))
