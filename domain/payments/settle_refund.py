"""Performing a provider's answer about a refund: paid out of the payable, or the reservation and posting taken back."""

from dataclasses import dataclass
from enum import StrEnum

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import PaymentId, RefundId
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post, reverse
from domain.machine import State
from domain.money import Money
from domain.operation import operation
from domain.payments.begin_refund import SEND_REFUND, release, reserve
from domain.payments.book_money import REFUND_SHORT
from domain.payments.doubt import Doubt, lower_cases, open_case, settle_cases
from domain.payments.exception_case import Kind
from domain.payments.excess import excess_of, take_excess
from domain.payments.losses import make_losses_good
from domain.payments.payment import OFFLINE, Payment, payment
from domain.payments.provider_reference import Thing, claim_reference
from domain.payments.refund import FINAL, REFUND, Refund, refund
from domain.payments.use_excess import use_excess
from domain.payments.withhold import withhold

FAILED = "The provider gives nothing back."
GIVEN_TWICE = "What was given back after all had been used up as credit meanwhile."
BEYOND = "What was given back after all had gone back otherwise meanwhile."


class RefundNews(StrEnum):
    """What is known of a refund, as the event of its machine."""

    SUBMITTED = "submit"
    PENDING = "pend"
    UNKNOWN = "lose"
    SUCCEEDED = "succeed"
    FAILED = "fail"


@dataclass(frozen=True, slots=True)
class SettleRefund:
    """One piece of news about a refund."""

    refund: RefundId
    news: RefundNews
    provider_ref: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class RefundSettled:
    """Where the refund stands now."""

    refund: RefundId
    payment: PaymentId
    state: str


@operation("payments.settle_refund", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def settle_refund(tx: Tx, command: SettleRefund) -> RefundSettled:
    """Applies the news if it moves the refund forward; stale or repeated news changes nothing.

    ALREADY_EXISTS where the provider calls another refund so, whoever's it is.
    """
    before = await refund(tx, tx.customer, command.refund)
    state = before.state
    if state.name == "requested" and command.news in (RefundNews.PENDING, RefundNews.UNKNOWN):
        state = await REFUND.move(tx, tx.customer, before.id.uuid, state, RefundNews.SUBMITTED.value)
    if REFUND.allows(state.name, command.news.value):
        state = await REFUND.move(tx, tx.customer, before.id.uuid, state, command.news.value)
    if state == before.state:
        return RefundSettled(before.id, before.payment, state.name)
    if command.provider_ref is not None:
        await _claim(tx, await payment(tx, tx.customer, before.payment), before, command.provider_ref)
    await _store(tx, before, state, command, await _settle(tx, before, state))
    if state.name == "failed":
        await _use_what_stayed(tx, before)
    return RefundSettled(before.id, before.payment, state.name)


async def _claim(tx: Tx, of: Payment, before: Refund, reference: str) -> None:
    if reference != before.provider_ref:
        account = of.provider_account if of.kind != OFFLINE else f"{OFFLINE}/{tx.head.tenant}"
        await claim_reference(tx, Thing.REFUND, account, reference, before.id.uuid)


async def _settle(tx: Tx, before: Refund, state: State) -> int | None:
    if state.name not in FINAL:
        return None
    await due.finish(tx, SEND_REFUND, before.id.uuid)
    tx.emit(f"refund.{state.name}", refund=before.id, payment=before.payment)
    if before.queries or before.state.name == "unknown":
        await settle_cases(tx, before.id.uuid)
    if state.name == "succeeded":
        paid = await payment(tx, tx.customer, before.payment)
        cash = Account.CASH_OUTSIDE if paid.kind == OFFLINE else Account.CASH_CLEARING
        transfer = Transfer(Account.REFUNDS_PAYABLE, cash, before.amount)
        return await post(tx, Cause("refund.succeeded", before.id.uuid), [transfer])
    return await _failed(tx, await payment(tx, tx.customer, before.payment), before, before.amount)


async def _failed(tx: Tx, of: Payment, before: Refund, reserved: Money) -> int:
    """Its amount is the customer's credit, and can be given back again: by whom and how a person decides. Less is lost
    of payments that were taken back while it was on its way."""
    await release(tx, before.payment, reserved)
    await open_case(tx, Doubt(Kind.REFUND_FAILED, of, before.amount, FAILED, before))
    assert before.posted_number is not None, "what the provider was told is posted"
    failed = await reverse(tx, before.posted_number, Cause("refund.failed", before.id.uuid))
    back = await make_losses_good(tx, before.amount, before.posted_number, (before.id.uuid, of.id.uuid))
    if back.minor:
        await lower_cases(tx, [before.id.uuid], back, before.amount - back)
    return failed


async def _use_what_stayed(tx: Tx, failed: Refund) -> None:
    """Beside a payment that was taken back the money of this one was owed, and could not pay while it was to go; and
    its credit may stand for what a dispute has."""
    of = await payment(tx, tx.customer, failed.payment)
    await use_excess(tx, of.invoice)
    await withhold(tx, of.invoice)


async def revoke_refund(tx: Tx, of: Payment, before: Refund, code: str) -> None:
    """It did not succeed after all: both its postings are taken back, in their order, and it has failed."""
    row = await tx.fetchrow(
        """SELECT settled_number, amount - beyond AS reserved FROM refund
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        before.id.uuid,
    )
    assert row is not None, "it was read"
    await reverse(tx, row["settled_number"], Cause("refund.failed", before.id.uuid))
    state = await REFUND.move(tx, tx.customer, before.id.uuid, before.state, "revoke")
    told = SettleRefund(before.id, RefundNews.FAILED, None, code)
    reserved = Money(row["reserved"], before.amount.currency)
    await _store(tx, before, state, told, await _failed(tx, of, before, reserved))
    await _use_what_stayed(tx, before)
    tx.emit("refund.failed", refund=before.id, payment=before.payment)


async def succeed_late(tx: Tx, of: Payment, before: Refund, reference: str) -> None:
    """It did not fail after all: it is reserved and posted anew, and paid out.

    The provider has given it, so it is booked whatever was decided meanwhile: what is left of the payment is reserved,
    and what is not there any more as its credit, used up or given back otherwise, is a loss of its own case.
    ALREADY_EXISTS where the provider calls another refund so.
    """
    await _claim(tx, of, before, reference)
    amount = before.amount
    home = before.of_invoice or of.invoice
    covered, excess = min(amount, of.refundable), await excess_of(tx, tx.customer, home, amount.currency)
    await reserve(tx, of, covered)
    # What the bank took back is not left of the payment, but the credit of the failed refund may still be there.
    credit = min(amount if of.returned.minor else covered, excess)
    if credit < amount:
        kept = Transfer(Account.RETURNED_PAYMENTS, Account.CUSTOMER_CREDIT, amount - credit)
        await post(tx, Cause(REFUND_SHORT, before.id.uuid), [kept])
        cause = GIVEN_TWICE if covered == amount else BEYOND
        await open_case(tx, Doubt(Kind.PAYMENT_LOSS, of, amount - credit, cause))
    taken = Transfer(Account.CUSTOMER_CREDIT, Account.REFUNDS_PAYABLE, amount)
    posted = await post(tx, Cause("refund.requested", before.id.uuid), [taken])
    await tx.execute(
        "UPDATE refund SET posted_number = $4, beyond = $5 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        before.id.uuid,
        posted,
        (amount - covered).minor,
    )
    await settle_cases(tx, before.id.uuid, (Kind.REFUND_FAILED,))
    await take_excess(tx, home, credit, excess)
    paid = Transfer(Account.REFUNDS_PAYABLE, Account.CASH_CLEARING, amount)
    settled = await post(tx, Cause("refund.succeeded", before.id.uuid), [paid])
    state = await REFUND.move(tx, tx.customer, before.id.uuid, before.state, "succeed_late")
    await _store(tx, before, state, SettleRefund(before.id, RefundNews.SUCCEEDED, reference, None), settled)
    tx.emit("refund.succeeded", refund=before.id, payment=before.payment)


async def _store(tx: Tx, before: Refund, state: State, command: SettleRefund, settled: int | None) -> None:
    await tx.execute(
        """UPDATE refund SET state = $4, seq = $5, provider_ref = coalesce($6, provider_ref), failure_code = $7,
                  settled_number = $8
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, before.id.uuid, state.name, state.seq, command.provider_ref,
        command.code, settled,
    )  # fmt: skip
