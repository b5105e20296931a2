"""How a line of a credit note was worked out, and its explanation: from it alone anybody gets the same minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

import msgspec

from domain.invoices.line import Derivation, Line
from domain.invoices.line_tax import TaxPart
from domain.invoices.reversal import amount_left
from domain.money import Money, allocate, share, total
from domain.wire import canonical, from_json, to_json


class How(StrEnum):
    """How the amount of a line of a credit note follows."""

    ASKED = "asked"  # so much, as the line of the invoice counts
    REST = "rest"  # all that was left of it
    UNUSED_TIME = "unused_time"  # the share of its time that was not used
    WORTH = "worth"  # its part of an amount with tax, by what was left of each charge of the invoice
    TAKEN_BACK = "taken_back"  # a credit of the invoice, which counts no longer
    TAX_CORRECTION = "tax_correction"  # nothing of the amount: its old taxes go back, less the new ones


@dataclass(frozen=True, slots=True)
class Working:
    """What a line was worked out from: minor units of what was left of the charge and of each of its taxes before it.

    ``asked`` is the amount named: of WORTH the whole one, of which the charge at ``place`` gets a part by ``weights``.
    """

    how: How
    left: int
    taxes: tuple[int, ...]
    asked: int = 0
    weights: tuple[int, ...] = ()
    place: int = 0

    @classmethod
    def on(cls, charge: Line, how: How, asked: Money | None = None) -> "Working":
        """Of a charge as it stands before the line."""
        taxes = tuple(part.left.minor for part in charge.standing)
        return cls(how, amount_left(charge).minor, taxes, asked.minor if asked else 0)

    @classmethod
    def taking_back(cls, credit: Line) -> "Working":
        """Of a credit of the invoice, all of it."""
        taxes = tuple(part.amount.minor for part in credit.components)
        return cls(How.TAKEN_BACK, credit.amount.minor, taxes)

    @classmethod
    def correcting(cls, taxes: Sequence[TaxPart]) -> "Working":
        """Of a correction: what is left of the old taxes, and below zero the new ones."""
        return cls(How.TAX_CORRECTION, 0, tuple(part.amount.minor for part in taxes))

    def text(self) -> str:
        """The stored form."""
        return canonical(to_json(self)).decode()

    @classmethod
    def read(cls, text: str) -> "Working":
        """The working of a stored form."""
        return from_json(cls, msgspec.json.decode(text))


@dataclass(frozen=True, slots=True)
class ReversedTax:
    """One tax that goes back: the share of what was ``left`` of it; ``exact`` is it before rounding."""

    rate: UUID | None
    name: str
    treatment: str
    rate_ppm: int
    left: Money
    amount: Money
    exact: Fraction

    @property
    def residue(self) -> Fraction:
        """What rounding took away: exact less amount."""
        return self.exact - self.amount.minor


@dataclass(frozen=True, slots=True)
class NoteExplanation:
    """Why a line of a credit note is that much; ``derivation`` is that of unused time.

    ``line`` is the line of the invoice that it takes a part back of, ``names`` are its taxes.
    """

    working: Working
    derivation: Derivation | None
    line: Line
    names: tuple[TaxPart, ...]

    @property
    def left_before(self) -> Money:
        """What was left of the charge before, as its line counts."""
        return self.in_currency(self.working.left)

    @property
    def exact(self) -> Fraction:
        """Minor units of the amount before rounding; of WORTH those of the amount with tax."""
        of, working = self.derivation, self.working
        if working.how is How.UNUSED_TIME and of is not None:
            return Fraction(of.price.minor * of.numerator, of.denominator)
        if working.how is How.WORTH:
            return Fraction(working.asked * working.weights[working.place], sum(working.weights))
        return Fraction(working.asked if working.how is How.ASKED else working.left)

    @property
    def residue(self) -> Fraction:
        """What rounding took away: exact less what was evaluated."""
        found = self.evaluated_gross if self.working.how is How.WORTH else self.evaluated_amount
        return self.exact - found.minor

    @property
    def evaluated_amount(self) -> Money:
        """The amount as the line of the invoice counts."""
        of, working = self.derivation, self.working
        if working.how is How.UNUSED_TIME and of is not None:
            return share(of.numerator, of.denominator, of.price)
        if working.how is How.WORTH:
            return self.evaluated_gross if self.line.tax_inclusive else self.evaluated_gross - self._tax_of_gross()
        return self.in_currency(working.asked if working.how is How.ASKED else working.left)

    @property
    def evaluated_gross(self) -> Money:
        """The amount with tax."""
        if self.working.how is How.WORTH:
            return allocate(self.in_currency(self.working.asked), self.working.weights)[self.working.place]
        return self.evaluated_amount if self.line.tax_inclusive else self.evaluated_amount + self.evaluated_tax

    @property
    def evaluated_tax(self) -> Money:
        """The tax that goes back."""
        return total((part.amount for part in self.evaluated_taxes), self.line.amount.currency)

    @property
    def evaluated_taxes(self) -> tuple[ReversedTax, ...]:
        """Each tax that goes back, in the order of the line's."""
        return tuple(
            ReversedTax(part.rate, part.name, part.treatment, part.rate_ppm, self.in_currency(left), amount, exact)
            for part, left, amount, exact in zip(
                self.names, self.working.taxes, self._amounts(), self._exacts(), strict=True
            )
        )

    def _amounts(self) -> Sequence[Money]:
        if self.working.how is How.WORTH:
            return allocate(self._tax_of_gross(), self.working.taxes)
        part, left = self.evaluated_amount.minor, self.working.left
        taxes = [self.in_currency(tax) for tax in self.working.taxes]
        return taxes if part == left else [share(part, left, tax) for tax in taxes]

    def _exacts(self) -> Sequence[Fraction]:
        """Of WORTH the parts of what the amount with tax holds of tax, which is rounded first."""
        taxes = self.working.taxes
        if self.working.how is How.WORTH:
            held, whole = self._tax_of_gross().minor, sum(taxes)
            return [Fraction(held * tax, whole) if whole else Fraction(0) for tax in taxes]
        part, left = self.evaluated_amount.minor, self.working.left
        return [Fraction(tax) if part == left else Fraction(part * tax, left) for tax in taxes]

    def _tax_of_gross(self) -> Money:
        """The tax in the amount with tax, in the proportion of what was left."""
        taxes = sum(self.working.taxes)
        whole = self.working.left + (0 if self.line.tax_inclusive else taxes)
        return share(self.evaluated_gross.minor, whole, self.in_currency(taxes)) if whole else self.in_currency(taxes)

    def in_currency(self, minor: int) -> Money:
        """So many minor units of the currency of the invoice."""
        return Money(minor, self.line.amount.currency)
