"""Asking the provider for a refund, outside any transaction; the rules are those of ``attempt``."""

from datetime import timedelta

from domain import due
from domain.actor import Actor
from domain.database import Database
from domain.ids import CustomerId, RefundId
from domain.operation import Performed
from domain.payments.attempt import MISMATCH, QUERY_AFTER, UNAVAILABLE_AFTER
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.exception_case import Kind
from domain.payments.gateway import (
    Gateway,
    NotFound,
    RefundAnswer,
    RefundFailed,
    RefundPending,
    RefundRequest,
    RefundSucceeded,
    Unavailable,
    Unknown,
)
from domain.payments.gateways.bulkhead import rest_of
from domain.payments.open_exception import IN_VAIN, OTHER_MONEY, OpenException, open_exception
from domain.payments.payment import Payment, payment
from domain.payments.refund import IN_FLIGHT, Refund, refund
from domain.payments.settle_refund import RefundNews, RefundSettled, SettleRefund, settle_refund
from domain.perform import perform
from domain.points import reached
from domain.refusals import RefusalCode, Refused

PENDING_LOOK = timedelta(days=1)  # banks take 5 to 10 working days; who is quicker tells by a webhook


async def attempt_refund(
    db: Database, gateway: Gateway, actor: Actor, customer: CustomerId, id: RefundId
) -> RefundSettled | None:
    """Takes the refund one step on with the provider; None where nothing is left to do, or the provider is to be left
    alone for now. Safe to call at any time."""
    if (pause := rest_of(gateway)) is not None:
        await _later(db, await refund(db.primary, customer, id), pause)
        return None
    sent = await db.marks.fetchval(
        """UPDATE refund SET sent_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND sent_at IS NULL AND state = 'requested'
            RETURNING id""",
        customer.shard, customer.uuid, id.uuid, db.clock.now(),
    )  # fmt: skip
    known = await refund(db.primary, customer, id)
    if known.state.name not in IN_FLIGHT:
        return None
    reached("refund.claimed")
    answer = await _give_back(db, gateway, known) if sent else await _ask(db, gateway, known)
    reached("refund.answered")
    if isinstance(answer, Unavailable):
        await _later(db, known, answer.retry_after or UNAVAILABLE_AFTER)
        return None
    try:
        performed = await _perform(db, actor, known, answer)
    except Refused as clash:
        if clash.code is not RefusalCode.ALREADY_EXISTS:
            raise
        answer = Unknown(MISMATCH)  # it speaks of another customer's refund
        performed = await _perform(db, actor, known, answer)
    if answer == Unknown(MISMATCH):
        await _except(db, actor, known, Kind.REFUND_MISMATCH, OTHER_MONEY)
    await _ask_again(db, actor, known, answer, performed.outcome)
    return performed.outcome


async def _perform(db: Database, actor: Actor, known: Refund, answer: RefundAnswer) -> Performed[RefundSettled]:
    key = f"settle:{known.id}:{known.state.seq}:{type(answer).__name__}"
    return await perform(db, settle_refund, actor, known.customer, _news(known, answer), key)


async def _give_back(db: Database, gateway: Gateway, known: Refund) -> RefundAnswer:
    """Sends it, unless the bank has taken the payment back since it was marked as sent: then it is not begun anew."""
    of = await payment(db.primary, known.customer, known.payment)
    if of.returned.minor:
        return Unknown("the bank took the payment back before the provider knew of the refund")
    return await gateway.refund(RefundRequest(known.provider_key, str(known.id), _charge_of(of), known.amount))


def _charge_of(of: Payment) -> str:
    assert of.provider_ref is not None, "a captured payment has a provider reference"
    return of.provider_ref


async def _ask(db: Database, gateway: Gateway, known: Refund) -> RefundAnswer:
    of = await payment(db.primary, known.customer, known.payment)
    found = await gateway.find_refund(str(known.id), known.amount, _charge_of(of))
    if not isinstance(found, NotFound):
        return found
    if known.sent_at is not None and db.clock.now() - known.sent_at < gateway.key_window:
        return await _give_back(db, gateway, known)
    return Unknown("the provider knows no such refund, and no longer the key")


def _news(known: Refund, answer: RefundAnswer) -> SettleRefund:
    match answer:
        case RefundSucceeded(ref, _):
            return SettleRefund(known.id, RefundNews.SUCCEEDED, ref, None)
        case RefundPending(ref):
            return SettleRefund(known.id, RefundNews.PENDING, ref, None)
        case RefundFailed(ref, code):
            return SettleRefund(known.id, RefundNews.FAILED, ref, code)
        case Unknown():
            return SettleRefund(known.id, RefundNews.UNKNOWN, None, None)
        case Unavailable():
            raise AssertionError("an unavailable provider told no news")


async def _except(db: Database, actor: Actor, known: Refund, kind: Kind, cause: str) -> None:
    """As for payments."""
    work = await due.find(db.primary, known.customer, SEND_REFUND, known.id.uuid)
    key = f"{kind}:{known.id}:{known.state.seq}:{known.queries}:{work.scheduled_at.isoformat() if work else ''}"
    command = OpenException(kind, known.payment, known.id, cause)
    await perform(db, open_exception, actor, known.customer, command, key)


async def _ask_again(db: Database, actor: Actor, known: Refund, answer: RefundAnswer, settled: RefundSettled) -> None:
    if settled.state not in IN_FLIGHT:
        return
    if isinstance(answer, RefundPending):  # that is no doubt, however long the bank takes
        await _later(db, known, PENDING_LOOK if known.state.name == "pending" else QUERY_AFTER[0])
        return
    if known.queries >= len(QUERY_AFTER):
        await _except(db, actor, known, Kind.REFUND_UNKNOWN, IN_VAIN)
        return
    await _later(db, known, QUERY_AFTER[known.queries])
    await db.marks.execute(
        "UPDATE refund SET queries = queries + 1 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        known.customer.shard, known.customer.uuid, known.id.uuid,
    )  # fmt: skip


async def _later(db: Database, known: Refund, after: timedelta) -> None:
    work = await due.find(db.primary, known.customer, SEND_REFUND, known.id.uuid)
    if work is not None:
        await due.postpone(db.marks, work, db.clock.now() + after)
