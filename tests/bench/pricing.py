"""What two hundred lines cost: their discounts, then their taxes, as pure calculations without a database."""

from functools import cache
from uuid import UUID

from domain.catalog.discount import Discount, Discountable, discounts
from domain.ids import CouponRedemptionId
from domain.money import Money, total
from domain.tax.decide import decide
from domain.tax.decision import Rounding, TaxDecision, TaxQuestion
from domain.tax.registration import Scheme
from tests.domain.tax.questions import EUR, line, question, rate, registered

LINES = 200


def long_invoice() -> TaxDecision:
    """Two hundred charges less a tenth and a fixed amount, then two components of tax, rounded per invoice."""
    offered, charges = _charges()
    left = [
        each.amount - total((discount.amount for discount in taken), EUR)
        for each, taken in zip(charges, discounts(offered, charges), strict=True)
    ]
    return decide(_question(tuple(left)))


@cache
def _charges() -> tuple[tuple[Discount, ...], tuple[Discountable, ...]]:
    tenth = Discount(_redemption(1), "A tenth", 100_000, None, frozenset(), True)
    fixed = Discount(_redemption(2), "Welcome", None, Money(5_001, EUR), frozenset(), True)
    return (tenth, fixed), tuple(Discountable(None, Money(997 + 13 * number, EUR), True) for number in range(LINES))


def _redemption(number: int) -> CouponRedemptionId:
    return CouponRedemptionId(1, UUID(int=number))


def _question(left: tuple[Money, ...]) -> TaxQuestion:
    lines = [line(each.minor, number) for number, each in enumerate(left, 1)]
    rates = [rate("CA-BC", 50_000, "GST"), rate("CA-BC", 70_000, "PST", authority="BC")]
    known = [registered("CA", Scheme.GST), registered("CA-BC", Scheme.STATE)]
    return question("CA-ON", "CA-BC", lines, rates, known, rounding=Rounding.INVOICE)
