"""Credit that a customer does not keep: a bank has taken back the money that it stood for.

Of an invoice's money a customer has back at most what was captured: as refunds, by disputes, and as credit. The same
is true of each payment and the credit that it became, as of one too many that is disputed for that.
"""

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.issue_note import NoteIssued
from domain.ledger.account import Account
from domain.ledger.balance import moved_by, numbers_of
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.payments.book_dispute import WITHHELD, WON
from domain.payments.book_money import CAPTURED
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.pay_back import excess_of
from domain.payments.payment import payments_of


async def withhold(tx: Tx, id: InvoiceId, note: NoteIssued | None = None) -> None:
    """Takes as much of the credit that the invoice's money has become as disputes have taken of it as well.

    It lowers the loss, for which nothing was sold then; where the dispute is won it is credit again. Credit that was
    used up is not there to be taken. With the ``note`` that gave the credit just now a preview takes it too.
    """
    attempts = await payments_of(tx, tx.customer, id)
    found = await disputes_of_payments(tx, tx.customer, [each.id for each in attempts])
    disputed = [each for some in found.values() for each in some if each.covered.minor]
    if not disputed:
        return
    left = {
        each.id: each.captured - each.refunds_reserved - each.disputes_reserved
        for each in attempts
        if not each.returned.minor
    }
    excess = await excess_of(tx, id, attempts[0].amount.currency, [note.posted] if note else ())
    over = excess - sum(left.values(), Money.zero(excess.currency))
    for each in disputed:
        more = over
        if each.payment in left:  # of one that was taken back nothing is credit any more
            more = max(over, min(excess, await _became_credit(tx, each)) - left[each.payment])
        part = min(more, each.covered - await _withheld(tx, each))
        if part.minor > 0:
            taken = Transfer(Account.CUSTOMER_CREDIT, Account.DISPUTE_LOSSES, part)
            await post(tx, Cause(WITHHELD, each.id.uuid), [taken])
            over, excess = over - part, excess - part


async def _became_credit(tx: Tx, of: Dispute) -> Money:
    """What of the disputed payment was more than was owed when it came."""
    numbers = await numbers_of(tx, tx.customer, (CAPTURED,), of.payment.uuid)
    return await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)


async def _withheld(tx: Tx, of: Dispute) -> Money:
    numbers = await numbers_of(tx, tx.customer, (WITHHELD, WON), of.id.uuid)
    return -await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)
