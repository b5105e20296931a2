"""The taxes of a line, component by component, and how much of each was given back; money is summed by tax."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.db import Primary, Replica, Row
from domain.ids import CustomerId, InvoiceId
from domain.money import Currency, Money
from domain.tax.decision import TaxComponent


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax on one line: ``amount`` is ``rate_ppm`` of ``taxable``, both signed as the line is.

    ``part`` counts from 1 on its line; ``given_back`` is what of a charge's amount was taken back, never more than it.
    ``rounding``: by ``line`` or over the ``invoice``. A credit's says what was left of the charge, and of its tax,
    before it: it took the tax in that proportion. ``correction`` is the document that put it on the line later, and
    ``is_void`` whether that is void, so that the part counts no longer.
    """

    part: int
    rate: UUID | None
    name: str
    treatment: str
    rate_ppm: int
    taxable: Money
    amount: Money
    given_back: Money
    rounding: str = "line"
    of_amount: Money | None = None
    of_tax: Money | None = None
    correction: UUID | None = None
    is_void: bool = False

    @property
    def left(self) -> Money:
        """What can still be given back."""
        return self.amount - self.given_back


def decided_parts(components: Iterable[TaxComponent], first: int, rounding: str = "line") -> tuple[TaxPart, ...]:
    """The parts that a decision's components are on a line, counted from ``first``; nothing is given back yet."""
    return tuple(
        TaxPart(
            part=part,
            rate=each.rate_id.uuid if each.rate_id else None,
            name=each.name,
            treatment=each.treatment.value,
            rate_ppm=each.rate_ppm,
            taxable=each.taxable,
            amount=each.amount,
            given_back=Money.zero(each.amount.currency),
            rounding=rounding,
        )
        for part, each in enumerate(components, first)
    )


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
        rounding=row.get("rounding") or "line",
        of_amount=_left(row.get("of_amount"), currency),
        of_tax=_left(row.get("of_tax"), currency),
        correction=row.get("correction_id"),
        is_void=row.get("is_void") or False,
    )


def _left(minor: int | None, currency: Currency) -> Money | None:
    return None if minor is None else Money(minor, currency)


async def tax_parts_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[tuple[InvoiceId, int], tuple[TaxPart, ...]]:
    """The components of the customer's invoices, by invoice and position; no entry for a line that has none.

    Those that corrections put on a line come after those that it was issued with.
    """
    rows = await db.fetch(
        """SELECT t.shard_key, t.invoice_id, t.position, t.part, t.rate_id, t.name, t.treatment, t.rate_ppm, t.currency,
                  t.taxable, t.amount, t.given_back, t.of_amount, t.of_tax, t.correction_id,
                  d.question ->> 'rounding' AS rounding, v.is_void
             FROM invoice_line_tax t
             LEFT JOIN tax_decision d ON d.shard_key = t.shard_key AND d.customer_id = t.customer_id
                                     AND d.subject = t.invoice_id
             LEFT JOIN LATERAL (
                  SELECT true AS is_void FROM invoice i
                   WHERE i.shard_key = t.shard_key AND i.id = t.correction_id AND i.state = 'void'
                  UNION ALL
                  SELECT true FROM credit_note n
                   WHERE n.shard_key = t.shard_key AND n.id = t.correction_id AND n.state = 'void'
                  ) v ON t.correction_id IS NOT NULL
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.invoice_id = ANY ($3::uuid[])
            ORDER BY t.invoice_id, t.position, t.part""",
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
