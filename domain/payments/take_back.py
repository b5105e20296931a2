"""Money that a bank takes back after it was taken, or that never came after all: every posting of it is reversed, and
its invoice is owed again, as far as nothing else was paid for it."""

from dataclasses import replace

from domain.db import Tx
from domain.invoices.invoice import invoice
from domain.invoices.settle import Applied, owe_again
from domain.ledger.account import Account
from domain.ledger.balance import credit_available
from domain.ledger.post import Cause, Transfer, post, reverse
from domain.machine import State
from domain.money import Money
from domain.payments.book_money import RETURNED, SHORT, WITHDRAWN
from domain.payments.doubt import Doubt, open_case, settle_cases
from domain.payments.exception_case import Kind
from domain.payments.payment import PAYMENT, Payment
from domain.payments.use_excess import standing, use_excess

LOST = "The bank took back money that had become credit and was used up."
NEVER_CAME = "What staff had taken for paid had become credit and was used up."


async def take_back(tx: Tx, of: Payment, code: str, *, hard: bool) -> Payment:
    """The payment, failed after all, with its postings reversed one by one and its invoice owed or given up again.

    Credit that it had brought is taken again; what of that was used up is kept apart as returned payments. Refunds of
    it stand: they gave back what the bank has now taken as well, and the invoice asks for both.
    """
    state = await _unbook(tx, of, RETURNED, LOST)
    tx.emit("payment.returned", payment=of.id, invoice=of.invoice)
    tx.emit("payment.failed", payment=of.id, invoice=of.invoice)
    return replace(
        of, state=state, returned=of.captured, failure_code=code, failure_hard=hard, returnable_until=None
    )  # fmt: skip


async def withdraw(tx: Tx, of: Payment, code: str) -> Payment:
    """The payment, failed, of which nothing was ever taken, whatever was booked: no bank has given anything back, so
    that money which does come of it is booked as every late success is."""
    state = await _unbook(tx, of, WITHDRAWN, NEVER_CAME)
    tx.emit("payment.failed", payment=of.id, invoice=of.invoice)
    return replace(
        of, state=state, captured=Money.zero(of.amount.currency), released=of.released + of.captured,
        posted_number=None, failure_code=code, failure_hard=False, returnable_until=None,
    )  # fmt: skip


async def _unbook(tx: Tx, of: Payment, cause: str, loss: str) -> State:
    """Reverses what the payment posted and nothing has reversed yet; returns the state of a payment that failed."""
    numbers = await standing(tx, of)
    used = await _used(tx, of, numbers)
    owing = await invoice(tx, tx.customer, of.invoice)
    became_credit = used.excess + (used.receivable if owing.state.name == "void" else Money.zero(of.amount.currency))
    short = became_credit - min(became_credit, await credit_available(tx, tx.customer, of.amount.currency))
    if short.minor:
        kept = Transfer(Account.RETURNED_PAYMENTS, Account.CUSTOMER_CREDIT, short)
        await post(tx, Cause(SHORT, of.id.uuid), [kept])
        await open_case(tx, Doubt(Kind.PAYMENT_LOSS, of, short, loss))
    for number in numbers:
        await reverse(tx, number, Cause(cause, of.id.uuid))
    await owe_again(tx, owing, used)
    if used.excess.minor:
        await settle_cases(tx, of.id.uuid, (Kind.PAYMENT_EXCESS,))
    await use_excess(tx, of.invoice, but=of.id)
    return await PAYMENT.move(tx, tx.customer, of.id.uuid, of.state, "return")


async def _used(tx: Tx, of: Payment, numbers: list[int]) -> Applied:
    """How the money is used: what was in excess when it came may have paid the invoice since."""
    rows = await tx.fetch(
        """SELECT debit_kind, credit_kind, sum(amount)::bigint AS amount FROM ledger_transfer
            WHERE shard_key = $1 AND customer_id = $2 AND number = ANY ($3::bigint[])
            GROUP BY debit_kind, credit_kind""",
        tx.customer.shard,
        tx.customer.uuid,
        numbers,
    )

    def used(part: Account) -> Money:
        sides = ((row["amount"], (row["credit_kind"] == part) - (row["debit_kind"] == part)) for row in rows)
        return Money(sum(amount * side for amount, side in sides), of.amount.currency)

    return Applied(*map(used, (Account.RECEIVABLE, Account.WRITE_OFFS, Account.CUSTOMER_CREDIT)))
