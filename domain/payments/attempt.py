"""Asking the provider, outside any transaction: mark as sent, call, perform the answer. The row decides, never memory.

A payment that may have left the house is queried by reference and never sent again, unless the provider does not know
it and still remembers the key. A charge that waits for its customer in vain is voided.
"""

from datetime import datetime, timedelta

from domain import due
from domain.actor import Actor
from domain.database import Database
from domain.ids import CustomerId, PaymentId
from domain.operation import Performed
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
from domain.payments.hold_calls import HoldAnswer, ask_hold
from domain.payments.method import payment_methods
from domain.payments.pay_invoice import SEND
from domain.payments.payment import CaptureMode, Payment, payment
from domain.payments.settle_payment import News, PaymentSettled, SettlePayment, settle_payment
from domain.perform import perform
from domain.points import reached

# When an unknown outcome is asked for again: at once would only meet the same outage, and five days see the provider's
# own retention out; after the last query it is a matter for staff.
QUERY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    *(timedelta(days=1),) * 5,
)
ACTION_FOR = timedelta(hours=22)  # who has not come by then will not; the 23 hours of a first invoice are not over yet
HOLD_FOR = timedelta(days=7)  # where a provider does not say when a hold runs out: what card networks allow
LOOK_AGAIN = timedelta(hours=1)  # when a time is over and the provider does not say so yet: clocks differ by less
UNAVAILABLE_AFTER = timedelta(seconds=30)  # the provider surely did nothing: soon again, under the same key


class Unresolved(Exception):
    """Every scheduled query left the outcome unknown; staff must resolve it."""


async def attempt(
    db: Database, gateway: Gateway, actor: Actor, customer: CustomerId, id: PaymentId
) -> PaymentSettled | None:
    """Takes the payment one step on with the provider; None where nothing is left to do. Safe to call at any time."""
    now = db.clock.now()
    sent = await db.marks.fetchval(
        """UPDATE payment SET sent_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND sent_at IS NULL AND state = 'processing'
            RETURNING id""",
        customer.shard, customer.uuid, id.uuid, now,
    )  # fmt: skip
    known = await payment(db.primary, customer, id)
    if known.is_settled:
        return None
    reached("attempt.claimed")
    heard = await _ask_for(db, gateway, known, now, first=sent is not None)
    answer, refused = heard.answer, heard.refused
    reached("attempt.answered")
    if isinstance(answer, Unavailable):
        await _later(db, known, answer.retry_after or UNAVAILABLE_AFTER)
        return None
    performed = await perform(
        db,
        settle_payment,
        actor,
        customer,
        _news(known, answer, refused, asked=heard.looked),
        _key(known, answer, refused, now, asked=heard.looked),
    )
    await _ask_again(db, known, performed)
    return performed.outcome


async def _ask_for(db: Database, gateway: Gateway, known: Payment, now: datetime, *, first: bool) -> HoldAnswer:
    if known.asked is not None and known.provider_ref is not None:
        return await ask_hold(db, gateway, known, known.asked, now)
    if first:
        return HoldAnswer(await _charge(db, gateway, known), looked=False)
    return HoldAnswer(await _ask(db, gateway, known))


async def _charge(db: Database, gateway: Gateway, known: Payment) -> ChargeAnswer:
    assert known.method is not None, "a payment that a provider makes has a method"
    method = (await payment_methods(db.primary, known.customer, [known.method]))[0]
    metadata = {"payment": str(known.id), "customer": str(known.customer)}
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
    def told(news: News, ref: str | None = None, **facts: object) -> SettlePayment:
        base: dict[str, object] = {"captured": None, "code": None, "hard": False, "action_url": None}
        return SettlePayment(known.id, news, ref, confirmed=asked, **{**base, **facts})  # type: ignore[arg-type]

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
        case Voided(ref):
            return told(News.VOIDED, ref)
        case Expired(ref):
            return told(News.EXPIRED, ref)
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


async def _ask_again(db: Database, known: Payment, performed: Performed[PaymentSettled]) -> None:
    now = await payment(db.primary, known.customer, known.id)
    if (until := _stands_until(now)) is not None:
        await _later(db, known, max(until - db.clock.now(), LOOK_AGAIN))
        return
    unconfirmed = known.state.name == now.state.name == "captured"
    if not (now.is_open or unconfirmed) or (now.asked is not None and now.asks > known.asks):
        return  # heard to the end, or the operation has made it due for what it asks now
    awaited = now.expected_at is not None and now.expected_at > db.clock.now()
    if known.queries >= len(QUERY_AFTER) and not awaited:
        raise Unresolved(str(known.id))
    await _later(db, known, _patience(known, now.state.name, db.clock.now()))
    await db.marks.execute(
        "UPDATE payment SET queries = queries + 1 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        known.customer.shard, known.customer.uuid, known.id.uuid,
    )  # fmt: skip


def _stands_until(now: Payment) -> datetime | None:
    """Until when the provider has no news of it by itself: a hold that nobody asks anything of, a debit that may come
    back."""
    if now.state.name == "settling":
        return now.returnable_until
    if now.state.name == "authorized" and now.asked is None:
        return now.expires_at or (now.sent_at and now.sent_at + HOLD_FOR)
    return None


def _patience(known: Payment, state: str, now: datetime) -> timedelta:
    """How long to wait for news; an action that nobody takes is looked at when its time is over."""
    after = QUERY_AFTER[min(known.queries, len(QUERY_AFTER) - 1)]
    over = known.sent_at + ACTION_FOR if known.sent_at is not None and state == "requires_action" else now
    return min(after, over - now) if over > now else after


async def _later(db: Database, known: Payment, after: timedelta) -> None:
    work = await due.find(db.primary, known.customer, SEND, known.id.uuid)
    if work is not None:
        await due.postpone(db.marks, work, db.clock.now() + after)
