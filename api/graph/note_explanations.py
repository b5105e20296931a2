"""Why a line of a credit note is that much, step by step."""

from enum import Enum

import strawberry

from api.graph.explanations import LineFormula, fraction
from api.graph.money import Money
from api.scalars import GlobalId, Int64
from domain.invoices import note_working as working
from domain.invoices.line import LineRef


@strawberry.enum(description="How the amount of a line of a credit note follows. More values may come.")
class NoteLineKind(Enum):
    """The ways."""

    ASKED = strawberry.enum_value("asked", description="The amount that was named for the line.")
    REST = strawberry.enum_value("rest", description="All that was left of the line.")
    UNUSED_TIME = strawberry.enum_value(
        "unused_time", description="price x numeratorSeconds / denominatorSeconds of derivation."
    )
    WORTH = strawberry.enum_value(
        "worth", description="With tax: asked x weight / base, by largest remainder over the charges of the invoice."
    )
    TAKEN_BACK = strawberry.enum_value("taken_back", description="A credit of the invoice, which counts no longer.")
    TAX_CORRECTION = strawberry.enum_value(
        "tax_correction", description="Nothing of the amount: its old taxes go back, less the new ones."
    )


@strawberry.type(description="The share of a price that unused time is worth.")
class UnusedShare:
    """The derivation of unused time."""

    formula: LineFormula = strawberry.field(description="UNUSED counts seconds, UNUSED_DAYS calendar days.")
    price: Money = strawberry.field(description="The price of the whole span.")
    numerator_seconds: Int64 = strawberry.field(description="The seconds, or days, that are given back.")
    denominator_seconds: Int64 = strawberry.field(description="The seconds, or days, that the price is for.")


@strawberry.type(description="One tax that goes back: left x the line's amount / the line's left, half to even.")
class ReversedTaxStep:
    """One tax."""

    rate_id: str | None = strawberry.field(description="The version of the rate; null where none was charged.")
    name: str = strawberry.field(description="What documents call it.")
    treatment: str = strawberry.field(description="As in TaxAmount.")
    rate_ppm: int = strawberry.field(description="The rate in parts of a million.")
    left: Money = strawberry.field(description="What was left of it on the line before.")
    amount: Money = strawberry.field(description="The tax that goes back.")
    rounding_residue: str = strawberry.field(description="What rounding took away, as a fraction of a minor unit.")

    @classmethod
    def of(cls, tax: working.ReversedTax) -> "ReversedTaxStep":
        """The domain's step."""
        return cls(
            rate_id=str(tax.rate) if tax.rate else None,
            name=tax.name,
            treatment=tax.treatment,
            rate_ppm=tax.rate_ppm,
            left=Money.of(tax.left),
            amount=Money.of(tax.amount),
            rounding_residue=fraction(tax.residue),
        )


@strawberry.type(
    description="Why a line of a credit note has its amount, and what of the line's taxes goes back with it: of WORTH"
    " the share of all that was left of them that the amount with tax is of what was left with tax."
)
class NoteLineExplanation:
    """A derivation that gives the amounts again."""

    kind: NoteLineKind = strawberry.field(description="How it follows.")
    invoice_id: GlobalId = strawberry.field(description="The invoice whose line it takes a part back of.")
    invoice_line: int = strawberry.field(description="The position of that line, from 1.")
    left: Money = strawberry.field(description="What was left of that line before, as it counts.")
    asked: Money | None = strawberry.field(description="The amount that was named; of WORTH the whole one, with tax.")
    weight: Money | None = strawberry.field(description="Of WORTH: what was left of this line, with tax.")
    base: Money | None = strawberry.field(description="Of WORTH: what was left of all charges, with tax.")
    derivation: UnusedShare | None = strawberry.field(description="Of UNUSED_TIME: the share.")
    amount: Money = strawberry.field(description="What it comes to, as the line of the invoice counts.")
    rounding_residue: str = strawberry.field(description="What rounding took away, as a fraction of a minor unit.")
    taxes: list[ReversedTaxStep] = strawberry.field(description="The taxes that go back.")

    @classmethod
    def of(cls, why: working.NoteExplanation, line: LineRef) -> "NoteLineExplanation":
        """The domain's explanation."""
        of, share, shared = why.working, why.derivation, why.working.how is working.How.WORTH
        named = shared or of.how is working.How.ASKED
        return cls(
            kind=NoteLineKind(of.how.value),
            invoice_id=GlobalId(str(line.invoice)),
            invoice_line=line.position,
            left=Money.of(why.left_before),
            asked=Money.of(why.in_currency(of.asked)) if named else None,
            weight=Money.of(why.in_currency(of.weights[of.place])) if shared else None,
            base=Money.of(why.in_currency(sum(of.weights))) if shared else None,
            derivation=UnusedShare(
                formula=LineFormula(share.formula),
                price=Money.of(share.price),
                numerator_seconds=Int64(share.numerator),
                denominator_seconds=Int64(share.denominator),
            )
            if share
            else None,
            amount=Money.of(why.evaluated_amount),
            rounding_residue=fraction(why.residue),
            taxes=[ReversedTaxStep.of(tax) for tax in why.evaluated_taxes],
        )
