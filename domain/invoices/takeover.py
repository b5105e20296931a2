"""What invoices took over of older ones: a change takes what is left of a charge off its own invoice, so that what paid
the older one has paid a part of the newer one as well."""

from dataclasses import dataclass

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.line import Line, lines_of
from domain.money import Money, total


@dataclass(frozen=True, slots=True)
class Takeover:
    """How much a newer invoice took over of an older one, with tax."""

    newer: InvoiceId
    older: InvoiceId
    worth: Money


async def takeovers(db: Primary, customer: CustomerId) -> list[Takeover]:
    """Those of a customer's invoices that stand. What changes the tax of a charge takes nothing over."""
    rows = await db.fetch(
        """SELECT DISTINCT l.invoice_id FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.kind = 'credit' AND i.state <> 'void'
              AND i.reason NOT LIKE 'tax_correction:%'
            ORDER BY l.invoice_id""",
        customer.shard,
        customer.uuid,
    )
    found = await lines_of(db, customer, [InvoiceId(customer.shard, row["invoice_id"]) for row in rows])
    return [each for newer, lines in found.items() for each in _taken_by(newer, lines)]


def _taken_by(newer: InvoiceId, lines: tuple[Line, ...]) -> list[Takeover]:
    taken: dict[InvoiceId, list[Money]] = {}
    for each in lines:
        if each.credits is not None:
            taken.setdefault(each.credits.invoice, []).append(-each.gross)
    return [Takeover(newer, older, total(parts, parts[0].currency)) for older, parts in taken.items()]
