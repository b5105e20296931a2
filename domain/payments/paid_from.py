"""Which payments an invoice was paid from: its own, and those of what it took over of older invoices.

What is given back of it goes to its own payments first, and then to those.
"""

from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.invoices.takeover import related, takeovers
from domain.money import Money, total
from domain.payments.payment import Payment, payments_of, payments_of_invoices
from domain.payments.share import Shares, shares_of, use


async def paid_from(tx: Tx, invoice: InvoiceId, amount: Money) -> list[tuple[Payment, Money]]:
    """The payments that an amount of the invoice can be given back to, and how much to each: the newest first, and no
    more than the amount; less where other money or credit paid the rest."""
    own = await payments_of(tx, tx.customer, invoice)
    if total((each.refundable for each in own), amount.currency) >= amount:
        return _parts({invoice: own}, {}, invoice, amount)
    known = await takeovers(tx, tx.customer)
    payments = await payments_of_invoices(tx, tx.customer, related(invoice, known))
    return _parts(payments, await shares_of(tx, tx.customer, known), invoice, amount)


def _parts(
    payments: dict[InvoiceId, list[Payment]], shares: Shares, invoice: InvoiceId, amount: Money
) -> list[tuple[Payment, Money]]:
    left = {each.id: each.refundable for some in payments.values() for each in some}
    found = dict[PaymentId, Money]()

    def take(of: PaymentId, most: Money) -> Money:
        part = min(most, left[of])
        if part.minor:
            left[of], found[of] = left[of] - part, found.get(of, Money.zero(part.currency)) + part
        return part

    newest_first = {id: [each.id for each in reversed(some)] for id, some in payments.items()}
    use(newest_first, shares, invoice, amount, take)
    known = {each.id: each for some in payments.values() for each in some}
    return [(known[id], part) for id, part in found.items()]
