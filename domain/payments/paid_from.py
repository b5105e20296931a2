"""Which payments an invoice was paid from: its own, and those of what it took over of older invoices.

What is given back of it goes to its own payments first, and then to those.
"""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.takeover import Takeover, takeovers
from domain.money import Money, total
from domain.payments.payment import Payment, payments_of


async def paid_from(tx: Tx, invoice: InvoiceId, amount: Money) -> list[tuple[Payment, Money]]:
    """The payments that an amount of the invoice can be given back to, and how much to each: the newest first, and no
    more than the amount; less where other money or credit paid the rest."""
    found = await _own(tx, invoice, amount)
    left = amount - total((part for _, part in found), amount.currency)
    if left.minor:
        found += await _before(tx, invoice, left, await takeovers(tx, tx.customer))
    return found


async def _own(tx: Tx, invoice: InvoiceId, amount: Money) -> list[tuple[Payment, Money]]:
    left, found = amount, list[tuple[Payment, Money]]()
    for each in reversed(await payments_of(tx, tx.customer, invoice)):
        part = min(left, each.refundable)
        if part.minor:
            found.append((each, part))
            left -= part
    return found


async def _before(tx: Tx, invoice: InvoiceId, amount: Money, known: Sequence[Takeover]) -> list[tuple[Payment, Money]]:
    """The same of what the invoice took over, less what of that was given back to those payments before."""
    taken = [each for each in known if each.newer == invoice]
    if not taken:
        return []
    worth = total((each.worth for each in taken), amount.currency)
    left, found = min(amount, worth - await given_before(tx, invoice, amount)), list[tuple[Payment, Money]]()
    for each in taken:
        part = min(left, each.worth)
        if part.minor > 0:
            parts = await _own(tx, each.older, part)
            part -= total((one for _, one in parts), amount.currency)
            if part.minor:
                parts += await _before(tx, each.older, part, known)
            left -= total((one for _, one in parts), amount.currency)
            found += parts
    return found


async def given_before(tx: Tx, invoice: InvoiceId, like: Money) -> Money:
    """What was given back of the invoice to payments of others."""
    minor: int = await tx.fetchval(
        """SELECT coalesce(sum(amount), 0)::bigint FROM refund
            WHERE shard_key = $1 AND customer_id = $2 AND of_invoice_id = $3 AND state <> 'failed'""",
        tx.customer.shard,
        tx.customer.uuid,
        invoice.uuid,
    )
    return Money(minor, like.currency)
