"""The check that invoice lines follow from their explanations: it works every line out again."""

from itertools import groupby
from uuid import UUID

from domain.db import Primary, Row
from domain.ids import CustomerId, InvoiceId
from domain.invoices.explanation import explains
from domain.invoices.line import lines_of

BATCH = 500  # invoices worked out at a time: a few thousand lines in memory


async def lines_explain_themselves(db: Primary, shard: int) -> list[Row]:
    """Evaluating the explanation of every line gives its amounts and taxes to the minor unit again."""
    after = (UUID(int=0), UUID(int=0))
    while rows := await _invoices(db, shard, after):
        for owner, own in groupby(rows, key=lambda row: row["customer_id"]):
            named = {InvoiceId(shard, row["id"]): row for row in own}
            found = await lines_of(db, CustomerId(shard, owner), list(named))
            wrong = [named[id] for id, lines in found.items() if not explains(lines)]
            if wrong:
                return wrong
        after = (rows[-1]["customer_id"], rows[-1]["id"])
    return []


async def _invoices(db: Primary, shard: int, after: tuple[UUID, UUID]) -> list[Row]:
    return await db.fetch(
        """SELECT customer_id, id, 'invoice_line' AS relation, number_text AS row
             FROM invoice WHERE shard_key = $1 AND (customer_id, id) > ($2, $3)
            ORDER BY customer_id, id LIMIT $4""",
        shard,
        *after,
        BATCH,
    )


CHECKS = (lines_explain_themselves,)
