"""What becomes of an issued invoice: money that arrives, what lowers it, writing off. Each moves its machine."""

from dataclasses import dataclass

from domain.db import Tx
from domain.invoices.invoice import INVOICE, Invoice, emit_of, store_settlement
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money

PAID_BACK, TOO_LATE = "invoice.paid_back", "change.too_late"
BECAME_CREDIT = (PAID_BACK, TOO_LATE)  # causes of postings by which money that an invoice had used became credit


@dataclass(frozen=True, slots=True)
class Applied:
    """How captured money was used: for the receivable, for what had been given up, and as credit for the rest."""

    receivable: Money
    recovered: Money
    excess: Money

    def transfers(self, cash: Account = Account.CASH_CLEARING) -> list[Transfer]:
        """The posting of the captured money, which is now on that account of cash."""
        parts = (
            (Account.RECEIVABLE, self.receivable),
            (Account.WRITE_OFFS, self.recovered),
            (Account.CUSTOMER_CREDIT, self.excess),
        )
        return [Transfer(cash, account, amount) for account, amount in parts if amount.minor]


def amounts_of(of: Invoice, **changed: Money) -> dict[str, int]:
    """The six amounts of an invoice beside its total, some of them changed."""
    names = ("credited", "noted", "paid", "written_off", "voided")
    amounts = {name: changed.get(name, getattr(of, name)).minor for name in names}
    return {**amounts, "due": of.total.minor - sum(amounts.values())}


async def apply_capture(tx: Tx, of: Invoice, captured: Money) -> Applied:
    """Uses captured money for the invoice, whatever its state; nothing of it is lost."""
    receivable = min(captured, of.due)
    recovered = min(captured - receivable, of.written_off)
    applied = Applied(receivable, recovered, captured - receivable - recovered)
    if receivable.minor + recovered.minor == 0:
        return applied
    amounts = amounts_of(of, paid=of.paid + receivable + recovered, written_off=of.written_off - recovered)
    state = of.state
    if amounts["due"] == 0 and amounts["written_off"] == 0:
        state = await INVOICE.move(tx, tx.customer, of.id.uuid, state, "pay")
        emit_of(tx, "invoice.paid", of.id, of.subscription)
    await store_settlement(tx, of.id, state, amounts)
    return applied


async def owe_again(tx: Tx, of: Invoice, used: Applied) -> None:
    """What money had done for the invoice that a bank has taken back, its postings reversed: it is owed again.

    A void invoice owes nothing: the credit that its payment had become goes. What had been given up stays given up,
    whichever of the money that came before and after that is taken back first.
    """
    if of.state.name == "void":
        if used.receivable.minor:
            back = Transfer(Account.CUSTOMER_CREDIT, Account.RECEIVABLE, used.receivable)
            await post(tx, Cause("payment.returned_of_void", of.id.uuid), [back])
        return
    back_again = used.receivable + used.recovered
    if back_again.minor == 0:
        return
    lost, state = await _was_given_up(tx, of), of.state
    if lost and used.receivable.minor:
        await post(tx, Cause("invoice.written_off", of.id.uuid), [given_up(used.receivable)])
    if state.name == "paid":
        state = await INVOICE.move(tx, tx.customer, of.id.uuid, state, "lose_again" if lost else "reopen")
    written_off = of.written_off + back_again if lost else of.written_off
    await store_settlement(tx, of.id, state, amounts_of(of, paid=of.paid - back_again, written_off=written_off))
    emit_of(tx, "invoice.reopened", of.id, of.subscription)


async def _was_given_up(tx: Tx, of: Invoice) -> bool:
    found = await tx.fetchval(
        """SELECT 1 FROM transition
            WHERE shard_key = $1 AND customer_id = $2 AND entity_id = $3 AND to_state = 'uncollectible' LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    return found is not None


async def lower(tx: Tx, of: Invoice, reduced: Money) -> None:
    """A credit note lowers what is due, or what was written off; an invoice on which nothing is owed then is paid."""
    if reduced.minor == 0:
        return
    given_up = of.written_off - reduced if of.written_off.minor else of.written_off
    amounts, state = amounts_of(of, noted=of.noted + reduced, written_off=given_up), of.state
    if amounts["due"] == 0 and given_up.minor == 0:
        state = await INVOICE.move(tx, tx.customer, of.id.uuid, state, "pay")
        emit_of(tx, "invoice.credited", of.id, of.subscription)
    await store_settlement(tx, of.id, state, amounts)


async def write_off(tx: Tx, of: Invoice) -> None:
    """Gives up what is still due; money that arrives later is recovered from it."""
    state = await INVOICE.move(tx, tx.customer, of.id.uuid, of.state, "write_off")
    await post(tx, Cause("invoice.written_off", of.id.uuid), [given_up(of.due)])
    await store_settlement(tx, of.id, state, amounts_of(of, written_off=of.due))
    emit_of(tx, "invoice.written_off", of.id, of.subscription)


def given_up(due: Money) -> Transfer:
    """The posting of what nobody expects to be paid any more."""
    return Transfer(Account.WRITE_OFFS, Account.RECEIVABLE, due)
