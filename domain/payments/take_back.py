"""Money that a bank takes back after it was taken: every posting of it is reversed, and its invoice is owed again."""

from dataclasses import replace

from domain.db import Tx
from domain.invoices.invoice import invoice
from domain.invoices.settle import Applied, owe_again
from domain.ledger.account import Account
from domain.ledger.balance import credit_available, numbers_of
from domain.ledger.post import Cause, Transfer, post, reverse
from domain.money import Money
from domain.payments.book_money import CAPTURED
from domain.payments.doubt import Doubt, open_case, settle_cases
from domain.payments.exception_case import Kind
from domain.payments.payment import PAYMENT, Payment

RETURNED, SHORT = "payment.returned", "payment.return_short"  # causes of what is posted here

LOST = "The bank took back money that had become credit and was used up."


async def take_back(tx: Tx, of: Payment, code: str, *, hard: bool) -> Payment:
    """The payment, failed after all, with its postings reversed one by one and its invoice owed or given up again.

    Credit that it had brought is taken again; what of that was used up is kept apart as returned payments. Refunds of
    it stand: they gave back what the bank has now taken as well, and the invoice asks for both.
    """
    numbers = await numbers_of(tx, tx.customer, [CAPTURED], of.id.uuid)
    used = await _used(tx, of, numbers)
    owing = await invoice(tx, tx.customer, of.invoice)
    became_credit = used.excess + (used.receivable if owing.state.name == "void" else Money.zero(of.amount.currency))
    short = became_credit - min(became_credit, await credit_available(tx, tx.customer, of.amount.currency))
    if short.minor:
        kept = Transfer(Account.RETURNED_PAYMENTS, Account.CUSTOMER_CREDIT, short)
        await post(tx, Cause(SHORT, of.id.uuid), [kept])
        await open_case(tx, Doubt(Kind.PAYMENT_LOSS, of, short, LOST))
    for number in numbers:
        await reverse(tx, number, Cause(RETURNED, of.id.uuid))
    await owe_again(tx, owing, used)
    if used.excess.minor:
        await settle_cases(tx, of.id.uuid, (Kind.PAYMENT_EXCESS,))
    state = await PAYMENT.move(tx, tx.customer, of.id.uuid, of.state, "return")
    tx.emit("payment.returned", payment=of.id, invoice=of.invoice)
    tx.emit("payment.failed", payment=of.id, invoice=of.invoice)
    return replace(
        of, state=state, returned=of.captured, failure_code=code, failure_hard=hard, returnable_until=None
    )  # fmt: skip


async def _used(tx: Tx, of: Payment, numbers: list[int]) -> Applied:
    """How the money was used when it came."""
    rows = await tx.fetch(
        """SELECT credit_kind, sum(amount)::bigint AS amount FROM ledger_transfer
            WHERE shard_key = $1 AND customer_id = $2 AND number = ANY ($3::bigint[]) GROUP BY credit_kind""",
        tx.customer.shard,
        tx.customer.uuid,
        numbers,
    )
    by_kind = {row["credit_kind"]: Money(row["amount"], of.amount.currency) for row in rows}
    nothing = Money.zero(of.amount.currency)
    parts = (Account.RECEIVABLE, Account.WRITE_OFFS, Account.CUSTOMER_CREDIT)
    return Applied(*(by_kind.get(part.value, nothing) for part in parts))
