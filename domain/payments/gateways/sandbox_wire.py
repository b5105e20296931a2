"""What the sandbox provider's objects say, and which of our answers each of them is."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from domain.money import AmountOutOfRange, Currency, Money, UnknownCurrency
from domain.payments.gateway import (
    ActionRequired,
    Captured,
    ChargeAnswer,
    ChargeFound,
    Declined,
    MethodFacts,
    NotFound,
    Processing,
    RefundAnswer,
    RefundFailed,
    RefundFound,
    RefundPending,
    RefundSucceeded,
    Unknown,
    VoidAnswer,
    Voided,
)
from domain.payments.gateways.declines import is_hard

_MISMATCH = Unknown("mismatch")
_SEVERAL = Unknown("several live objects under one reference")
_OVER = ("failed", "canceled")  # states in which a payment or refund moves no money, now or later


class WireFailure(msgspec.Struct, frozen=True):
    """Why a payment or refund failed, in a code of the decline table or of the provider's own."""

    code: str


class WireAction(msgspec.Struct, frozen=True):
    """Where the customer has to go."""

    url: str


class WirePayment(msgspec.Struct, frozen=True):
    """`amount_minor` is what was asked, `captured_minor` what was taken; `action` only while it is required."""

    id: str
    reference: str
    status: str
    amount_minor: int
    captured_minor: int
    currency: str
    failure: WireFailure | None
    action: WireAction | None
    metadata: dict[str, str]


class WireRefund(msgspec.Struct, frozen=True):
    """`metadata` is that of the payment."""

    id: str
    payment: str
    reference: str
    status: str
    amount_minor: int
    currency: str
    failure: WireFailure | None
    metadata: dict[str, str]


class WireMethod(msgspec.Struct, frozen=True):
    """`expires` is year and month, None for what does not expire."""

    id: str
    kind: str
    brand: str
    last4: str
    expires: tuple[int, int] | None


_Found = TypeVar("_Found", WirePayment, WireRefund)


class PaymentList(msgspec.Struct, frozen=True):
    """All payments under one reference, oldest first."""

    payments: list[WirePayment]


class RefundList(msgspec.Struct, frozen=True):
    """All refunds under one reference, oldest first."""

    refunds: list[WireRefund]


def read_method(method: WireMethod) -> MethodFacts:
    """The method as we show it."""
    return MethodFacts(method.id, method.kind, method.brand, method.last4, method.expires)


def read_charge(payment: WirePayment, reference: str, asked: Money) -> ChargeAnswer:
    """Our answer for one payment; anything about other money or another reference is Unknown("mismatch")."""
    if (payment.reference, payment.amount_minor, payment.currency) != (reference, asked.minor, asked.currency.code):
        return _MISMATCH
    match payment.status:
        case "succeeded":
            return Captured(payment.id, asked) if payment.captured_minor == asked.minor else _MISMATCH
        case "failed" if payment.failure:
            return Declined(payment.id, payment.failure.code, is_hard(payment.failure.code))
        case "requires_action" if payment.action:
            return ActionRequired(payment.id, payment.action.url)
        case "processing":
            return Processing(payment.id)
        case "canceled":
            return Voided(payment.id)
    return Unknown(f"payment {payment.status[:40]}")


def read_charges(payments: Sequence[WirePayment], reference: str, asked: Money) -> ChargeFound:
    """Our answer for all payments under one reference: the live one, else the newest; two live ones are Unknown."""
    chosen = _live_or_newest(payments)
    return read_charge(chosen, reference, asked) if isinstance(chosen, WirePayment) else chosen


def read_void(payments: Sequence[WirePayment]) -> VoidAnswer:
    """Our answer once the provider bars the reference: what is left standing, or Voided."""
    chosen = _live_or_newest(payments)
    if isinstance(chosen, Unknown):
        return chosen
    if isinstance(chosen, NotFound) or chosen.status == "canceled":
        return Voided(None if isinstance(chosen, NotFound) else chosen.id)
    money = money_of(chosen.captured_minor, chosen.currency)
    match chosen.status:
        case "succeeded" if money:
            return Captured(chosen.id, money)
        case "failed" if chosen.failure:
            return Declined(chosen.id, chosen.failure.code, is_hard(chosen.failure.code))
        case "processing":
            return Processing(chosen.id)
    return Unknown(f"payment {chosen.status[:40]}")


def read_refund(refund: WireRefund, reference: str, asked: Money) -> RefundAnswer:
    """Our answer for one refund; mismatch as for a charge."""
    if (refund.reference, refund.amount_minor, refund.currency) != (reference, asked.minor, asked.currency.code):
        return _MISMATCH
    match refund.status:
        case "succeeded":
            return RefundSucceeded(refund.id, asked)
        case "pending":
            return RefundPending(refund.id)
        case "failed" if refund.failure:
            return RefundFailed(refund.id, refund.failure.code)
    return Unknown(f"refund {refund.status[:40]}")


def read_refunds(refunds: Sequence[WireRefund], reference: str, asked: Money) -> RefundFound:
    """Our answer for all refunds under one reference, as for charges."""
    chosen = _live_or_newest(refunds)
    return read_refund(chosen, reference, asked) if isinstance(chosen, WireRefund) else chosen


def money_of(minor: int, currency: str) -> Money | None:
    """The amount, or None for one that no answer of ours can carry."""
    try:
        return Money(minor, Currency(currency))
    except (UnknownCurrency, AmountOutOfRange):
        return None


def _live_or_newest(found: Sequence[_Found]) -> _Found | NotFound | Unknown:
    live = [one for one in found if one.status not in _OVER]
    if len(live) > 1:
        return _SEVERAL
    if live or found:
        return live[0] if live else found[-1]
    return NotFound()
