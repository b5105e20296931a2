"""Refunds: what goes back to the customer, never more than was captured."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from dev.provider import records
from dev.provider.behaviour import settling
from dev.provider.disputes import left_of
from dev.provider.events import emit
from dev.provider.records import Method, Payment, Refund, new_id, save
from dev.provider.refusals import Refusal, Why
from dev.provider.settlements import add_line
from dev.provider.store import moment
from dev.provider.timers import AS_SCRIPTED, DEFAULT_SETTLE_MS, start_timer, stop_timer
from dev.provider.tokens import read_token

_FAILED_LATER: Final = "account_closed"  # the usual cause: the account that should get the money is gone
_REFUSED: Final = "refund_refused"


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What a client asks to be given back."""

    key: str
    reference: str
    payment: str
    amount_minor: int
    currency: str
    metadata: dict[str, str] | None = None
    """None: that of the payment."""


def refund(db: sqlite3.Connection, order: RefundOrder) -> Refund:
    """A new refund in the state that the token leads to; refused when it exceeds what is left of the payment."""
    payment = records.get(db, Payment, order.payment)
    if payment.status != "succeeded":
        raise Refusal(Why.NOT_REFUNDABLE, f"the payment is {payment.status}")
    if payment.currency != order.currency:
        raise Refusal(Why.CURRENCY_MISMATCH, f"the payment is in {payment.currency}")
    if order.amount_minor > left_of(payment):
        raise Refusal(Why.EXCEEDS_CAPTURED, "more than is left of the payment")
    made = Refund(
        id=new_id(Refund),
        key=order.key,
        reference=order.reference,
        payment=payment.id,
        method=payment.method,
        amount_minor=order.amount_minor,
        currency=order.currency,
        metadata=payment.metadata if order.metadata is None else order.metadata,
        status="pending",
        created_at=moment(),
    )
    return _start(db, payment, made)


def _start(db: sqlite3.Connection, payment: Payment, made: Refund) -> Refund:
    method = records.get(db, Method, payment.method)
    script = read_token(method.token)
    later = settling(db, method, DEFAULT_SETTLE_MS)
    save(db, replace(payment, refunded_minor=payment.refunded_minor + made.amount_minor))
    match script.refund if script else "succeeds":
        case "refused":
            return _fail(db, made, _REFUSED)
        case "pending":
            start_timer(db, made.id, AS_SCRIPTED, later)
            return save(db, made)
        case "fails_later":
            start_timer(db, made.id, _FAILED_LATER, later)
            return save(db, made)
        case "reversed":
            start_timer(db, made.id, _FAILED_LATER, later)
    return _succeed(db, made)


def settle_refund(db: sqlite3.Connection, refund_id: str, outcome: str | None) -> Refund:
    """End an open refund as its timer says or as told ("succeeded" or a failure code); money returns when it fails."""
    timer = stop_timer(db, refund_id)
    open_one = records.get(db, Refund, refund_id)
    if timer is None:
        raise Refusal(Why.NOT_WAITING, "the refund does not wait for a bank")
    told = outcome or timer.outcome
    if told in (AS_SCRIPTED, "succeeded"):
        return _succeed(db, open_one) if open_one.status == "pending" else open_one
    return _fail(db, open_one, told)


def _succeed(db: sqlite3.Connection, made: Refund) -> Refund:
    payment = records.get(db, Payment, made.payment)
    add_line(db, "refund", made.id, payment, -made.amount_minor, 0)
    done = save(db, replace(made, status="succeeded"))
    emit(db, "refund.succeeded", done)
    return done


def _fail(db: sqlite3.Connection, made: Refund, code: str) -> Refund:
    payment = records.get(db, Payment, made.payment)
    save(db, replace(payment, refunded_minor=payment.refunded_minor - made.amount_minor))
    if made.status == "succeeded":
        add_line(db, "refund_reversal", made.id, payment, made.amount_minor, 0)
    failed = save(db, replace(made, status="failed", failure=code))
    emit(db, "refund.failed", failed)
    return failed
