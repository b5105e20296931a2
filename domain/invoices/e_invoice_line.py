"""The lines of an e-invoice and what they sum to by category and rate of VAT."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from drafthorse.models.accounting import TradeAllowanceCharge
from drafthorse.models.tradelines import LineItem

from domain.invoices.document_facts import DocumentLine, LineDiscount
from domain.money import Money, total
from domain.tax.decision import Treatment

OUTSIDE: Final = "O"  # not subject to VAT
CATEGORIES: Final = {
    Treatment.STANDARD: "S",
    Treatment.ZERO: "Z",
    Treatment.EXEMPT: "E",
    Treatment.REVERSE_CHARGE: "AE",
    Treatment.EXPORT: "G",
    Treatment.UNREGISTERED: OUTSIDE,
}
"""Why a tax is what it is -> category of UNTDID 5305."""

_ONE: Final = "C62"  # a unit of no measure, UN/ECE recommendation 20
_PER_PERCENT: Final = Decimal(10_000)  # rates are parts per million


class NotRepresentable(ValueError):
    """What the document says cannot be said in EN 16931."""


@dataclass(frozen=True, slots=True)
class Group:
    """All lines of one category and rate: what is taxed and the tax on it."""

    category: str
    rate_ppm: int
    taxable: Money
    tax: Money


def require(holds: bool, rule: str) -> None:
    """NotRepresentable, naming the rule, where it does not hold."""
    if not holds:
        raise NotRepresentable(f"it breaks the rule that {rule}")


def require_rate(group: Group) -> None:
    """BR-S-09: the tax is its rate of what it is on, but for less than one unit of the currency.

    Taxes that were rounded line by line can be further off: by many small lines, or in a currency without minor unit.
    """
    if group.category != CATEGORIES[Treatment.STANDARD]:
        return
    expected = (abs(amount(group.taxable)) * percent(group.rate_ppm)).quantize(Decimal(1), ROUND_HALF_UP) / 100
    require(abs(abs(amount(group.tax)) - expected) < 1, "the tax of a rate is that rate of its sum")


def xml_text(text: str) -> str:
    """The text in one line, without what XML 1.0 cannot carry."""
    shown = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)
    return " ".join("".join(char for char in shown if char not in "\ufffe\uffff").split())


def amount(money: Money) -> Decimal:
    """In units of the currency, with its digits."""
    return Decimal(money.decimal)


def percent(ppm: int) -> Decimal:
    """A rate as EN 16931 writes it: 190,000 parts per million are 19."""
    return Decimal(f"{(Decimal(ppm) / _PER_PERCENT).normalize():f}")


def groups(lines: Sequence[DocumentLine]) -> tuple[Group, ...]:
    """The lines by category and rate, in the order in which each is first met; NotRepresentable for two taxes."""
    found: dict[tuple[str, int], Group] = {}
    for line in lines:
        key = _category(line)
        nothing = Money.zero(line.amount.currency)
        before = found.get(key, Group(*key, nothing, nothing))
        tax = total((each.amount for each in line.taxes), line.amount.currency)
        found[key] = Group(*key, before.taxable + line.net, before.tax + tax)
    return tuple(found.values())


def line_item(position: int, line: DocumentLine) -> LineItem:
    """The line; a credit is a negative quantity, as no price is below zero (BR-27)."""
    item = LineItem()
    item.document.line_id = str(position)
    item.product.name = xml_text(line.text) or "-"
    _price(item, line)
    category, ppm = _category(line)
    tax = item.settlement.trade_tax
    tax.type_code, tax.category_code = "VAT", category
    if category != OUTSIDE:
        tax.rate_applicable_percent = percent(ppm)
    if line.days:
        item.settlement.period.start, item.settlement.period.end = line.days.first, line.days.last
    for discount in line.discounts:
        item.settlement.allowance_charge.add(_allowance(line, discount))
    item.settlement.monetary_summation.total_amount = amount(line.net)
    return item


def _price(item: LineItem, line: DocumentLine) -> None:
    """Quantity times price is exactly the amount before discounts: the unit price where it fits, else one of all."""
    before, quantity = line.net_before_discount, 1
    price = abs(before)
    unit = line.unit_price
    if line.quantity and unit and unit.minor and not line.tax_included and unit * line.quantity == abs(before):
        quantity, price = line.quantity, unit
    item.agreement.net.amount = amount(price)
    item.delivery.billed_quantity = (Decimal(-quantity if before.minor < 0 else quantity), _ONE)


def _allowance(line: DocumentLine, discount: LineDiscount) -> TradeAllowanceCharge:
    allowance = TradeAllowanceCharge()
    allowance.indicator = False
    allowance.actual_amount = amount(line.net_of(discount))
    allowance.reason = xml_text(discount.name) or "Discount"
    return allowance


def _category(line: DocumentLine) -> tuple[str, int]:
    require(len(line.taxes) <= 1, "a line has one tax")
    if not line.taxes:
        return OUTSIDE, 0
    (tax,) = line.taxes
    return CATEGORIES[Treatment(tax.treatment)], tax.rate_ppm
