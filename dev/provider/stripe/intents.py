"""Intents: created, confirmed (which makes a payment of the books), captured and canceled."""

import sqlite3
from typing import Final

from msgspec.structs import replace

from dev.provider import payments, records
from dev.provider.payments import ChargeOrder
from dev.provider.records import Intent, Method, Payment, new_id, save
from dev.provider.refusals import Refusal, Why
from dev.provider.store import moment
from dev.provider.stripe.forms import ConfirmIntent, CreateIntent
from dev.provider.stripe.names import inward
from domain.payments.gateways.stripe_amounts import from_stripe

REFERENCE: Final = "reference"  # the metadata under which clients keep their own
NEEDS_CUSTOMER: Final = "authentication_required"


def create(db: sqlite3.Connection, form: CreateIntent) -> Intent:
    """A new intent that has not asked any bank; refused for a method that cannot be charged."""
    money = from_stripe(form.amount, form.currency)
    if money is None or form.amount <= 0:
        raise Refusal(Why.INVALID_REQUEST, "no such amount in this currency")
    method = _method(db, form.payment_method) if form.payment_method else None
    if method and (method.detached or method.customer != form.customer):
        raise Refusal(Why.METHOD_DETACHED, "the payment method does not belong to this customer")
    return save(
        db,
        Intent(
            id=new_id(Intent),
            amount_minor=money.minor,
            currency=money.currency.code,
            method=method.id if method else None,
            customer=form.customer,
            capture=form.capture_method,
            metadata=form.metadata,
            reference=form.metadata.get(REFERENCE, ""),
            redirects=form.redirects,
            created_at=moment(),
        ),
    )


def confirm(db: sqlite3.Connection, intent_id: str, key: str, form: ConfirmIntent, decline: str | None) -> Intent:
    """Ask the bank; without the customer, a method that needs it is declined and may be confirmed again."""
    intent = records.get(db, Intent, intent_id)
    if intent.canceled or intent.method is None or records.find(db, Payment, intent.payment):
        raise Refusal(Why.NOT_CAPTURABLE, "the intent cannot be confirmed in its state")
    if intent.redirects and form.return_url is None:
        raise Refusal(Why.RETURN_URL, "a return_url must be specified, since redirects are allowed")
    method = records.get(db, Method, intent.method)
    if form.off_session and payments.needs_action(db, method):
        return save(db, replace(intent, declined=NEEDS_CUSTOMER))
    order = ChargeOrder(
        key=key,
        reference=intent.reference,
        method=method.id,
        amount_minor=intent.amount_minor,
        currency=intent.currency,
        capture=intent.capture,
        metadata=intent.metadata,
        id=intent.payment,
    )
    payments.charge(db, order, decline)
    return save(db, replace(intent, declined=None))


def cancel(db: sqlite3.Connection, intent_id: str) -> Intent:
    """End an intent that has taken nothing, and let a hold go; NOT_VOIDABLE for one that cannot be stopped."""
    intent = records.get(db, Intent, intent_id)
    payment = records.find(db, Payment, intent.payment)
    if intent.canceled or (payment and payment.status in ("processing", "succeeded", "canceled", "expired")):
        raise Refusal(Why.NOT_VOIDABLE, "the intent cannot be canceled in its state")
    if payment and payment.status in ("requires_action", "authorized"):
        payments.void_payment(db, payment.id)
        return intent
    return save(db, replace(intent, canceled=True))


def payment_of(db: sqlite3.Connection, intent_id: str) -> Payment:
    """The payment of an intent by its outward id; NOT_CAPTURABLE for one that was never confirmed."""
    intent = records.get(db, Intent, inward(intent_id))
    payment = records.find(db, Payment, intent.payment)
    if payment is None:
        raise Refusal(Why.NOT_CAPTURABLE, "the intent was never confirmed")
    return payment


def _method(db: sqlite3.Connection, method_id: str) -> Method:
    return records.get(db, Method, inward(method_id))
