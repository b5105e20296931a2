"""What invoices took over of older ones: a change takes what is left of a charge off its own invoice, so that what paid
the older one has paid a part of the newer one as well."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.line import LineRef, lines_of
from domain.money import Money, total


@dataclass(frozen=True, slots=True)
class Takeover:
    """How much a newer invoice took over of an older one, with tax."""

    newer: InvoiceId
    older: InvoiceId
    worth: Money


async def takeovers(db: Primary, customer: CustomerId) -> list[Takeover]:
    """Those that stand of a customer's invoices: not of a void one, nor what a credit note took back with the rest of
    an invoice. What changes the tax of a charge takes nothing over."""
    rows = await db.fetch(
        """SELECT l.invoice_id, l.position FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.kind = 'credit' AND i.state <> 'void'
              AND i.reason NOT LIKE 'tax_correction:%'
              AND NOT EXISTS (
                  SELECT FROM credit_note_line c
                    JOIN credit_note n ON n.shard_key = c.shard_key AND n.id = c.credit_note_id AND n.state = 'issued'
                   WHERE c.shard_key = $1 AND c.invoice_id = l.invoice_id AND c.invoice_position = l.position)
            ORDER BY l.invoice_id, l.position""",
        customer.shard,
        customer.uuid,
    )
    refs = [LineRef(InvoiceId(customer.shard, row["invoice_id"]), row["position"]) for row in rows]
    lines = await lines_of(db, customer, list({ref.invoice for ref in refs}))
    taken: dict[tuple[InvoiceId, InvoiceId], list[Money]] = {}
    for ref in refs:
        line = lines[ref.invoice][ref.position - 1]
        assert line.credits is not None, "a credit names its charge"
        taken.setdefault((ref.invoice, line.credits.invoice), []).append(-line.gross)
    return [Takeover(newer, older, total(parts, parts[0].currency)) for (newer, older), parts in taken.items()]


def related(id: InvoiceId, known: Sequence[Takeover]) -> list[InvoiceId]:
    """The invoice and all that it took over of or that took over of it, in turn: each after what it took over of."""
    beside, older = defaultdict[InvoiceId, set[InvoiceId]](set), defaultdict[InvoiceId, set[InvoiceId]](set)
    for each in known:
        beside[each.newer].add(each.older)
        beside[each.older].add(each.newer)
        older[each.newer].add(each.older)
    members, new = {id}, [id]
    while new:
        more = beside[new.pop()] - members
        members |= more
        new += more
    ordered = TopologicalSorter({each: older[each] for each in sorted(members, key=str)})
    return list(ordered.static_order())
