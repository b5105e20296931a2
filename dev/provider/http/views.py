"""How the provider's objects look on the wire."""

import msgspec

from dev.provider.events import Event, Subject
from dev.provider.methods import expires
from dev.provider.records import Dispute, Method, Payment, Payout, Record, Refund
from dev.provider.settlements import Line

View = dict[str, object]


def method_view(method: Method) -> View:
    return {
        "id": method.id,
        "object": "payment_method",
        "kind": method.kind,
        "brand": method.brand,
        "last4": method.last4,
        "expires": expires(method),
        "detached": method.detached,
        "created_at": method.created_at,
    }


def payment_view(payment: Payment, base_url: str) -> View:
    waits = payment.status == "requires_action"
    return {
        "id": payment.id,
        "object": "payment",
        "reference": payment.reference,
        "method": payment.method,
        "status": payment.status,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "capture": payment.capture,
        "authorized_minor": payment.held_minor,
        "capturable_minor": payment.authorized_minor,
        "captured_minor": payment.captured_minor,
        "refunded_minor": payment.refunded_minor,
        "disputed_minor": payment.disputed_minor,
        "failure": {"code": payment.failure} if payment.failure else None,
        "action": {"url": f"{base_url}/actions/{payment.id}"} if waits else None,
        "until": payment.until,
        "metadata": payment.metadata,
        "created_at": payment.created_at,
    }


def refund_view(refund: Refund) -> View:
    return {
        "id": refund.id,
        "object": "refund",
        "payment": refund.payment,
        "reference": refund.reference,
        "status": refund.status,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "failure": {"code": refund.failure} if refund.failure else None,
        "metadata": refund.metadata,
        "created_at": refund.created_at,
    }


def dispute_view(dispute: Dispute) -> View:
    return {
        "id": dispute.id,
        "object": "dispute",
        "payment": dispute.payment,
        "reference": dispute.reference,
        "status": dispute.status,
        "amount_minor": dispute.amount_minor,
        "fee_minor": dispute.fee_minor,
        "currency": dispute.currency,
        "reason": dispute.reason,
        "evidence": dispute.evidence,
        "due_at": dispute.due_at,
        "metadata": dispute.metadata,
        "created_at": dispute.created_at,
    }


def payout_view(payout: Payout) -> View:
    return {
        "id": payout.id,
        "object": "payout",
        "amount_minor": payout.amount_minor,
        "currency": payout.currency,
        "line_count": payout.line_count,
        "created_at": payout.created_at,
    }


def line_view(line: Line) -> View:
    return {
        "id": f"line_{line.number}",
        "kind": line.kind,
        "object": line.object,
        "payment": line.payment,
        "reference": line.reference,
        "currency": line.currency,
        "gross_minor": line.gross_minor,
        "fee_minor": line.fee_minor,
        "net_minor": line.net_minor,
        "created_at": line.created_at,
        "payout": line.payout,
    }


def event_view(event: Event, base_url: str) -> View:
    return {
        "id": event.id,
        "type": event.type,
        "sequence": event.sequence,
        "created_at": event.created_at,
        "object": view_of(event.subject, base_url),
    }


def event_body(event: Event, base_url: str) -> bytes:
    """The webhook's body: the same bytes at every delivery."""
    return msgspec.json.encode(event_view(event, base_url))


def view_of(record: Record | Subject, base_url: str) -> View:
    """The view of any object."""
    match record:
        case Method():
            return method_view(record)
        case Payment():
            return payment_view(record, base_url)
        case Refund():
            return refund_view(record)
        case Dispute():
            return dispute_view(record)
        case Payout():
            return payout_view(record)
