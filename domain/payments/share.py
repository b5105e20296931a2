"""What of invoices was paid by what had paid older ones: the way of money back along what was taken over."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, PaymentId
from domain.invoices.takeover import Takeover
from domain.money import Currency, Money

Shares = Mapping[InvoiceId, Sequence["Share"]]


@dataclass(slots=True)
class Share:
    """How much of what an invoice took over of an older one nobody has accounted for yet."""

    older: InvoiceId
    left: Money


async def shares_of(db: Primary, customer: CustomerId, known: Iterable[Takeover]) -> Shares:
    """What each of the customer's invoices took over, without what was given back of that to the older payments: of
    what went back over several takeovers each has less."""
    found = defaultdict[InvoiceId, list[Share]](list)
    for each in known:
        found[each.newer].append(Share(each.older, each.worth))
    if not found:
        return found
    rows = await db.fetch(
        """SELECT r.of_invoice_id AS newer, p.invoice_id AS older, r.currency, sum(r.amount)::bigint AS minor
             FROM refund r JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.of_invoice_id IS NOT NULL AND r.state <> 'failed'
            GROUP BY r.of_invoice_id, p.invoice_id, r.currency""",
        customer.shard,
        customer.uuid,
    )
    for row in rows:
        newer, older = (InvoiceId(customer.shard, row[name]) for name in ("newer", "older"))
        for share in way(found, newer, older):
            share.left = max(
                Money.zero(share.left.currency), share.left - Money(row["minor"], Currency(row["currency"]))
            )
    return found


def way(shares: Shares, newer: InvoiceId, older: InvoiceId) -> list[Share]:
    """Over which takeovers money of the older invoice has come to the newer one; none where it has not."""
    came, new = {newer: list[Share]()}, [newer]
    while new and older not in came:
        at = new.pop()
        for share in shares.get(at, ()):
            if share.older not in came:
                came[share.older] = [*came[at], share]
                new.append(share.older)
    return came.get(older, [])


def use(
    payments: Mapping[InvoiceId, Sequence[PaymentId]], shares: Shares, id: InvoiceId, amount: Money,
    take: Callable[[PaymentId, Money], Money],
) -> Money:  # fmt: skip
    """Uses at most so much of what paid an invoice, its own payments first, then those of what it took over of; returns
    how much. ``take`` says how much of one payment is used, at most what it is asked for."""
    left, waiting = amount, [(id, tuple[Share, ...]())]
    while waiting and left.minor > 0:
        at, over = waiting.pop()
        most = min((left, *(share.left for share in over)))
        for paid in payments.get(at, ()) if most.minor > 0 else ():
            part = take(paid, most)
            most, left = most - part, left - part
            for share in over:
                share.left -= part
        if most.minor > 0:
            waiting += [(share.older, (*over, share)) for share in reversed(shares.get(at, ()))]
    return amount - left
