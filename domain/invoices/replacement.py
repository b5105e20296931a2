"""What stands in the place of a voided invoice; it is a draft first, under the id that it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId


@dataclass(frozen=True, slots=True)
class Replacing:
    """What replaces an invoice, issued, a draft or thrown away by now; and what it replaces itself."""

    replacement: InvoiceId | None = None
    replaces: InvoiceId | None = None


async def replacing(db: Primary, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Replacing]:
    """For each of the customer's invoices or drafts, what it replaces and what replaces it."""
    rows = await db.fetch(
        """SELECT shard_key, invoice_id, replacement_id FROM invoice_replacement
            WHERE shard_key = $1 AND customer_id = $2
              AND (invoice_id = ANY ($3::uuid[]) OR replacement_id = ANY ($3::uuid[]))""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    pairs = [(InvoiceId(row["shard_key"], row["invoice_id"]), InvoiceId(row["shard_key"], row["replacement_id"]))
             for row in rows]  # fmt: skip
    after, before = dict(pairs), {new: old for old, new in pairs}
    return {id: Replacing(after.get(id), before.get(id)) for id in ids}
