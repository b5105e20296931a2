"""The lines of a period on a price: the charge in full, and what a change in the middle credits and charges."""

from domain.catalog.plan import Plan, Price
from domain.invoices.line import Derivation, Line, LiveCharge
from domain.period import Period
from domain.subscriptions.proration import Basis, PeriodPrice, ProrationQuote, Slice
from domain.subscriptions.proration import Derivation as Prorated


def full_charge(plan: Plan, price: Price, quantity: int, of: Period) -> Line:
    """The line of a whole period: unit price x quantity."""
    amount = price.unit_amount * quantity
    return Line(
        kind="charge",
        description=plan.name,
        price=price.id,
        quantity=quantity,
        unit_amount=price.unit_amount,
        starts_at=of.start,
        ends_at=of.end,
        amount=amount,
        credits=None,
        derivation=Derivation("rest", amount, of.seconds, of.seconds),
    )


def invoiced_slice(live: LiveCharge) -> Slice:
    """The slice that a stored charge invoiced, with the price and seconds it was a share of."""
    line, of = live.line, live.line.derivation
    return Slice(line.starts_at, line.ends_at, line.amount, Basis(of.price, of.denominator))


def change_lines(quote: ProrationQuote, live: LiveCharge, plan: Plan, price: Price, quantity: int) -> tuple[Line, ...]:
    """The quote's lines as invoice lines: the credit names the charge it gives back a part of."""
    lines = []
    for part in quote.lines:
        credit = part.is_credit
        lines.append(
            Line(
                kind="credit" if credit else "charge",
                description=live.line.description if credit else plan.name,
                price=live.line.price if credit else price.id,
                quantity=live.line.quantity if credit else quantity,
                unit_amount=live.line.unit_amount if credit else price.unit_amount,
                starts_at=part.start,
                ends_at=part.end,
                amount=part.amount,
                credits=live.ref if credit else None,
                derivation=_stored(part.derivation),
            )
        )
    return tuple(lines)


def period_price(price: Price, quantity: int) -> PeriodPrice:
    """What a whole period costs on the price."""
    return PeriodPrice(price.unit_amount, quantity)


def _stored(of: Prorated) -> Derivation:
    return Derivation(of.formula.value, of.price, of.numerator, of.denominator)
