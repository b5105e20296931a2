"""Asking the provider, outside any transaction: mark as sent, call, perform the answer. The row decides, never memory.

A payment that may have left the house is queried by reference and never sent again, unless the provider does not know
it and still remembers the key. A charge that waits for its customer in vain is voided.
"""

from datetime import datetime, timedelta
from typing import Any

from domain import due
from domain.actor import Actor
from domain.correlation import NAME
from domain.database import Database
from domain.ids import CustomerId, PaymentId
from domain.invoices.invoice import invoice
from domain.operation import Performed
from domain.payments.bar_charge import ASK_FOR, bar_charge
from domain.payments.exception_case import Kind
from domain.payments.failures import FailureClass, failure_in
from domain.payments.gateway import (
    ActionRequired,
    Authorized,
    Captured,
    ChargeAnswer,
    ChargeFound,
    ChargeRequest,
    Declined,
    Expired,
    Gateway,
    NotFound,
    Processing,
    Returned,
    Unavailable,
    Unknown,
    Voided,
)
from domain.payments.gateways.bulkhead import rest_of
from domain.payments.hold_calls import HoldAnswer, ask_hold
from domain.payments.method import payment_methods
from domain.payments.open_exception import IN_VAIN, OTHER_MONEY, OUT_OF_REACH, OpenException, open_exception
from domain.payments.outlook import ACTION_FOR as ACTION_FOR
from domain.payments.outlook import LOOK_AGAIN, patience, stands_until
from domain.payments.outlook import QUERY_AFTER as QUERY_AFTER
from domain.payments.pay_invoice import SEND
from domain.payments.payment import CaptureMode, Payment, payment, request_of
from domain.payments.settle_payment import News, PaymentSettled, SettlePayment, settle_payment
from domain.perform import perform
from domain.points import reached
from domain.refusals import RefusalCode, Refused

MISMATCH = "mismatch"  # as the port says it of other money or another reference
UNAVAILABLE_AFTER = timedelta(seconds=30)  # the provider surely did nothing: soon again, under the same key


async def attempt(
    db: Database, gateway: Gateway, actor: Actor, customer: CustomerId, id: PaymentId
) -> PaymentSettled | None:
    """Takes the payment one step on with the provider; None where nothing is left to do, or the provider is to be left
    alone for now. Safe to call at any time."""
    now = db.clock.now()
    if (pause := rest_of(gateway)) is not None:
        await _out_of_reach(db, actor, await payment(db.primary, customer, id), pause)
        return None
    sent = await db.marks.fetchval(
        """UPDATE payment SET sent_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND sent_at IS NULL AND state = 'processing'
            RETURNING id""",
        customer.shard, customer.uuid, id.uuid, now,
    )  # fmt: skip
    known = await payment(db.primary, customer, id)
    if known.is_settled:
        return await bar_charge(db, gateway, actor, known)
    reached("attempt.claimed")
    heard = await _ask_for(db, gateway, known, now, first=sent is not None)
    answer, refused = heard.answer, heard.refused
    reached("attempt.answered")
    if failure_in(answer) is FailureClass.TRANSIENT:
        assert isinstance(answer, Unavailable)
        await _out_of_reach(db, actor, known, answer.retry_after or UNAVAILABLE_AFTER)
        return None
    try:
        performed = await _perform(db, actor, known, answer, refused, now, asked=heard.looked)
    except Refused as clash:
        if clash.code is not RefusalCode.ALREADY_EXISTS:
            raise
        # What it says is about another customer's payment: nothing is known of this one, and a person looks at it.
        answer = Unknown(MISMATCH)
        performed = await _perform(db, actor, known, answer, None, now, asked=heard.looked)
    if answer == Unknown(MISMATCH):
        await _except(db, actor, known, Kind.PAYMENT_MISMATCH, OTHER_MONEY)
    await _ask_again(db, actor, known, performed)
    return performed.outcome


async def _perform(
    db: Database, actor: Actor, known: Payment, answer: ChargeAnswer, refused: str | None, now: datetime, *,
    asked: bool,
) -> Performed[PaymentSettled]:  # fmt: skip
    news, key = _news(known, answer, refused, asked=asked), _key(known, answer, refused, now, asked=asked)
    return await perform(db, settle_payment, actor, known.customer, news, key)


async def _ask_for(db: Database, gateway: Gateway, known: Payment, now: datetime, *, first: bool) -> HoldAnswer:
    if known.asked is not None and known.provider_ref is not None:
        return await ask_hold(db, gateway, known, known.asked, now)
    if first:
        return HoldAnswer(await _charge(db, gateway, known), looked=False)
    return HoldAnswer(await _ask(db, gateway, known))


async def _charge(db: Database, gateway: Gateway, known: Payment) -> ChargeAnswer:
    """Sends it, unless less is owed by now than it would take: then it is barred there, and nothing of it taken."""
    if (await invoice(db.primary, known.customer, known.invoice)).due < known.amount:
        return await gateway.void(str(known.id), known.provider_ref)
    assert known.method is not None, "a payment that a provider makes has a method"
    method = (await payment_methods(db.primary, known.customer, [known.method]))[0]
    metadata = {"payment": str(known.id), "customer": str(known.customer)}
    # The payment's own and not the caller's: a charge that is sent again under its key has to be the same to a letter.
    if asked_by := await request_of(db.primary, known.customer, known.id):
        metadata[NAME] = asked_by
    request = ChargeRequest(known.provider_key, str(known.id), known.amount, method.provider_ref, metadata)
    if known.capture_mode is CaptureMode.LATER:
        return await gateway.authorize(request)
    return await gateway.charge(request)


async def _ask(db: Database, gateway: Gateway, known: Payment) -> ChargeAnswer:
    found: ChargeFound = await gateway.find_charge(str(known.id), known.amount, known.provider_ref)
    age = None if known.sent_at is None else db.clock.now() - known.sent_at
    if isinstance(found, ActionRequired) and age is not None and age >= ACTION_FOR:
        return await gateway.void(str(known.id), known.provider_ref)
    if not isinstance(found, NotFound):
        return found
    if age is not None and age < gateway.key_window:
        return await _charge(db, gateway, known)
    # The provider forgot the key: it is barred there before anybody may charge again.
    return await gateway.void(str(known.id), known.provider_ref)


def _news(known: Payment, answer: ChargeAnswer, refused: str | None, *, asked: bool) -> SettlePayment:
    def told(news: News, ref: str | None = None, **facts: Any) -> SettlePayment:
        base: dict[str, Any] = {"captured": None, "code": None, "hard": False, "action_url": None}
        return SettlePayment(known.id, news, ref, confirmed=asked, **{**base, **facts})

    match answer:
        case Captured(ref, money, authorized, until):
            return told(News.CAPTURED, ref, captured=money, authorized=authorized, until=until)
        case Authorized(ref, authorized, money, left, until):
            facts = {"captured": money, "authorized": authorized, "capturable": left, "until": until}
            return told(News.AUTHORIZED, ref, code=refused, **facts)
        case Declined(ref, code, hard):
            return told(News.DECLINED, ref, code=code, hard=hard)
        case ActionRequired(ref, url):
            return told(News.ACTION_REQUIRED, ref, action_url=url)
        case Processing(ref, until):
            return told(News.PROCESSING, ref, until=until)
        case Voided(ref, authorized):
            return told(News.VOIDED, ref, authorized=authorized)
        case Expired(ref, authorized):
            return told(News.EXPIRED, ref, authorized=authorized)
        case Returned(ref, money, code, hard):
            return told(News.RETURNED, ref, captured=money, code=code, hard=hard)
        case Unknown():
            return told(News.UNKNOWN)
        case Unavailable():
            raise AssertionError("an unavailable provider told no news")


def _key(known: Payment, answer: ChargeAnswer, refused: str | None, now: datetime, *, asked: bool) -> str:
    """One key per state that the answer was met in and kind of answer, so that a repeated look performs nothing new.

    Where answers of one kind can differ, what they say is a part of it.
    """
    key = f"settling:{known.id}:{known.state.seq}:{type(answer).__name__}:{'asked' if asked else 'told'}"
    match answer:
        case Authorized(_, authorized, money, left, until):
            return f"{key}:{known.asks}:{authorized.minor}:{money.minor}:{left.minor}:{until}:{refused}"
        case Captured(_, money, _, until) if known.capture_mode is CaptureMode.LATER or until is not None:
            return f"{key}:{known.asks}:{money.minor}:{until}:{until is not None and until <= now}"
        case Processing(_, until) if until is not None:
            return f"{key}:{until}"
    return f"{key}:{known.asks}" if known.asks else key


async def _except(db: Database, actor: Actor, known: Payment, kind: Kind, cause: str, *, asks_on: bool = False) -> None:
    """Opens a case once for each schedule of asking, and once for all while one is open."""
    work = await due.find(db.primary, known.customer, SEND, known.id.uuid)
    key = f"{kind}:{known.id}:{known.state.seq}:{known.queries}:{work.scheduled_at.isoformat() if work else ''}"
    doubt = OpenException(kind, known.id, None, cause, asks_on=asks_on)
    await perform(db, open_exception, actor, known.customer, doubt, key)


async def _out_of_reach(db: Database, actor: Actor, known: Payment, after: timedelta) -> None:
    """The provider did nothing: soon again, without an end; but an outcome that stays open that long is also a case."""
    work, now = await due.find(db.primary, known.customer, SEND, known.id.uuid), db.clock.now()
    if work is not None and known.is_open and stands_until(known, now) is None:
        known_by = max(work.scheduled_at + ASK_FOR, known.expected_at or work.scheduled_at)
        if now >= known_by:
            await _except(db, actor, known, Kind.PAYMENT_UNKNOWN, OUT_OF_REACH, asks_on=True)
    await _later(db, known, after)


async def _ask_again(db: Database, actor: Actor, known: Payment, performed: Performed[PaymentSettled]) -> None:
    now = await payment(db.primary, known.customer, known.id)
    if (until := stands_until(now, db.clock.now())) is not None:
        await _later(db, known, max(until - db.clock.now(), LOOK_AGAIN))
        return
    unconfirmed = known.state.name == now.state.name == "captured"
    if not (now.is_open or unconfirmed) or (now.asked is not None and now.asks > known.asks):
        return  # heard to the end, or the operation has made it due for what it asks now
    awaited = now.expected_at is not None and now.expected_at > db.clock.now()
    if known.queries >= len(QUERY_AFTER) and not awaited:
        await _except(db, actor, known, Kind.PAYMENT_UNKNOWN, IN_VAIN)
        return
    await _later(db, known, patience(known, now.state.name, db.clock.now()))
    await db.marks.execute(
        "UPDATE payment SET queries = queries + 1 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        known.customer.shard, known.customer.uuid, known.id.uuid,
    )  # fmt: skip


async def _later(db: Database, known: Payment, after: timedelta) -> None:
    work = await due.find(db.primary, known.customer, SEND, known.id.uuid)
    if work is not None:
        await due.postpone(db.marks, work, db.clock.now() + after)
