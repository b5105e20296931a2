"""Why a line of an invoice is that much, step by step."""

from enum import Enum
from fractions import Fraction

import strawberry

from api.graph.money import Money
from api.scalars import GlobalId, Int64
from domain.invoices import explanation as reasons


@strawberry.enum(description="How the amount of a line follows from its price.")
class LineFormula(Enum):
    """The formulas of a derivation."""

    REST = strawberry.enum_value("rest", description="The time that is left is charged.")
    UNUSED = strawberry.enum_value("unused", description="The time that was paid and not used is given back.")
    REST_DAYS = strawberry.enum_value("rest_days", description="As REST, counted in calendar days.")
    UNUSED_DAYS = strawberry.enum_value("unused_days", description="As UNUSED, counted in calendar days.")
    COMMITMENT = strawberry.enum_value(
        "commitment", description="What of a commitment was not billed: the numerator counts minor units, not seconds."
    )
    TAX_CORRECTED = strawberry.enum_value(
        "tax_corrected", description="The tax of an earlier charge is changed; the line itself costs nothing."
    )


@strawberry.enum(description="What sort of line it is. More values may come.")
class LineKind(Enum):
    """The kinds of explanations."""

    FULL_PERIOD = strawberry.enum_value("full_period", description="A whole period.")
    PRORATED = strawberry.enum_value("prorated", description="The rest of a period, after a change of plan or seats.")
    UNUSED_TIME = strawberry.enum_value("unused_time", description="A part of an earlier charge, given back.")
    WRITTEN = strawberry.enum_value("written", description="Written by staff: units at a price.")
    TRUE_UP = strawberry.enum_value("true_up", description="What a contract committed to and was not billed.")
    TAX_CORRECTION = strawberry.enum_value(
        "tax_correction", description="The tax of an earlier charge as it should have been, less what was charged."
    )


@strawberry.enum(description="How the tax of a line follows from its rate.")
class TaxFormula(Enum):
    """The formulas of a tax."""

    OF_NET = strawberry.enum_value("of_net", description="basis x ratePpm / whole; the basis is before tax.")
    OF_GROSS = strawberry.enum_value("of_gross", description="basis x ratePpm / whole; the basis holds the tax.")
    REVERSED = strawberry.enum_value(
        "reversed", description="line amount x basis / whole; the basis is what was left of the tax of the charge."
    )
    CORRECTED = strawberry.enum_value(
        "corrected", description="The basis: less where an old tax is taken back, more where the right one is charged."
    )


@strawberry.type(description="A coupon's part in a line: its whole discount x weight / base, by largest remainder.")
class DiscountStep:
    """One discount of one line."""

    redemption_id: GlobalId = strawberry.field(description="The redemption that took it off.")
    name: str = strawberry.field(description="The coupon's name.")
    percent_ppm: int | None = strawberry.field(description="Its percentage in parts of a million, if it has one.")
    fixed: Money | None = strawberry.field(description="Its amount, if it has one.")
    base: Money = strawberry.field(description="What was left of all lines that it reduced.")
    weight: Money = strawberry.field(description="What was left of this line.")
    amount: Money = strawberry.field(description="What it takes off.")
    rounding_residue: str = strawberry.field(description="What rounding took away, as a fraction of a minor unit.")

    @classmethod
    def of(cls, step: reasons.DiscountStep) -> "DiscountStep":
        """The domain's step."""
        of = step.working
        return cls(
            redemption_id=GlobalId(str(step.redemption)),
            name=step.name,
            percent_ppm=of.percent_ppm,
            fixed=Money.of(of.fixed) if of.fixed else None,
            base=Money.of(of.base),
            weight=Money.of(of.weight),
            amount=Money.of(step.evaluate()),
            rounding_residue=fraction(step.residue),
        )


@strawberry.type(description="One tax of a line; rounded half to even, on its own or once over the invoice.")
class TaxStep:
    """One tax of one line."""

    rate_id: str | None = strawberry.field(description="The version of the rate; null where none is charged.")
    name: str = strawberry.field(description="What documents call it.")
    treatment: str = strawberry.field(description="As in TaxAmount.")
    rate_ppm: int = strawberry.field(description="The rate in parts of a million.")
    formula: TaxFormula = strawberry.field(description="How it follows.")
    basis: Money = strawberry.field(description="What it is taken of.")
    whole: Int64 = strawberry.field(description="The parts of the basis that the formula divides by.")
    amount: Money = strawberry.field(description="The tax.")
    rounding_residue: str = strawberry.field(description="What rounding took away, as a fraction of a minor unit.")

    @classmethod
    def of(cls, step: reasons.TaxStep) -> "TaxStep":
        """The domain's step."""
        return cls(
            rate_id=str(step.rate) if step.rate else None,
            name=step.name,
            treatment=step.treatment,
            rate_ppm=step.rate_ppm,
            formula=TaxFormula(step.formula.value),
            basis=Money.of(step.basis),
            whole=Int64(step.whole),
            amount=Money.of(step.evaluate()),
            rounding_residue=fraction(step.residue),
        )


@strawberry.type(
    description="Why a line has its amount: price x numeratorSeconds / denominatorSeconds, rounded once, half to even;"
    " then the discounts, then the taxes."
)
class LineExplanation:
    """A derivation that gives the amount again."""

    kind: LineKind = strawberry.field(description="What sort of line it is.")
    formula: LineFormula = strawberry.field(description="REST charges the time left, UNUSED gives unused time back.")
    price: Money = strawberry.field(description="The price of the whole span: of a charge unitAmount x quantity.")
    numerator_seconds: Int64 = strawberry.field(description="The seconds counted; days, where the formula says so.")
    denominator_seconds: Int64 = strawberry.field(description="The seconds, or days, that the price is for.")
    rounding_residue: str = strawberry.field(description="What rounding took away, as a fraction of a minor unit.")
    price_id: GlobalId | None = strawberry.field(description="The version of the price; null where staff wrote it.")
    plan_version_id: GlobalId | None = strawberry.field(description="The version of the plan, if it is for one.")
    credited_invoice_id: GlobalId | None = strawberry.field(description="The invoice whose charge is given back.")
    credited_position: int | None = strawberry.field(description="Which line of that invoice it was, from 1.")
    discounts: list[DiscountStep] = strawberry.field(description="What coupons took off, in their order.")
    taxes: list[TaxStep] = strawberry.field(description="Its taxes.")

    @classmethod
    def of(cls, why: reasons.Explanation) -> "LineExplanation":
        """The domain's explanation."""
        of = why.derivation
        return cls(
            kind=LineKind(why.kind.value),
            formula=LineFormula(of.formula),
            price=Money.of(why.whole),
            numerator_seconds=Int64(of.numerator),
            denominator_seconds=Int64(of.denominator),
            rounding_residue=fraction(why.residue, of.denominator),
            price_id=GlobalId(str(why.price)) if why.price else None,
            plan_version_id=GlobalId(str(why.plan_version)) if why.plan_version else None,
            credited_invoice_id=GlobalId(str(why.credits.invoice)) if why.credits else None,
            credited_position=why.credits.position if why.credits else None,
            discounts=[DiscountStep.of(step) for step in why.discounts],
            taxes=[TaxStep.of(step) for step in why.taxes],
        )


def fraction(residue: Fraction, denominator: int | None = None) -> str:
    """A fraction over the denominator of its formula, where that is known."""
    whole = denominator or residue.denominator
    return f"{residue.numerator * whole // residue.denominator}/{whole}"
