"""Credit that a customer does not keep: a bank has taken back the money that it stood for.

Of an invoice's money a customer has back at most what was captured: as refunds, by disputes, and as credit. The same
is true of each payment and the credit that it became, as of one too many that is disputed for that. What an invoice
took over of older ones was paid by their payments.
"""

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.issue_note import NoteIssued
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.payments.book_dispute import WITHHELD
from domain.payments.disputed_money import pots_of


async def withhold(tx: Tx, *ids: InvoiceId, note: NoteIssued | None = None) -> None:
    """Takes as much of the credit that the invoices' money has become as disputes have taken of it as well; so of what
    took over of them, and of what they took over of.

    It lowers the loss, for which nothing was sold then; where the dispute is won it is credit again, and what was taken
    for another one and need not be any more. Credit that was used up is not there to be taken. With the ``note`` that
    gave the credit just now a preview takes it too.
    """
    posted = {note.invoice: [note.posted]} if note and tx.preview else None
    async for pot in pots_of(tx, tx.customer, ids, posted):
        for dispute, part in pot.too_much_withheld():
            back = Transfer(Account.DISPUTE_LOSSES, Account.CUSTOMER_CREDIT, part)
            await post(tx, Cause(WITHHELD, dispute.uuid), [back])
        for dispute, part in pot.to_withhold():
            taken = Transfer(Account.CUSTOMER_CREDIT, Account.DISPUTE_LOSSES, part)
            await post(tx, Cause(WITHHELD, dispute.uuid), [taken])
