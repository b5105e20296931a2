"""Credit that a customer does not keep: a bank has taken back the money that it stood for.

Of an invoice's money a customer has back at most what was captured: as refunds, by disputes, and as credit. The same
is true of each payment and the credit that it became, as of one too many that is disputed for that. What an invoice
took over of older ones was paid by their payments.
"""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.issue_note import NoteIssued
from domain.invoices.takeover import Takeover, related, takeovers
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, moved_by, numbers_of
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.payments.book_dispute import WITHHELD
from domain.payments.book_money import CAPTURED
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.disputed_credit import Claim, Pot, Share
from domain.payments.excess import became_credit, withheld
from domain.payments.paid_from import given_before
from domain.payments.payment import Payment, payments_of_invoices


async def withhold(tx: Tx, id: InvoiceId, note: NoteIssued | None = None) -> None:
    """Takes as much of the credit that the invoice's money has become as disputes have taken of it as well; so of what
    took over of it, and of what it took over of.

    It lowers the loss, for which nothing was sold then; where the dispute is won it is credit again, and what was taken
    for another one and need not be any more. Credit that was used up is not there to be taken. With the ``note`` that
    gave the credit just now a preview takes it too.
    """
    if not await _is_disputed(tx):
        return
    known = await takeovers(tx, tx.customer)
    invoices = related(id, known)
    if (pot := await _pot_of(tx, invoices, known)) is None:
        return
    given = dict[InvoiceId, Money]()
    for each in invoices:
        posted = [note.posted] if note and note.invoice == each else ()
        given[each] = await became_credit(tx, each, pot.there.currency, posted)
    for dispute, part in pot.too_much_withheld(given):
        back = Transfer(Account.DISPUTE_LOSSES, Account.CUSTOMER_CREDIT, part)
        await post(tx, Cause(WITHHELD, dispute.uuid), [back])
    for dispute, part in pot.to_withhold(given):
        taken = Transfer(Account.CUSTOMER_CREDIT, Account.DISPUTE_LOSSES, part)
        await post(tx, Cause(WITHHELD, dispute.uuid), [taken])


async def _is_disputed(tx: Tx) -> bool:
    """Whether a bank has any of the customer's payments; few customers ever dispute one."""
    found = await tx.fetchval(
        "SELECT 1 FROM dispute WHERE shard_key = $1 AND customer_id = $2 AND covered > 0 LIMIT 1",
        tx.customer.shard,
        tx.customer.uuid,
    )
    return found is not None


async def _pot_of(tx: Tx, invoices: Sequence[InvoiceId], known: Sequence[Takeover]) -> Pot | None:
    """None where no dispute has any of their payments."""
    payments = await payments_of_invoices(tx, tx.customer, invoices)
    attempts = [each for some in payments.values() for each in some]
    found = await disputes_of_payments(tx, tx.customer, [each.id for each in attempts])
    claims = {id: [await _claim(tx, each) for each in some if each.covered.minor] for id, some in found.items()}
    if not any(claims.values()):
        return None
    nothing = Money.zero(attempts[0].amount.currency)
    left = {each.id: nothing if each.returned.minor else _left(each) for each in attempts}
    too_much = {each.id: await _too_much(tx, each) if claims.get(each.id) else nothing for each in attempts}
    shares = {id: await _shares(tx, id, nothing, known) for id in invoices}
    paid = {id: [each.id for each in some] for id, some in payments.items()}
    return Pot(paid, left, too_much, claims, shares, await credit_available(tx, tx.customer, nothing.currency))


def _left(of: Payment) -> Money:
    return of.captured - of.refunds_reserved - of.disputes_reserved


async def _claim(tx: Tx, of: Dispute) -> Claim:
    was = await withheld(tx, of)
    return Claim(of.id, was, of.covered - was)


async def _shares(tx: Tx, id: InvoiceId, nothing: Money, known: Sequence[Takeover]) -> list[Share]:
    """What it took over, without what was given back of that to the older payments."""
    taken = [each for each in known if each.newer == id]
    given = await given_before(tx, id, nothing) if taken else nothing
    shares = []
    for each in taken:
        part = min(given, each.worth)
        given -= part
        shares.append(Share(each.older, each.worth - part))
    return shares


async def _too_much(tx: Tx, of: Payment) -> Money:
    """What of a disputed payment was more than was owed when it came; of one that was taken back nothing is credit."""
    if of.returned.minor:
        return Money.zero(of.amount.currency)
    numbers = await numbers_of(tx, tx.customer, (CAPTURED,), of.id.uuid)
    return await moved_by(tx, tx.customer, numbers, Account.CUSTOMER_CREDIT, of.amount.currency)
