"""What becomes of an issued invoice: money that arrives, voiding, writing off. Each posts and moves its machine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.catalog.coupon_use import give_uses_back
from domain.db import Tx
from domain.ids import CouponRedemptionId
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.given_back import take_again
from domain.invoices.invoice import INVOICE, Invoice, emit_of, store_settlement
from domain.invoices.line import Line, LineRef, lines_of
from domain.invoices.rate import discountable
from domain.invoices.reversal import Taken
from domain.invoices.take_note_back import take_note_back
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post, reverse
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


def _amounts(of: Invoice, **changed: Money) -> dict[str, int]:
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
    amounts = _amounts(of, paid=of.paid + receivable + recovered, written_off=of.written_off - recovered)
    state = of.state
    if amounts["due"] == 0 and amounts["written_off"] == 0:
        state = await INVOICE.move(tx, tx.customer, of.id.uuid, state, "pay")
        emit_of(tx, "invoice.paid", of.id, of.subscription)
    await store_settlement(tx, of.id, state, amounts)
    return applied


async def owe_again(tx: Tx, of: Invoice, used: Applied) -> None:
    """What money had done for the invoice that a bank has taken back, its postings reversed: it is owed again.

    A void invoice owes nothing: the credit that its payment had become goes. What had been given up stays given up.
    """
    if of.state.name == "void":
        if used.receivable.minor:
            back = Transfer(Account.CUSTOMER_CREDIT, Account.RECEIVABLE, used.receivable)
            await post(tx, Cause("payment.returned_of_void", of.id.uuid), [back])
        return
    back_again = used.receivable + used.recovered
    if back_again.minor == 0:
        return
    lost, state = of.state.name == "uncollectible" or used.recovered.minor > 0, of.state
    if lost and used.receivable.minor:
        await post(tx, Cause("invoice.written_off", of.id.uuid), [given_up(used.receivable)])
    if state.name == "paid":
        state = await INVOICE.move(tx, tx.customer, of.id.uuid, state, "lose_again" if lost else "reopen")
    written_off = of.written_off + back_again if lost else of.written_off
    await store_settlement(tx, of.id, state, _amounts(of, paid=of.paid - back_again, written_off=written_off))
    emit_of(tx, "invoice.reopened", of.id, of.subscription)


async def lower(tx: Tx, of: Invoice, reduced: Money) -> None:
    """A credit note lowers what is due, or what was written off; an invoice on which nothing is owed then is paid."""
    if reduced.minor == 0:
        return
    given_up = of.written_off - reduced if of.written_off.minor else of.written_off
    amounts, state = _amounts(of, noted=of.noted + reduced, written_off=given_up), of.state
    if amounts["due"] == 0 and given_up.minor == 0:
        state = await INVOICE.move(tx, tx.customer, of.id.uuid, state, "pay")
        emit_of(tx, "invoice.credited", of.id, of.subscription)
    await store_settlement(tx, of.id, state, amounts)


async def void(tx: Tx, of: Invoice) -> None:
    """Takes an open invoice back whole: its posting is reversed, credit comes back, what was paid becomes credit, its
    credit notes are void with it, and coupons have the period again that it had used up."""
    state = await INVOICE.move(tx, tx.customer, of.id.uuid, of.state, "void")
    if of.paid.minor:  # before its notes: one that gave a part of this back takes it from here again
        await post(tx, Cause(PAID_BACK, of.id.uuid), [Transfer(Account.RECEIVABLE, Account.CUSTOMER_CREDIT, of.paid)])
    for note in (await credit_notes_of(tx, tx.customer, [of.id])).get(of.id, []):
        if note.state.name == "issued":
            await take_note_back(tx, note)
    if of.posted_number is not None:
        await reverse(tx, of.posted_number, Cause("invoice.voided", of.id.uuid))
    lines = (await lines_of(tx, tx.customer, [of.id]))[of.id]
    await take_again(tx, _parts_given_back(lines))
    await give_uses_back(tx, _used(lines), of.id)
    nothing = Money.zero(of.currency)
    await store_settlement(
        tx, of.id, state, _amounts(of, credited=nothing, noted=nothing, paid=nothing, voided=of.total)
    )
    emit_of(tx, "invoice.voided", of.id, of.subscription)


def _used(lines: Sequence[Line]) -> list[CouponRedemptionId]:
    """The redemptions of which the invoice used a period up: those that reduced a whole period's charge, once each."""
    used = [each.redemption for line in lines if line.credits is None and discountable(line).whole_period
            for each in line.reductions]  # fmt: skip
    return list(dict.fromkeys(used))


def _parts_given_back(lines: Sequence[Line]) -> list[tuple[LineRef, Taken]]:
    """What the invoice's credits had taken of other charges: its own lines, the other way round."""
    parts = []
    for line in lines:
        if line.credits is not None:
            components = tuple(replace(part, taxable=-part.taxable, amount=-part.amount) for part in line.components)
            parts.append((line.credits, Taken(-line.amount, -line.net, -line.tax, components)))
    return parts


async def write_off(tx: Tx, of: Invoice) -> None:
    """Gives up what is still due; money that arrives later is recovered from it."""
    state = await INVOICE.move(tx, tx.customer, of.id.uuid, of.state, "write_off")
    await post(tx, Cause("invoice.written_off", of.id.uuid), [given_up(of.due)])
    await store_settlement(tx, of.id, state, _amounts(of, written_off=of.due))
    emit_of(tx, "invoice.written_off", of.id, of.subscription)


def given_up(due: Money) -> Transfer:
    """The posting of what nobody expects to be paid any more."""
    return Transfer(Account.WRITE_OFFS, Account.RECEIVABLE, due)
