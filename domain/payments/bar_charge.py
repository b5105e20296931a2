"""Barring at the provider what staff decided was not charged, so that it cannot succeed beside the next charge."""

from dataclasses import dataclass
from datetime import timedelta

from domain import due
from domain.actor import Actor, Grant
from domain.database import Database
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.operation import operation
from domain.payments.exception_case import Kind
from domain.payments.gateway import Captured, Declined, Expired, Gateway, Returned, Voided
from domain.payments.open_exception import OTHER_MONEY, OpenException, open_exception
from domain.payments.outlook import QUERY_AFTER
from domain.payments.pay_invoice import HEAD_START, SEND
from domain.payments.payment import CaptureMode, Payment, payment
from domain.payments.settle_payment import News, PaymentSettled, SettlePayment, settle_payment
from domain.payments.still_open import is_to_be_barred
from domain.perform import perform
from domain.points import reached

ASK_FOR = sum(QUERY_AFTER, timedelta(0))  # as long as the provider was asked what became of it


# Where the count of questions begins: 0 would say that no case was ever opened about the payment, and is what an older
# release leaves, which did not count.
FIRST = 1
MANY = 14  # questions take longer than the provider is asked for: eleven days


class NotBarred(Exception):
    """However often it was asked, the provider did not say that nothing will be taken; its dead letter is for staff."""


async def bar_soon(tx: Tx, of: Payment) -> None:
    """Has the provider told right after the commit, before anything follows from the payment's failure."""
    await tx.execute(
        "UPDATE payment SET queries = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, FIRST,
    )  # fmt: skip
    await due.schedule(tx, SEND, of.id.uuid, tx.recorded_at + HEAD_START, follows="wall")
    tx.emit("payment.asked", payment=of.id, invoice=of.invoice)


async def bar_charge(db: Database, gateway: Gateway, actor: Actor, known: Payment) -> PaymentSettled | None:
    """Voids it there, again later while the answer is open; what was taken after all is booked as a late success.

    None where nothing is to be barred, or nothing came of it. NotBarred after as many days of asking as an outcome is
    asked for; days in which nobody worked, so that nobody asked, are not among them.
    """
    work = await due.find(db.primary, known.customer, SEND, known.id.uuid)
    if work is None or not is_to_be_barred(known):
        return None
    reached("attempt.claimed")
    answer = await gateway.void(str(known.id), known.provider_ref)
    reached("attempt.answered")
    if isinstance(answer, Captured | Returned):
        return await _taken(db, actor, known, answer, work)
    if isinstance(answer, Voided | Expired | Declined):
        await end_barring_of(db, actor, known, work)
        return None
    asked, now = _asked_for(max(known.queries, FIRST) - FIRST), db.clock.now()
    if min(asked, now - work.scheduled_at) >= ASK_FOR:
        raise NotBarred
    await due.postpone(db.marks, work, now + asked + QUERY_AFTER[0])
    await db.marks.execute(
        "UPDATE payment SET queries = queries + 1 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        known.customer.shard, known.customer.uuid, known.id.uuid,
    )  # fmt: skip
    return None


def _asked_for(times: int) -> timedelta:
    """How long so many questions have taken: before each one is waited as long as before all others, and a minute."""
    return QUERY_AFTER[0] * ((1 << min(times, MANY)) - 1)


@dataclass(frozen=True, slots=True)
class EndBarring:
    """A payment that staff took for not charged, and that the provider is not asked about any more."""

    payment: PaymentId


@dataclass(frozen=True, slots=True)
class BarringEnded:
    """The payment and its invoice, which may be collected again."""

    payment: PaymentId
    invoice: InvoiceId


@operation("payments.end_barring", allowed=frozenset({Grant.SYSTEM}))
async def end_barring(tx: Tx, command: EndBarring) -> BarringEnded:
    """What waited for the provider's word goes on: the failure is told anew."""
    of = await payment(tx, tx.customer, command.payment)
    if is_to_be_barred(of):
        await due.finish(tx, SEND, of.id.uuid)
        tx.emit("payment.barred", payment=of.id, invoice=of.invoice)
    return BarringEnded(of.id, of.invoice)


async def end_barring_of(db: Database, actor: Actor, known: Payment, work: due.Due) -> None:
    """Ends it once for each time that it was begun."""
    key = f"barred:{known.id}:{known.state.seq}:{work.scheduled_at.isoformat()}"
    await perform(db, end_barring, actor, known.customer, EndBarring(known.id), key)


async def _taken(
    db: Database, actor: Actor, known: Payment, answer: Captured | Returned, work: due.Due
) -> PaymentSettled | None:
    key = f"barring:{known.id}:{known.state.seq}:{type(answer).__name__}:{answer.money.minor}"
    if not _fits(known, answer):
        doubt = OpenException(Kind.PAYMENT_MISMATCH, known.id, None, OTHER_MONEY, answer.money)
        await perform(db, open_exception, actor, known.customer, doubt, key)
        await due.discard(db.marks, work)
        return None
    if isinstance(answer, Captured):
        news = SettlePayment(
            known.id, News.CAPTURED, answer.provider_ref, answer.money, None, False, confirmed=True,
            authorized=answer.authorized, until=answer.returnable_until,
        )  # fmt: skip
    else:
        news = SettlePayment(
            known.id, News.RETURNED, answer.provider_ref, answer.money, answer.code, answer.hard, confirmed=True
        )  # fmt: skip
    return (await perform(db, settle_payment, actor, known.customer, news, key)).outcome


def _fits(known: Payment, answer: Captured | Returned) -> bool:
    """Whether it is what the payment can have taken: of a hold, also a part."""
    if known.capture_mode is CaptureMode.LATER and answer.money.currency == known.amount.currency:
        return answer.money <= known.amount
    return answer.money == known.amount
