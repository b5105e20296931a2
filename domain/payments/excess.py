"""Excess: credit that an invoice's money has become, by payments of too much or by credit notes.

It goes back before anything is taken off the invoice for that, and pays what is owed of it again.
"""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.settle import BECAME_CREDIT
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.money import Currency, Money, total
from domain.payments.book_dispute import WITHHELD, WON
from domain.payments.book_money import CAPTURED, RETURNED, SHORT, WITHDRAWN
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.doubt import lower_cases
from domain.payments.payment import payments_of
from domain.payments.refund import Means, refunds_of_invoice

MONEY = (CAPTURED, RETURNED, WITHDRAWN, SHORT)  # causes of what is posted for a payment
SERVICE_CREDIT = "service_credit"  # the kind of the credit notes that are issued for credit


async def excess_of(tx: Tx, id: InvoiceId, currency: Currency) -> Money:
    """What of an invoice's payments and credit notes became credit, was not refunded yet, and is still there.

    What staff gave as credit on purpose is no excess.
    """
    given = await became_credit(tx, id, currency)
    attempts = await payments_of(tx, tx.customer, id)
    found = await disputes_of_payments(tx, tx.customer, [each.id for each in attempts])
    taken = [await withheld(tx, each) for some in found.values() for each in some]
    left = given - total(taken, currency)
    return max(Money.zero(currency), min(left, await credit_available(tx, tx.customer, currency)))


async def became_credit(tx: Tx, id: InvoiceId, currency: Currency, posted: Sequence[int] = ()) -> Money:
    """What of an invoice's payments and credit notes became credit, by them alone, and was not refunded.

    ``posted`` are the postings of credit notes that were issued just now: a preview stores no note by which they could
    be found.
    """
    attempts = await payments_of(tx, tx.customer, id)
    refunds = await refunds_of_invoice(tx, tx.customer, id, [each.id for each in attempts])
    standing = [each for each in refunds if each.state.name != "failed"]
    notes = (await credit_notes_of(tx, tx.customer, [id])).get(id, [])
    numbers = [
        *(each.posted_number for each in standing if each.means is not Means.CREDIT and each.posted_number is not None),
        *[number for each in attempts for number in await numbers_of(tx, tx.customer, MONEY, each.id.uuid)],
        *(each.posted_number for each in notes if each.state.name == "issued" and each.kind != SERVICE_CREDIT),
        *posted,
        *await numbers_of(tx, tx.customer, BECAME_CREDIT, id.uuid),
    ]
    return await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, currency)


async def withheld(tx: Tx, of: Dispute) -> Money:
    """What the customer does not keep of its credit while the bank has that money."""
    numbers = await numbers_of(tx, tx.customer, (WITHHELD, WON), of.id.uuid)
    return -await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)


async def take_excess(tx: Tx, id: InvoiceId, taken: Money, excess: Money) -> None:
    """What a refund takes of an invoice's excess waits for nobody's decision any more."""
    attempts = [each.id for each in await payments_of(tx, tx.customer, id)]
    refunds = await refunds_of_invoice(tx, tx.customer, id, attempts)
    subjects = [each.uuid for each in attempts] + [each.id.uuid for each in refunds]
    await lower_cases(tx, subjects, taken, excess - taken)
