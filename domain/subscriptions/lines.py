"""The lines of a period on a price: the charge in full, and what a change in the middle credits and charges."""

from datetime import datetime

from domain.invoices.line import Derivation, Line, LiveCharge, charge_line, credit_line
from domain.money import Money
from domain.period import Period
from domain.subscriptions.offer import Offer
from domain.subscriptions.proration import (
    SECONDS,
    Basis,
    Formula,
    PeriodPrice,
    ProrationQuote,
    Ruler,
    Slice,
    cancellation,
)
from domain.subscriptions.proration import Derivation as Prorated

_IN_DAYS = frozenset({Formula.REST_DAYS.value, Formula.UNUSED_DAYS.value})


def full_charge(offer: Offer, of: Period, ruler: Ruler) -> Line:
    """The line of a whole period: unit price x quantity."""
    units = ruler.between(of.start, of.end)
    return _charge(offer, of.start, of.end, offer.amount, Derivation(ruler.rest.value, offer.amount, units, units))


def _charge(offer: Offer, starts_at: datetime, ends_at: datetime, amount: Money, derivation: Derivation) -> Line:
    return charge_line(
        description=offer.plan.name,
        price=offer.price.id,
        plan=offer.plan.id,
        quantity=offer.quantity,
        unit_amount=offer.price.unit_amount,
        starts_at=starts_at,
        ends_at=ends_at,
        amount=amount,
        derivation=derivation,
        tax_inclusive=offer.price.tax_inclusive,
        category=offer.version.tax_category,
        plan_version=offer.version.id,
    )


def invoiced_slice(live: LiveCharge, time_zone: str) -> Slice:
    """The slice that a stored charge invoiced, with the price and units it was a share of, counted as it was then.

    What a discount or a credit note took off it is not given back again: then the rest is its own basis.
    """
    line, of = live.line, live.line.derivation
    ruler = Ruler(time_zone) if of.formula in _IN_DAYS else SECONDS
    if line.discount.minor or line.given_back.minor:
        return Slice(line.starts_at, line.ends_at, line.amount - line.given_back, None, ruler)
    return Slice(line.starts_at, line.ends_at, line.amount, Basis(of.price, of.denominator), ruler)


def change_lines(quote: ProrationQuote, live: LiveCharge, offer: Offer) -> tuple[Line, ...]:
    """The quote's lines as invoice lines: the credit names the charge it gives back a part of."""
    return tuple(
        credit_line(live, part.start, part.end, part.amount, _stored(part.derivation))
        if part.is_credit
        else _charge(offer, part.start, part.end, part.amount, _stored(part.derivation))
        for part in quote.lines
    )


def unused_of(live: LiveCharge, time_zone: str, at: datetime) -> tuple[Money, Derivation] | None:
    """What of a charge is for the time from the instant on, above zero, counted as it was charged; None for none."""
    lines = cancellation([invoiced_slice(live, time_zone)], live.line.unit_amount.currency, at).lines
    return (-lines[0].amount, _stored(lines[0].derivation)) if lines else None


def period_price(offer: Offer) -> PeriodPrice:
    """What a whole period costs."""
    return PeriodPrice(offer.price.unit_amount, offer.quantity)


def _stored(of: Prorated) -> Derivation:
    return Derivation(of.formula.value, of.price, of.numerator, of.denominator)
