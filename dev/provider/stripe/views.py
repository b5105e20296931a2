"""How the provider's objects look to Stripe's clients."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from dev.provider import records
from dev.provider.http.views import View
from dev.provider.methods import EXPIRES
from dev.provider.records import Customer, Dispute, Intent, Method, Payment, Payout, Refund
from dev.provider.settlements import Line
from dev.provider.stripe.intents import NEEDS_CUSTOMER, REFERENCE
from dev.provider.stripe.names import intent_of, outward
from dev.provider.tokens import read_token
from domain.money import Currency, Money
from domain.payments.gateways.stripe_amounts import to_stripe

_STATUS: Final = {
    "authorized": "requires_capture",
    "failed": "requires_payment_method",
    "returned": "requires_payment_method",
    "expired": "canceled",
}
_CATEGORIES: Final = {"refund_reversal": "refund_failure", "return": "charge_failure"}
_DISPUTES: Final = {"open": "needs_response", "evidence_submitted": "under_review"}
_UNAUTHENTICATED: Final = "payment_intent_authentication_failure"


def units(minor: int, currency: str) -> int:
    """An amount of the books as Stripe counts it; fees that it could not say are cut to the unit below."""
    money = Money(minor, Currency(currency))
    exact = to_stripe(money)
    return minor if exact is None else exact


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def kind_of_method(method: Method) -> str:
    """Stripe's word for a kind of method: debits that a payer can return are SEPA's."""
    script = read_token(method.token)
    if method.kind == "card":
        return "card"
    return "sepa_debit" if script and script.returnable else "us_bank_account"


def method_view(method: Method) -> View:
    kind = kind_of_method(method)
    account: View = {"last4": method.last4}
    if kind == "card":
        account |= {"brand": method.brand, "exp_year": EXPIRES[0], "exp_month": EXPIRES[1]}
    return {
        "id": outward(method.id),
        "object": "payment_method",
        "type": kind,
        kind: account,
        "customer": None if method.detached else method.customer,
        "created": seconds(method.created_at),
    }


def customer_view(customer: Customer) -> View:
    """The customer; of one that is gone nothing but that."""
    view: View = {"id": outward(customer.id), "object": "customer"}
    return view | ({"deleted": True} if customer.deleted else {"metadata": customer.metadata})


def intent_view(db: sqlite3.Connection, intent: Intent, url: str, expand: Sequence[str] = ()) -> View:
    """The intent as it is now."""
    return intent_then(db, intent, records.find(db, Payment, intent.payment), url, expand)


def intent_then(
    db: sqlite3.Connection, intent: Intent, payment: Payment | None, url: str, expand: Sequence[str] = ()
) -> View:
    """The intent with its payment in a state that it had."""
    charged = payment is not None and payment.status != "requires_action"
    whole = charged and "latest_charge" in expand
    view: View = {
        "id": outward(intent.id),
        "object": "payment_intent",
        "status": _status(intent, payment),
        "amount": units(intent.amount_minor, intent.currency),
        "amount_capturable": units(payment.authorized_minor, intent.currency) if payment else 0,
        "amount_received": 0,
        "currency": intent.currency.lower(),
        "capture_method": intent.capture,
        "customer": intent.customer,
        "payment_method": outward(intent.method) if intent.method else None,
        "cancellation_reason": None,
        "last_payment_error": _error(intent, payment),
        "next_action": None,
        "latest_charge": outward(intent.payment) if charged else None,
        "metadata": intent.metadata,
        "created": seconds(intent.created_at),
        "livemode": False,
    }
    if payment is not None:
        received = 0 if payment.status == "returned" else payment.captured_minor
        view["amount_received"] = units(received, intent.currency)
        if whole:
            view["latest_charge"] = charge_view(db, payment)
        if payment.status in ("canceled", "expired"):
            view["cancellation_reason"] = "expired" if payment.status == "expired" else "requested_by_customer"
        if payment.status == "requires_action":
            there = {"url": f"{url}/actions/{payment.id}"}
            view["next_action"] = {"type": "redirect_to_url", "redirect_to_url": there}
    return view


def _status(intent: Intent, payment: Payment | None) -> str:
    if payment is not None:
        return _STATUS.get(payment.status, payment.status)
    if intent.canceled:
        return "canceled"
    return "requires_payment_method" if intent.declined or intent.method is None else "requires_confirmation"


def _error(intent: Intent, payment: Payment | None) -> View | None:
    failure = payment.failure if payment and payment.status == "failed" else intent.declined
    if failure is None:
        return None
    if failure == "authentication_failed":
        return {"type": "invalid_request_error", "code": _UNAUTHENTICATED}
    if failure == NEEDS_CUSTOMER:
        return {"type": "card_error", "code": NEEDS_CUSTOMER, "decline_code": NEEDS_CUSTOMER}
    return {"type": "card_error", "code": "card_declined", "decline_code": failure}


def charge_view(db: sqlite3.Connection, payment: Payment) -> View:
    method = records.get(db, Method, payment.method)
    kind = kind_of_method(method)
    details: View = {"type": kind, kind: {}}
    if kind == "card" and payment.capture == "manual" and payment.held_minor:
        held = units(payment.held_minor, payment.currency)
        before = seconds(payment.until) if payment.until and payment.status == "authorized" else None
        details[kind] = {"amount_authorized": held, "capture_before": before}
    returned = payment.status == "returned"
    return {
        "id": outward(payment.id),
        "object": "charge",
        "status": {"processing": "pending", "failed": "failed", "returned": "failed"}.get(payment.status, "succeeded"),
        "amount": units(payment.held_minor or payment.amount_minor, payment.currency),
        "amount_captured": units(payment.captured_minor, payment.currency),
        "captured": payment.captured_minor > 0,
        "currency": payment.currency.lower(),
        "failure_code": payment.failure,
        "failure_balance_transaction": f"txn_return_{payment.id.partition('_')[2]}" if returned else None,
        "payment_intent": intent_of(payment.id),
        "payment_method_details": details,
        "metadata": payment.metadata,
        "created": seconds(payment.created_at),
    }


def refund_view(refund: Refund) -> View:
    return {
        "id": outward(refund.id),
        "object": "refund",
        "status": refund.status,
        "amount": units(refund.amount_minor, refund.currency),
        "currency": refund.currency.lower(),
        "payment_intent": intent_of(refund.payment),
        "charge": outward(refund.payment),
        "failure_reason": refund.failure,
        "metadata": refund.metadata | {REFERENCE: refund.reference},
        "created": seconds(refund.created_at),
    }


def dispute_view(dispute: Dispute, intent: View | None = None) -> View:
    """The dispute; with its ``intent`` whole where it was asked for."""
    amount = units(dispute.amount_minor, dispute.currency)
    return {
        "id": outward(dispute.id),
        "object": "dispute",
        "status": _DISPUTES.get(dispute.status, dispute.status),
        "amount": amount,
        "currency": dispute.currency.lower(),
        "reason": dispute.reason,
        "payment_intent": intent or intent_of(dispute.payment),
        "charge": outward(dispute.payment),
        "balance_transactions": [
            {
                "object": "balance_transaction",
                "amount": -amount,
                "currency": dispute.currency.lower(),
                "fee": units(dispute.fee_minor, dispute.currency),
            }
        ],
        "evidence_details": {"due_by": seconds(dispute.due_at) if dispute.due_at else None},
        "metadata": {},
        "created": seconds(dispute.created_at),
    }


def payout_view(payout: Payout) -> View:
    return {
        "id": outward(payout.id),
        "object": "payout",
        "status": "paid",
        "amount": units(payout.amount_minor, payout.currency),
        "currency": payout.currency.lower(),
        "created": seconds(payout.created_at),
    }


def line_view(db: sqlite3.Connection, line: Line, url: str, expand: Sequence[str]) -> View:
    fee, gross = units(line.fee_minor, line.currency), units(line.gross_minor, line.currency)
    return {
        "id": f"txn_{line.number}",
        "object": "balance_transaction",
        "amount": gross,
        "fee": fee,
        "net": gross - fee,
        "currency": line.currency.lower(),
        "reporting_category": _CATEGORIES.get(line.kind, line.kind),
        "source": _source(db, line, url) if "data.source.payment_intent" in expand else outward(line.object),
        "created": seconds(line.created_at),
    }


def _source(db: sqlite3.Connection, line: Line, url: str) -> View:
    source: View
    if refund := records.find(db, Refund, line.object):
        source = refund_view(refund)
    elif dispute := records.find(db, Dispute, line.object):
        source = dispute_view(dispute)
    else:
        source = charge_view(db, records.get(db, Payment, line.payment))
    intent = records.find(db, Intent, f"intent_{line.payment.partition('_')[2]}")
    return source | {"payment_intent": intent_view(db, intent, url) if intent else None}
