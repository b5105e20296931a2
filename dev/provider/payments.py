"""Payments: charge, authenticate, settle, void; holds.py captures. Every function runs inside one transaction."""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from msgspec.structs import replace

from dev.provider import disputes, holds, records
from dev.provider.behaviour import settling
from dev.provider.disputes import DISPUTED, Claim
from dev.provider.events import emit
from dev.provider.records import Method, Payment, new_id, save
from dev.provider.refusals import Refusal, Why
from dev.provider.store import moment
from dev.provider.timers import AS_SCRIPTED, DEFAULT_SETTLE_MS, start_timer, stop_timer
from dev.provider.tokens import Script, read_token

BANK_TAKES: Final = timedelta(days=3)  # what a bank says of a debit; in the sandbox it decides as soon as its timer


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """What a client asks to be charged."""

    key: str
    reference: str
    method: str
    amount_minor: int
    currency: str
    capture: Literal["automatic", "manual"]
    metadata: dict[str, str]
    id: str | None = None
    """The payment's, where the client has one already."""


def charge(db: sqlite3.Connection, order: ChargeOrder, decline: str | None) -> Payment:
    """A new payment in the state that the method's token leads to, or declined with the given code."""
    method = records.get(db, Method, order.method)
    if method.detached:
        raise Refusal(Why.METHOD_DETACHED, "the payment method was detached")
    payment = Payment(
        id=order.id or new_id(Payment),
        key=order.key,
        reference=order.reference,
        method=method.id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        capture=order.capture,
        metadata=order.metadata,
        status="processing",
        created_at=moment(),
    )
    script = _script(method)
    if _is_voided(db, order.reference):
        return _move(db, replace(payment, status="canceled", failure="reference_voided"))
    if needs_action(db, method):
        return _move(db, replace(payment, status="requires_action"))
    if script.settles:
        outcome = decline or AS_SCRIPTED
        start_timer(db, payment.id, outcome, settling(db, method, DEFAULT_SETTLE_MS))
        return _move(db, replace(payment, until=moment() + BANK_TAKES))
    return _conclude(db, payment, decline or _decline(db, script, method), script)


def authenticate(db: sqlite3.Connection, payment_id: str, *, passed: bool) -> Payment:
    """Finish the customer's step; NOT_WAITING when the payment does not wait for it."""
    payment = records.get(db, Payment, payment_id)
    if payment.status != "requires_action":
        raise Refusal(Why.NOT_WAITING, "the payment does not wait for its customer")
    method = records.get(db, Method, payment.method)
    decline = _decline(db, _script(method), method) if passed else "authentication_failed"
    return _conclude(db, payment, decline, _script(method))


def settle_payment(db: sqlite3.Connection, payment_id: str, outcome: str | None) -> Payment:
    """End a processing payment as its timer says or as told ("succeeded" or a failure code); the time of one that is
    held runs out, a debit that was taken comes back, and a cardholder who means to dispute does so."""
    timer = stop_timer(db, payment_id)
    payment = records.get(db, Payment, payment_id)
    if timer is not None and timer.outcome == DISPUTED:
        disputes.open_dispute(db, Claim(payment_id))
        return records.get(db, Payment, payment_id)
    if payment.status == "authorized":
        return holds.let_go(db, payment, "expired")
    if payment.status == "succeeded" and (timer or outcome not in (None, "succeeded")):
        return holds.give_back(db, payment, outcome or AS_SCRIPTED)
    if timer is None:
        raise Refusal(Why.NOT_WAITING, "the payment does not wait for a bank")
    method = records.get(db, Method, payment.method)
    told = outcome or timer.outcome
    if told == AS_SCRIPTED:
        return _conclude(db, payment, _decline(db, _script(method), method), _script(method))
    return _conclude(db, payment, None if told == "succeeded" else told, _script(method))


def void_payment(db: sqlite3.Connection, payment_id: str) -> Payment:
    """Give up a payment that has taken nothing; NOT_VOIDABLE when it has or when it can no longer be stopped."""
    payment = records.get(db, Payment, payment_id)
    if payment.status not in ("requires_action", "authorized"):
        raise Refusal(Why.NOT_VOIDABLE, f"the payment is {payment.status}")
    return holds.let_go(db, payment, "canceled")


def void_reference(db: sqlite3.Connection, reference: str) -> list[Payment]:
    """Bar the reference: void what can be voided and cancel whatever arrives later; returns what stands under it."""
    db.execute("INSERT INTO voided_references (reference) VALUES (?) ON CONFLICT DO NOTHING", (reference,))
    for payment in records.by_reference(db, Payment, reference):
        if payment.status in ("requires_action", "authorized"):
            void_payment(db, payment.id)
    return records.by_reference(db, Payment, reference)


def _script(method: Method) -> Script:
    return read_token(method.token) or Script()


def _is_voided(db: sqlite3.Connection, reference: str) -> bool:
    return db.execute("SELECT 1 FROM voided_references WHERE reference = ?", (reference,)).fetchone() is not None


def needs_action(db: sqlite3.Connection, method: Method) -> bool:
    """Whether a charge of the method waits for its customer."""
    script = _script(method)
    if script.action == "once":
        return records.count_payments(db, method.id, "succeeded") == 0
    return script.action == "always"


def _decline(db: sqlite3.Connection, script: Script, method: Method) -> str | None:
    if script.decline is None or records.count_payments(db, method.id, "succeeded") < script.successes:
        return None
    if script.declines is not None and records.count_payments(db, method.id, "failed") >= script.declines:
        return None
    return script.decline


def _conclude(db: sqlite3.Connection, payment: Payment, decline: str | None, script: Script) -> Payment:
    if decline is not None:
        return _move(db, replace(payment, status="failed", failure=decline, until=None))
    granted = max(1, payment.amount_minor // 2) if script.partial else payment.amount_minor
    if payment.capture == "manual":
        return holds.hold(db, payment, granted)
    return holds.take(db, payment, granted)


def _move(db: sqlite3.Connection, payment: Payment) -> Payment:
    emit(db, f"payment.{payment.status}", save(db, payment))
    return payment
