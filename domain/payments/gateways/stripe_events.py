"""Stripe's webhook bodies, read into our words. They are unordered and unnumbered: what they say is asked again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from domain.money import Money
from domain.payments.gateway import DisputeStatus, EventKind, MalformedEvent, ProviderEvent
from domain.payments.gateways.stripe_amounts import from_stripe
from domain.payments.gateways.stripe_declines import in_our_words, is_hard
from domain.payments.gateways.stripe_disputes import WireDispute, read_dispute
from domain.payments.gateways.stripe_read import NO_REASON, REFERENCE, code_of, held_of
from domain.payments.gateways.stripe_wire import WireCharge, WireIntent, WireRefund

_INTENTS: Final[Mapping[str, EventKind]] = {
    "payment_intent.succeeded": EventKind.CHARGE_CAPTURED,
    "payment_intent.amount_capturable_updated": EventKind.CHARGE_AUTHORIZED,
    "payment_intent.payment_failed": EventKind.CHARGE_DECLINED,
    "payment_intent.requires_action": EventKind.CHARGE_ACTION_REQUIRED,
    "payment_intent.processing": EventKind.CHARGE_PROCESSING,
    "payment_intent.canceled": EventKind.CHARGE_VOIDED,
}
_REFUNDS: Final[Mapping[str | None, EventKind]] = {
    "succeeded": EventKind.REFUND_SUCCEEDED,
    "failed": EventKind.REFUND_FAILED,
    "canceled": EventKind.REFUND_FAILED,
}
_DISPUTES: Final[Mapping[DisputeStatus, EventKind]] = {
    DisputeStatus.OPEN: EventKind.DISPUTE_OPENED,
    DisputeStatus.EVIDENCE_SUBMITTED: EventKind.DISPUTE_ANSWERED,
    DisputeStatus.WON: EventKind.DISPUTE_WON,
    DisputeStatus.LOST: EventKind.DISPUTE_LOST,
}
_RAN_OUT: Final = ("automatic", "expired")  # why Stripe itself cancels a hold
_T = TypeVar("_T")


class _Data(msgspec.Struct, frozen=True):
    object: msgspec.Raw = msgspec.Raw(b"null")


class _Envelope(msgspec.Struct, frozen=True):
    """An event; a thin one names its object and does not carry it."""

    id: str
    type: str
    created: int | str
    data: _Data | None = None

    @property
    def occurred_at(self) -> datetime:
        try:
            if isinstance(self.created, int):
                return datetime.fromtimestamp(self.created, UTC)
            at = datetime.fromisoformat(self.created)
        except (ValueError, OverflowError, OSError) as error:
            raise MalformedEvent("a time that no clock shows") from error
        if at.tzinfo is None:
            raise MalformedEvent("a time without a zone")
        return at


class _Payout(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str


def read_event(raw: bytes) -> ProviderEvent:
    """The event of an authentic body; UNRECOGNIZED for a thin one and for kinds that we have no word for."""
    envelope = _decode(raw, _Envelope)
    kind = envelope.type.rpartition(".")[0]
    reader = _READERS.get(kind)
    return reader(envelope, envelope.data.object) if reader and envelope.data else _plain(envelope)


def _intent(envelope: _Envelope, raw: msgspec.Raw) -> ProviderEvent:
    intent = _decode(raw, WireIntent)
    kind = _INTENTS.get(envelope.type, EventKind.UNRECOGNIZED)
    if kind is EventKind.CHARGE_AUTHORIZED and intent.amount_received:
        kind = EventKind.CHARGE_CAPTURED
    if kind is EventKind.CHARGE_VOIDED and intent.cancellation_reason in _RAN_OUT:
        kind = EventKind.CHARGE_EXPIRED
    taken = kind is EventKind.CHARGE_CAPTURED
    is_hold = intent.capture_method == "manual" and bool(intent.amount_received or intent.amount_capturable)
    failure = code_of(intent.last_payment_error) if intent.last_payment_error else NO_REASON
    code = failure if kind is EventKind.CHARGE_DECLINED else None
    advice = intent.last_payment_error.advice_code if intent.last_payment_error else None
    return ProviderEvent(
        event_id=envelope.id,
        kind=kind,
        occurred_at=envelope.occurred_at,
        object_ref=intent.id,
        sequence=0,
        charge_ref=intent.id,
        reference=intent.metadata.get(REFERENCE),
        money=_money(intent.amount_received if taken else intent.amount, intent.currency),
        failure_code=None if code is None else in_our_words(code),
        hard=code is not None and is_hard(code, advice),
        metadata=_ours(intent.metadata),
        authorized=_money(held_of(intent), intent.currency) if is_hold else None,
        capturable=_money(intent.amount_capturable, intent.currency) if is_hold else None,
    )


def _charge(envelope: _Envelope, raw: msgspec.Raw) -> ProviderEvent:
    """Of a charge only its return is news: the rest is told of its intent."""
    charge = _decode(raw, WireCharge)
    if envelope.type != "charge.failed" or not charge.failure_balance_transaction or not charge.payment_intent:
        return _plain(envelope)
    code = charge.failure_code or NO_REASON
    return ProviderEvent(
        event_id=envelope.id,
        kind=EventKind.CHARGE_RETURNED,
        occurred_at=envelope.occurred_at,
        object_ref=charge.payment_intent,
        sequence=0,
        charge_ref=charge.payment_intent,
        reference=charge.metadata.get(REFERENCE),
        money=_money(charge.amount_captured, charge.currency),
        failure_code=in_our_words(code),
        hard=is_hard(code),
        metadata=_ours(charge.metadata),
    )


def _refund(envelope: _Envelope, raw: msgspec.Raw) -> ProviderEvent:
    refund = _decode(raw, WireRefund)
    kind = _REFUNDS.get(refund.status, EventKind.UNRECOGNIZED)
    failed = kind is EventKind.REFUND_FAILED
    return ProviderEvent(
        event_id=envelope.id,
        kind=kind,
        occurred_at=envelope.occurred_at,
        object_ref=refund.id,
        sequence=0,
        charge_ref=refund.payment_intent,
        reference=refund.metadata.get(REFERENCE),
        money=_money(refund.amount, refund.currency),
        failure_code=(refund.failure_reason or refund.status or NO_REASON)[:80] if failed else None,
        hard=failed,  # a refund that failed is never repeated blindly
        metadata=_ours(refund.metadata),
    )


def _dispute(envelope: _Envelope, raw: msgspec.Raw) -> ProviderEvent:
    """Whatever is told of a dispute, what it has become is the news; an inquiry is none."""
    facts = read_dispute(_decode(raw, WireDispute))
    if facts is None:
        return _plain(envelope)
    return replace(
        _plain(envelope, _DISPUTES[facts.status], facts.dispute_ref, facts.money),
        charge_ref=facts.charge_ref,
        metadata=facts.metadata,
        dispute=facts,
    )


def _payout(envelope: _Envelope, raw: msgspec.Raw) -> ProviderEvent:
    payout = _decode(raw, _Payout)
    if envelope.type != "payout.paid":
        return _plain(envelope)
    return _plain(envelope, EventKind.PAYOUT_PAID, payout.id, _moved(payout.amount, payout.currency))


def _plain(
    envelope: _Envelope, kind: EventKind = EventKind.UNRECOGNIZED, ref: str | None = None, money: Money | None = None
) -> ProviderEvent:
    return ProviderEvent(
        event_id=envelope.id,
        kind=kind,
        occurred_at=envelope.occurred_at,
        object_ref=ref,
        sequence=0,
        charge_ref=None,
        reference=None,
        money=money,
        failure_code=None,
        hard=False,
        metadata={},
    )


_READERS: Final[Mapping[str, Callable[[_Envelope, msgspec.Raw], ProviderEvent]]] = {
    "payment_intent": _intent,
    "charge": _charge,
    "charge.dispute": _dispute,
    "refund": _refund,
    "payout": _payout,
}


def _ours(metadata: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in metadata.items() if name != REFERENCE}


def _money(amount: int, currency: str) -> Money:
    """What moved, or can: nothing at least."""
    money = _moved(amount, currency)
    if money.minor < 0:
        raise MalformedEvent("an amount below nothing")
    return money


def _moved(amount: int, currency: str) -> Money:
    """What moved either way: more may be withdrawn by a payout than paid out."""
    money = from_stripe(amount, currency)
    if money is None:
        raise MalformedEvent("an amount that no currency has")
    return money


def _decode(raw: bytes | msgspec.Raw, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedEvent("the body is not an event as agreed") from error
