"""The sandbox provider's webhook bodies, read into our words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from domain.money import Money
from domain.payments.gateway import EventKind, MalformedEvent, ProviderEvent
from domain.payments.gateways.declines import is_hard
from domain.payments.gateways.sandbox_disputes import WireDispute, read_dispute
from domain.payments.gateways.sandbox_wire import WirePayment, WireRefund, money_of

_KINDS: Final[Mapping[str, EventKind]] = {
    "payment.succeeded": EventKind.CHARGE_CAPTURED,
    "payment.authorized": EventKind.CHARGE_AUTHORIZED,
    "payment.failed": EventKind.CHARGE_DECLINED,
    "payment.requires_action": EventKind.CHARGE_ACTION_REQUIRED,
    "payment.processing": EventKind.CHARGE_PROCESSING,
    "payment.captured": EventKind.CHARGE_CAPTURED,
    "payment.canceled": EventKind.CHARGE_VOIDED,
    "payment.expired": EventKind.CHARGE_EXPIRED,
    "payment.returned": EventKind.CHARGE_RETURNED,
    "refund.succeeded": EventKind.REFUND_SUCCEEDED,
    "refund.failed": EventKind.REFUND_FAILED,
    "dispute.opened": EventKind.DISPUTE_OPENED,
    "dispute.evidence_submitted": EventKind.DISPUTE_ANSWERED,
    "dispute.won": EventKind.DISPUTE_WON,
    "dispute.lost": EventKind.DISPUTE_LOST,
    "payout.paid": EventKind.PAYOUT_PAID,
}

_MOVED: Final = (EventKind.CHARGE_CAPTURED, EventKind.CHARGE_RETURNED)
_FAILED: Final = (EventKind.CHARGE_DECLINED, EventKind.CHARGE_RETURNED)


class _Envelope(msgspec.Struct, frozen=True):
    id: str
    type: str
    sequence: int
    created_at: datetime
    object: msgspec.Raw


class _Payout(msgspec.Struct, frozen=True):
    id: str
    amount_minor: int
    currency: str


_T = TypeVar("_T")


class _Named(msgspec.Struct, frozen=True):
    id: str


def id_of(raw: bytes | msgspec.Raw) -> str:
    """The event's own id, also of one that cannot be read otherwise; empty for what has none."""
    try:
        return msgspec.json.decode(raw, type=_Named).id
    except msgspec.MsgspecError:
        return ""


def read_event(raw: bytes, message_id: str) -> ProviderEvent:
    """The event of an authentic body; MalformedEvent if it cannot be read or is not the one that was signed for."""
    envelope = _decode(raw, _Envelope)
    if envelope.id != message_id or envelope.sequence < 1 or envelope.created_at.tzinfo is None:
        raise MalformedEvent("the envelope contradicts itself")
    reader = _READERS.get(envelope.type.partition(".")[0], _unrecognized)
    return reader(envelope)


def _payment(envelope: _Envelope) -> ProviderEvent:
    payment = _decode(envelope.object, WirePayment)
    kind = _KINDS.get(envelope.type, EventKind.UNRECOGNIZED)
    minor = payment.captured_minor if kind in _MOVED else payment.amount_minor
    failure = payment.failure.code if payment.failure and kind in _FAILED else None
    is_hold = payment.capture == "manual" and payment.authorized_minor > 0
    return ProviderEvent(
        event_id=envelope.id,
        kind=kind,
        occurred_at=envelope.created_at,
        object_ref=payment.id,
        sequence=envelope.sequence,
        charge_ref=payment.id,
        reference=payment.reference,
        money=_money(minor, payment.currency),
        failure_code=failure,
        hard=failure is not None and is_hard(failure),
        metadata=payment.metadata,
        authorized=_money(payment.authorized_minor, payment.currency) if is_hold else None,
        capturable=_money(payment.capturable_minor, payment.currency) if is_hold else None,
        until=payment.until,
    )


def _refund(envelope: _Envelope) -> ProviderEvent:
    refund = _decode(envelope.object, WireRefund)
    return ProviderEvent(
        event_id=envelope.id,
        kind=_KINDS.get(envelope.type, EventKind.UNRECOGNIZED),
        occurred_at=envelope.created_at,
        object_ref=refund.id,
        sequence=envelope.sequence,
        charge_ref=refund.payment,
        reference=refund.reference,
        money=_money(refund.amount_minor, refund.currency),
        failure_code=refund.failure.code if refund.failure else None,
        hard=refund.failure is not None,  # a refund that failed is never repeated blindly
        metadata=refund.metadata,
    )


def _dispute(envelope: _Envelope) -> ProviderEvent:
    facts = read_dispute(_decode(envelope.object, WireDispute))
    if facts is None:
        raise MalformedEvent("an amount that no currency has, or a state that no dispute has")
    return ProviderEvent(
        event_id=envelope.id,
        kind=_KINDS.get(envelope.type, EventKind.UNRECOGNIZED),
        occurred_at=envelope.created_at,
        object_ref=facts.dispute_ref,
        sequence=envelope.sequence,
        charge_ref=facts.charge_ref,
        reference=None,
        money=facts.money,
        failure_code=None,
        hard=False,
        metadata=facts.metadata,
        dispute=facts,
    )


def _payout(envelope: _Envelope) -> ProviderEvent:
    payout = _decode(envelope.object, _Payout)
    kind = _KINDS.get(envelope.type, EventKind.UNRECOGNIZED)
    return _plain(envelope, kind, payout.id, _moved(payout.amount_minor, payout.currency))


def _unrecognized(envelope: _Envelope) -> ProviderEvent:
    return _plain(envelope, EventKind.UNRECOGNIZED, None, None)


def _plain(envelope: _Envelope, kind: EventKind, object_ref: str | None, money: Money | None) -> ProviderEvent:
    return ProviderEvent(
        event_id=envelope.id,
        kind=kind,
        occurred_at=envelope.created_at,
        object_ref=object_ref,
        sequence=envelope.sequence,
        charge_ref=None,
        reference=None,
        money=money,
        failure_code=None,
        hard=False,
        metadata={},
    )


_READERS: Final[Mapping[str, Callable[[_Envelope], ProviderEvent]]] = {
    "payment": _payment,
    "refund": _refund,
    "dispute": _dispute,
    "payout": _payout,
}


def _money(minor: int, currency: str) -> Money:
    """What moved, or can: nothing at least."""
    money = _moved(minor, currency)
    if money.minor < 0:
        raise MalformedEvent("an amount below nothing")
    return money


def _moved(minor: int, currency: str) -> Money:
    """What moved either way: more may be withdrawn by a payout than paid out."""
    money = money_of(minor, currency)
    if money is None:
        raise MalformedEvent("an amount that no currency has")
    return money


def _decode(raw: bytes | msgspec.Raw, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedEvent("the body is not an event as agreed") from error
