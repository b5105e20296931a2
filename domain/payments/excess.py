"""Excess: credit that an invoice's money has become, by payments of too much or by credit notes.

It goes back before anything is taken off the invoice for that, and pays what is owed of it again.
"""

from collections.abc import Sequence

from domain.db import Primary, Tx
from domain.ids import CustomerId, InvoiceId
from domain.ledger.balance import credit_available
from domain.money import Currency, Money
from domain.payments.disputed_money import became_credit, pots_of
from domain.payments.doubt import lower_cases
from domain.payments.payment import payments_of
from domain.payments.refund import refunds_of_invoice


async def excess_of(db: Primary, customer: CustomerId, id: InvoiceId, currency: Currency) -> Money:
    """What of an invoice's payments and credit notes became credit, was not refunded yet, and is still there.

    What staff gave as credit on purpose is no excess.
    """
    return (await excess_of_invoices(db, customer, [id])).get(id, Money.zero(currency))


async def excess_of_invoices(db: Primary, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Money]:
    """The same of each of the customer's invoices that has any."""
    found = await became_credit(db, customer, ids)
    async for pot in pots_of(db, customer, list(found)):
        for id, part in pot.withheld_of_each().items():
            if id in found:
                found[id] -= part
    there = {each: await credit_available(db, customer, each) for each in {each.currency for each in found.values()}}
    return {id: min(each, there[each.currency]) for id, each in found.items() if each.minor > 0}


async def take_excess(tx: Tx, id: InvoiceId, taken: Money, excess: Money) -> None:
    """What a refund takes of an invoice's excess waits for nobody's decision any more."""
    attempts = [each.id for each in await payments_of(tx, tx.customer, id)]
    refunds = await refunds_of_invoice(tx, tx.customer, id, attempts)
    subjects = [each.uuid for each in attempts] + [each.id.uuid for each in refunds]
    await lower_cases(tx, subjects, taken, excess - taken)
