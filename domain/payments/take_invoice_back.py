"""Taking an open invoice back whole, with what its credit notes gave of money that a bank has taken back since."""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.invoice import Invoice, invoices_by_id
from domain.invoices.void import standing_notes, void
from domain.ledger.account import Account
from domain.ledger.balance import credit_available
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money, total
from domain.payments.book_money import SHORT
from domain.payments.disputed_money import related_invoices
from domain.payments.doubt import Doubt, open_case
from domain.payments.end_credit_refunds import end_credit_refunds
from domain.payments.exception_case import Kind
from domain.payments.losses import make_losses_good
from domain.payments.payment import Payment, payments_of_invoices
from domain.payments.under_way import with_adjustments
from domain.payments.withhold import withhold

KEPT = "What was given back of money that never came is kept, and its invoice is void."


async def take_invoice_back(tx: Tx, of: Invoice) -> None:
    """Voids an open invoice with the adjustments of its tax; of what was paid of them, credit becomes what is left.

    What its credit notes gave beyond that and was used up is kept apart as returned payments are: nobody who ends a
    subscription has to wait for it.
    """
    together, short = await with_adjustments(tx, of), await given_beyond(tx, of)
    related = {each for id in together for each in await related_invoices(tx, tx.customer, id)}
    if short.minor:
        await _keep_apart(tx, of, together, short)
    else:
        await void(tx, of)
    if of.credited.minor and of.posted_number is not None:
        await make_losses_good(tx, of.credited, of.posted_number)
    await end_credit_refunds(tx, together)
    await withhold(tx, *sorted(related, key=str))


async def given_beyond(tx: Tx, of: Invoice) -> Money:
    """What credit notes gave of the invoice beyond what is paid of it now, as far as the customer's credit lacks it."""
    found = await invoices_by_id(tx, tx.customer, await with_adjustments(tx, of))
    open_ones = [each for each in found.values() if each.state.name == "open"]
    notes = await standing_notes(tx, [each.id for each in open_ones])
    kept = total((note.total - note.reduced for some in notes.values() for note in some), of.currency)
    given = kept - total((each.paid for each in open_ones), of.currency)
    if given.minor <= 0:
        return Money.zero(of.currency)
    return max(Money.zero(of.currency), given - await credit_available(tx, tx.customer, of.currency))


async def _keep_apart(tx: Tx, of: Invoice, together: Sequence[InvoiceId], short: Money) -> None:
    """Advances what is lacking, and takes back what the invoice itself had used of the customer's credit."""
    attempts = await payments_of_invoices(tx, tx.customer, together)
    subject = _taken_back([each for some in attempts.values() for each in some])
    cause = Cause(SHORT, subject.id.uuid)
    await post(tx, cause, [Transfer(Account.RETURNED_PAYMENTS, Account.CUSTOMER_CREDIT, short)])
    await void(tx, of)
    back = min(short, await credit_available(tx, tx.customer, of.currency))
    if back.minor:
        await post(tx, cause, [Transfer(Account.CUSTOMER_CREDIT, Account.RETURNED_PAYMENTS, back)])
    if back < short:
        await open_case(tx, Doubt(Kind.PAYMENT_LOSS, subject, short - back, KEPT))


def _taken_back(attempts: Sequence[Payment]) -> Payment:
    """The payment that was given back of: only where one was taken back is more given than paid."""
    ended = [each for each in attempts if each.returned.minor] or [each for each in attempts if not each.captured.minor]
    return ended[-1]
