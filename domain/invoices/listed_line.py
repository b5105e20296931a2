"""Invoice lines as lists show them: what was billed, without taxes, coupons and working."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain import row_view
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.money import Money
from domain.row_view import RowView, column


class ListedLine(RowView):
    """A part of what a ``Line`` of an issued invoice says, under the same names.

    Its span is None unless it was asked for.
    """

    __slots__ = ()

    description: str = column("description")
    quantity: int = column("quantity")
    unit_amount: Money = row_view.amount("unit_amount")
    amount: Money = row_view.amount("amount")
    list_amount: Money = row_view.amount("list_amount")
    discount: Money = row_view.amount("discount")
    tax_inclusive: bool = column("tax_inclusive")
    given_back: Money = row_view.amount("given_back")
    starts_at: datetime = column("starts_at")
    ends_at: datetime = column("ends_at")


async def listed_lines(
    db: Primary, customer: CustomerId, ids: Sequence[InvoiceId], *, spans: bool
) -> dict[InvoiceId, Sequence[ListedLine]]:
    """The lines of the customer's invoices, by position; with ``spans``, from when to when each is, too.

    Reading an instant takes several times as long as any other column.
    """
    rows = await db.fetch(
        """SELECT invoice_id, description, quantity, unit_amount, currency, amount, amount + discount AS list_amount,
                  discount, tax_inclusive, given_back, CASE WHEN $4 THEN starts_at END AS starts_at,
                  CASE WHEN $4 THEN ends_at END AS ends_at
             FROM invoice_line
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, position""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
        spans,
    )
    found: dict[UUID, list[ListedLine]] = defaultdict(list)
    for row in rows:
        found[row["invoice_id"]].append(ListedLine(row))
    return {id: found.get(id.uuid, ()) for id in ids}
