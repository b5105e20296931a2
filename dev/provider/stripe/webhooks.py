"""Events in Stripe's shape, signed as Stripe signs."""

import sqlite3
from typing import Final

import msgspec

from dev.provider import records
from dev.provider.delivery import Letter
from dev.provider.events import Event
from dev.provider.http.views import View
from dev.provider.records import Dispute, Intent, Payment, Payout, Refund
from dev.provider.settings import ProviderSettings
from dev.provider.store import moment
from dev.provider.stripe.names import outward
from dev.provider.stripe.views import charge_view, dispute_view, intent_then, payout_view, refund_view, seconds
from domain.payments.gateways.stripe_signature import sign

API_VERSION: Final = "2026-10-28.endive"
_TYPES: Final = {
    "payment.succeeded": "payment_intent.succeeded",
    "payment.authorized": "payment_intent.amount_capturable_updated",
    "payment.captured": "payment_intent.amount_capturable_updated",
    "payment.failed": "payment_intent.payment_failed",
    "payment.requires_action": "payment_intent.requires_action",
    "payment.processing": "payment_intent.processing",
    "payment.canceled": "payment_intent.canceled",
    "payment.expired": "payment_intent.canceled",
    "payment.returned": "charge.failed",
    "refund.succeeded": "refund.updated",
    "refund.failed": "refund.failed",
    "dispute.opened": "charge.dispute.created",
    "dispute.evidence_submitted": "charge.dispute.updated",
    "dispute.won": "charge.dispute.closed",
    "dispute.lost": "charge.dispute.closed",
}


def event_view(db: sqlite3.Connection, event: Event, url: str) -> View:
    """The event with its object as it was then."""
    return {
        "id": outward(event.id),
        "object": "event",
        "api_version": API_VERSION,
        "type": _TYPES.get(event.type, event.type),
        "created": seconds(event.created_at),
        "livemode": False,
        "data": {"object": _object(db, event, url)},
    }


def stripe_letter(db: sqlite3.Connection, event: Event, secret: str, settings: ProviderSettings) -> Letter:
    """The webhook: the same bytes at every delivery, signed now."""
    body, now = msgspec.json.encode(event_view(db, event, settings.provider_url)), seconds(moment())
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={sign(body, now, secret)}"}
    return Letter(settings.receiver("stripe"), body, headers)


def _object(db: sqlite3.Connection, event: Event, url: str) -> View:
    match event.subject:
        case Payment() as payment if event.type == "payment.returned":
            return charge_view(db, payment)
        case Payment() as payment:
            intent = records.get(db, Intent, f"intent_{payment.id.partition('_')[2]}")
            return intent_then(db, intent, payment, url)
        case Refund() as refund:
            return refund_view(refund)
        case Dispute() as dispute:
            return dispute_view(dispute)
        case Payout() as payout:
            return payout_view(payout)
