"""Taxes and discounts as invoices, their lines and credit notes show them."""

import strawberry

from api.graph.money import Money
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart


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
