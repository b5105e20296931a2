"""What is held before it is taken, and what a bank takes back after it was."""

import sqlite3
from datetime import timedelta
from typing import Final, Literal

from msgspec.structs import replace

from dev.provider import records
from dev.provider.behaviour import settling
from dev.provider.disputes import DISPUTED
from dev.provider.events import emit
from dev.provider.records import Method, Payment, PaymentStatus, save
from dev.provider.refusals import Refusal, Why
from dev.provider.settlements import RETURN_FEE_MINOR, add_line, charge_fee
from dev.provider.store import moment
from dev.provider.timers import AS_SCRIPTED, DEFAULT_SETTLE_MS, start_timer, stop_timer
from dev.provider.tokens import DECLINES, read_token

HOLD_FOR: Final = timedelta(days=7)  # as card networks let merchants hold an amount
RETURNABLE_FOR: Final = timedelta(days=56)  # the eight weeks in which a payer may have a SEPA debit returned


def hold(db: sqlite3.Connection, payment: Payment, granted: int) -> Payment:
    """Keeps the amount for a capture, until it runs out."""
    method = records.get(db, Method, payment.method)
    script = read_token(method.token)
    last_ms = int(HOLD_FOR.total_seconds() * 1000)
    after = settling(db, method, DEFAULT_SETTLE_MS) if script and script.expires else last_ms
    start_timer(db, payment.id, AS_SCRIPTED, after)
    until = moment() + timedelta(milliseconds=last_ms if after is None else after)
    return _told(
        db, replace(payment, status="authorized", held_minor=granted, authorized_minor=granted, until=until)
    )  # fmt: skip


def capture(db: sqlite3.Connection, payment_id: str, amount_minor: int | None, *, final: bool) -> Payment:
    """Take all or a part of what is held; what is left is let go by the final capture."""
    payment = records.get(db, Payment, payment_id)
    if payment.status != "authorized":
        raise Refusal(Why.NOT_CAPTURABLE, f"the payment is {payment.status}")
    amount = payment.authorized_minor if amount_minor is None else amount_minor
    if amount > payment.authorized_minor:
        raise Refusal(Why.EXCEEDS_AUTHORIZED, "more than is held")
    left = 0 if final else payment.authorized_minor - amount
    add_line(db, "charge", payment.id, payment, amount, charge_fee(amount))
    taken = replace(payment, captured_minor=payment.captured_minor + amount, authorized_minor=left)
    if left:
        emit(db, "payment.captured", save(db, taken))
        return taken
    return _end(db, taken, "succeeded")


def take(db: sqlite3.Connection, payment: Payment, amount_minor: int) -> Payment:
    """Take an amount that was not held before."""
    method = records.get(db, Method, payment.method)
    script = read_token(method.token)
    add_line(db, "charge", payment.id, payment, amount_minor, charge_fee(amount_minor))
    if script and script.returned:
        start_timer(db, payment.id, AS_SCRIPTED, settling(db, method, DEFAULT_SETTLE_MS))
    if script and script.disputed:
        start_timer(db, payment.id, DISPUTED, settling(db, method, DEFAULT_SETTLE_MS))
    until = moment() + RETURNABLE_FOR if script and script.returnable else None
    return _told(db, replace(payment, status="succeeded", captured_minor=amount_minor, until=until))


def let_go(db: sqlite3.Connection, payment: Payment, status: Literal["canceled", "expired"]) -> Payment:
    """End a hold as canceled or expired; one of which something was taken has succeeded with that."""
    left = replace(payment, authorized_minor=0)
    if payment.captured_minor:
        return _end(db, left, "succeeded")
    return _end(db, left, status)


def give_back(db: sqlite3.Connection, payment: Payment, told: str) -> Payment:
    """The bank takes a debit back, whatever was refunded of it; NOT_RETURNABLE for what is no debit that it took."""
    method = records.get(db, Method, payment.method)
    script = read_token(method.token)
    code = (script.returned if script else None) if told == AS_SCRIPTED else told
    if payment.status != "succeeded" or method.kind != "bank_debit" or code not in DECLINES:
        raise Refusal(Why.NOT_RETURNABLE, f"the {method.kind} payment is {payment.status}")
    stop_timer(db, payment.id)
    add_line(db, "return", payment.id, payment, -payment.captured_minor, RETURN_FEE_MINOR)
    return _told(db, replace(payment, status="returned", failure=code, until=None))


def _end(db: sqlite3.Connection, payment: Payment, status: PaymentStatus) -> Payment:
    stop_timer(db, payment.id)
    return _told(db, replace(payment, status=status, until=None))


def _told(db: sqlite3.Connection, payment: Payment) -> Payment:
    emit(db, f"payment.{payment.status}", save(db, payment))
    return payment
