"""The lines of a period on a price: the charge in full, and what a change in the middle credits and charges."""

from domain.catalog.plan import Plan, Price
from domain.invoices.line import Derivation, Line, LiveCharge, charge_line, credit_line
from domain.period import Period
from domain.subscriptions.proration import Basis, PeriodPrice, ProrationQuote, Slice
from domain.subscriptions.proration import Derivation as Prorated


def full_charge(plan: Plan, price: Price, quantity: int, of: Period) -> Line:
    """The line of a whole period: unit price x quantity."""
    amount = price.unit_amount * quantity
    return charge_line(
        description=plan.name,
        price=price.id,
        plan=plan.id,
        quantity=quantity,
        unit_amount=price.unit_amount,
        starts_at=of.start,
        ends_at=of.end,
        amount=amount,
        derivation=Derivation("rest", amount, of.seconds, of.seconds),
        tax_inclusive=price.tax_inclusive,
    )


def invoiced_slice(live: LiveCharge) -> Slice:
    """The slice that a stored charge invoiced, with the price and seconds it was a share of.

    What a discount or a credit note took off it is not given back again: then the rest is its own basis.
    """
    line, of = live.line, live.line.derivation
    if line.discount.minor or line.given_back.minor:
        return Slice(line.starts_at, line.ends_at, line.amount - line.given_back)
    return Slice(line.starts_at, line.ends_at, line.amount, Basis(of.price, of.denominator))


def change_lines(quote: ProrationQuote, live: LiveCharge, plan: Plan, price: Price, quantity: int) -> tuple[Line, ...]:
    """The quote's lines as invoice lines: the credit names the charge it gives back a part of."""
    lines = []
    for part in quote.lines:
        if part.is_credit:
            lines.append(credit_line(live, part.start, part.end, part.amount, _stored(part.derivation)))
            continue
        lines.append(
            charge_line(
                description=plan.name,
                price=price.id,
                plan=plan.id,
                quantity=quantity,
                unit_amount=price.unit_amount,
                starts_at=part.start,
                ends_at=part.end,
                amount=part.amount,
                derivation=_stored(part.derivation),
                tax_inclusive=price.tax_inclusive,
            )
        )
    return tuple(lines)


def period_price(price: Price, quantity: int) -> PeriodPrice:
    """What a whole period costs on the price."""
    return PeriodPrice(price.unit_amount, quantity)


def _stored(of: Prorated) -> Derivation:
    return Derivation(of.formula.value, of.price, of.numerator, of.denominator)
