"""The taxes of a line, component by component, and how much of each was given back; money is summed by tax."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.db import Primary, Replica, Row
from domain.ids import CustomerId, InvoiceId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax on one line: ``amount`` is ``rate_ppm`` of ``taxable``, both signed as the line is.

    ``part`` counts from 1 on its line; ``given_back`` is what of a charge's amount was taken back, never more than it.
    """

    part: int
    rate: UUID | None
    name: str
    treatment: str
    rate_ppm: int
    taxable: Money
    amount: Money
    given_back: Money

    @property
    def left(self) -> Money:
        """What can still be given back."""
        return self.amount - self.given_back


def tax_part(row: Row) -> TaxPart:
    """The component of a row that selects all its columns."""
    currency = Currency(row["currency"])
    return TaxPart(
        part=row["part"],
        rate=row["rate_id"],
        name=row["name"],
        treatment=row["treatment"],
        rate_ppm=row["rate_ppm"],
        taxable=Money(row["taxable"], currency),
        amount=Money(row["amount"], currency),
        given_back=Money(row["given_back"], currency),
    )


async def tax_parts_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[tuple[InvoiceId, int], tuple[TaxPart, ...]]:
    """The components of the customer's invoices, by invoice and position; no entry for a line that has none."""
    rows = await db.fetch(
        """SELECT shard_key, invoice_id, position, part, rate_id, name, treatment, rate_ppm, currency, taxable, amount,
                  given_back
             FROM invoice_line_tax
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, position, part""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[tuple[InvoiceId, int], tuple[TaxPart, ...]] = {}
    for row in rows:
        place = (InvoiceId(row["shard_key"], row["invoice_id"]), row["position"])
        found[place] = (*found.get(place, ()), tax_part(row))
    return found


def by_tax(parts: Iterable[TaxPart]) -> tuple[TaxPart, ...]:
    """The components of many lines summed by tax, counted anew from 1 in the order in which each is first met."""
    found: dict[tuple[object, ...], TaxPart] = {}
    for each in parts:
        tax = (each.rate, each.name, each.treatment, each.rate_ppm)
        before = found.get(tax)
        if before is None:
            found[tax] = replace(each, part=len(found) + 1)
        else:
            taxable, amount = before.taxable + each.taxable, before.amount + each.amount
            found[tax] = replace(before, taxable=taxable, amount=amount)
    return tuple(found.values())
