"""What the documents say: frozen facts; a document of two currencies or a wrong sum is refused as InconsistentFacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from domain.money import Currency, Money, share, total
from domain.period import Period, local_date

_PER_WHOLE = 1_000_000  # rates are parts per million
_ONE_SECOND = timedelta(seconds=1)  # a period excludes its end; its last billing day holds the second before


class InconsistentFacts(ValueError):
    """The amounts of a document do not add up, or are not of one currency."""


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or buyer as it stood when the document was issued; address lines as they are to be printed.

    ``country`` (ISO 3166-1) and ``region`` are where it is taxed; ``code`` is a seller's own short name for itself,
    ``register`` its entry in a public register.
    """

    name: str
    address: tuple[str, ...] = ()
    tax_id: str | None = None
    email: str | None = None
    country: str = ""
    region: str = ""
    code: str = ""
    register: str = ""


@dataclass(frozen=True, slots=True)
class BillingDays:
    """First and last calendar day of a service, both included."""

    first: date
    last: date

    @classmethod
    def of(cls, period: Period, zone: str) -> Self:
        """The days of a half-open period in the customer's zone."""
        return cls(local_date(period.start, zone), local_date(period.end - _ONE_SECOND, zone))


@dataclass(frozen=True, slots=True)
class LineTax:
    """One tax on one line, signed as the line is; the rate in parts per million."""

    name: str
    treatment: str
    rate_ppm: int
    amount: Money


@dataclass(frozen=True, slots=True)
class LineDiscount:
    """What a line was lowered by, as a positive amount, and what for."""

    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line after its discounts; a credit has a negative amount. Quantity and unit price are printed where given.

    The amount holds the taxes where they are included; ``unused`` marks time that is given back.
    """

    text: str
    amount: Money
    days: BillingDays | None = None
    quantity: int | None = None
    unit_price: Money | None = None
    taxes: tuple[LineTax, ...] = ()
    tax_included: bool = False
    discounts: tuple[LineDiscount, ...] = ()
    unused: bool = False

    @property
    def net(self) -> Money:
        """What it costs before tax."""
        if not self.tax_included:
            return self.amount
        return self.amount - total((tax.amount for tax in self.taxes), self.amount.currency)

    @property
    def before_discount(self) -> Money:
        """What it would have cost."""
        return self.amount + total((each.amount for each in self.discounts), self.amount.currency)

    @property
    def net_before_discount(self) -> Money:
        """What it would have cost before tax: its net amount and its net discounts."""
        return self.net + total(map(self.net_of, self.discounts), self.amount.currency)

    def net_of(self, discount: LineDiscount) -> Money:
        """The discount without the tax that it lowered too."""
        if not self.tax_included:
            return discount.amount
        return share(_PER_WHOLE, _PER_WHOLE + sum(tax.rate_ppm for tax in self.taxes), discount.amount)


@dataclass(frozen=True, slots=True)
class TaxSum:
    """One tax over all lines: its name, why it is what it is, its rate in parts per million, and on how much."""

    name: str
    treatment: str
    rate_ppm: int
    taxable: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What of a payment method may be shown: its brand and last four digits."""

    brand: str
    last4: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How an invoice is to be paid: within so many days, or charged at once (None); and the buyer's order number."""

    net_days: int | None = None
    purchase_order: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice: net lines + taxes = total, total - applied credit - paid = due, which is not negative.

    ``legal`` are codes of what tax law wants said, ``notes`` texts as they are to be printed. ``corrects`` is the
    number of the invoice whose tax it corrects, if it does.
    """

    number: str
    issued_on: date
    due_on: date
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxSum, ...]
    total: Money
    applied_credit: Money
    paid: Money
    due: Money
    method: PaymentMethod | None = None
    notes: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    terms: Terms | None = None
    corrects: str | None = None
    corrected_on: date | None = None

    def __post_init__(self) -> None:
        _require(_total_of(self.lines, self.taxes, self.currency) == self.total, "lines and taxes make the total")
        _require(self.total - self.applied_credit - self.paid == self.due, "what is not paid or credited is due")
        _require(self.due.minor >= 0, "an invoice never owes to its buyer")

    @property
    def currency(self) -> Currency:
        """The one currency of all amounts."""
        return self.total.currency


@dataclass(frozen=True, slots=True)
class CreditNoteFacts:
    """What is taken back of an issued invoice, in positive amounts: net lines + taxes = total, which went four ways."""

    number: str
    issued_on: date
    corrects: str
    corrected_on: date
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxSum, ...]
    total: Money
    reduced: Money
    refunded: Money
    credited: Money
    out_of_band: Money
    reason: str = ""
    notes: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(_total_of(self.lines, self.taxes, self.currency) == self.total, "lines and taxes make the total")
        ways = _sum((self.reduced, self.refunded, self.credited, self.out_of_band), self.currency)
        _require(ways == self.total, "what was lowered, refunded, credited and settled outside makes the total")
        _require(self.total.minor > 0, "a credit note is about more than nothing")

    @property
    def currency(self) -> Currency:
        """The one currency of all amounts."""
        return self.total.currency


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A part of the payment that was given back, as a positive amount."""

    refunded_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """One payment of an invoice: lines + taxes = the invoice's total, no more is refunded than was paid."""

    number: str
    invoice_number: str
    paid_on: date
    issued_on: date
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxSum, ...]
    total: Money
    applied_credit: Money
    paid: Money
    method: PaymentMethod | None = None
    refunds: tuple[RefundLine, ...] = ()
    notes: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(_total_of(self.lines, self.taxes, self.currency) == self.total, "lines and taxes make the total")
        _require(self.applied_credit.currency == self.paid.currency == self.currency, "all amounts are of one currency")
        _require(self.refunded <= self.paid, "no more is refunded than was paid")

    @property
    def currency(self) -> Currency:
        """The one currency of all amounts."""
        return self.total.currency

    @property
    def refunded(self) -> Money:
        """The sum of all refunds."""
        return _sum((refund.amount for refund in self.refunds), self.currency)


def _total_of(lines: tuple[DocumentLine, ...], taxes: tuple[TaxSum, ...], currency: Currency) -> Money:
    for line in lines:
        given = [line.amount, *(tax.amount for tax in line.taxes), *(each.amount for each in line.discounts)]
        given += [line.unit_price] if line.unit_price else []
        _require(all(amount.currency == currency for amount in given), "all of a line is of one currency")
    return _sum((*(line.net for line in lines), *(tax.amount for tax in taxes)), currency)


def _sum(amounts: Iterable[Money], currency: Currency) -> Money:
    found = tuple(amounts)
    _require(all(amount.currency == currency for amount in found), "all amounts are of one currency")
    return total(found, currency)


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise InconsistentFacts(f"broken: {rule}")
