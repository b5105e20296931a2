"""Which payments an invoice was paid from: its own, and those of what it gives back in its lines.

A change takes what is left of an older charge off its own invoice, so that the older invoice's payments paid for a part
of it. What is given back of it goes to its own payments first, and then to those.
"""

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.line import lines_of
from domain.money import Money, total
from domain.payments.payment import Payment, payments_of


async def paid_from(tx: Tx, invoice: InvoiceId, amount: Money) -> list[tuple[Payment, Money]]:
    """The payments that an amount of the invoice can be given back to, and how much to each: the newest first, and no
    more than the amount; less where other money or credit paid the rest."""
    left, found = amount, list[tuple[Payment, Money]]()
    for each in reversed(await payments_of(tx, tx.customer, invoice)):
        part = min(left, each.refundable)
        if part.minor:
            found.append((each, part))
            left -= part
    if left.minor:
        found += await _paid_before(tx, invoice, left)
    return found


async def _paid_before(tx: Tx, invoice: InvoiceId, amount: Money) -> list[tuple[Payment, Money]]:
    """The same of what the invoice's lines took of older ones, less what was given back to their payments before."""
    lines = (await lines_of(tx, tx.customer, [invoice]))[invoice]
    taken = dict[InvoiceId, Money]()
    for each in lines:
        if each.credits is not None:
            taken[each.credits.invoice] = taken.get(each.credits.invoice, Money.zero(amount.currency)) - each.gross
    if not taken:
        return []
    left = min(amount, total(taken.values(), amount.currency) - await _given_before(tx, invoice, amount))
    found = list[tuple[Payment, Money]]()
    for older, worth in taken.items():
        parts = await paid_from(tx, older, min(left, worth)) if left.minor > 0 else []
        left -= total((part for _, part in parts), amount.currency)
        found += parts
    return found


async def _given_before(tx: Tx, invoice: InvoiceId, like: Money) -> Money:
    """What notes of the invoice gave back to payments of others."""
    minor: int = await tx.fetchval(
        """SELECT coalesce(sum(r.noted), 0)::bigint FROM credit_note n
             JOIN refund r ON r.shard_key = n.shard_key AND r.credit_note_id = n.id
             JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id AND p.invoice_id <> n.invoice_id
            WHERE n.shard_key = $1 AND n.customer_id = $2 AND n.invoice_id = $3
              AND r.state <> 'failed'""",
        tx.customer.shard, tx.customer.uuid, invoice.uuid,
    )  # fmt: skip
    return Money(minor, like.currency)
