"""What the sandbox provider's objects say, and which of our answers each of them is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from domain.money import AmountOutOfRange, Currency, Money, UnknownCurrency
from domain.payments.gateway import (
    ActionRequired,
    Authorized,
    CaptureAnswer,
    Captured,
    ChargeAnswer,
    ChargeFound,
    Declined,
    Expired,
    LineKind,
    MethodFacts,
    NotFound,
    Processing,
    RefundAnswer,
    RefundFailed,
    RefundFound,
    RefundPending,
    RefundSucceeded,
    Returned,
    SettlementLine,
    SettlementLines,
    Unknown,
    VoidAnswer,
    Voided,
)
from domain.payments.gateways.declines import is_hard

_MISMATCH = Unknown("mismatch")
_SEVERAL = Unknown("several live objects under one reference")
_OVER = ("failed", "canceled", "expired")  # states in which a payment or refund moves no money, now or later
_LINES: Final = {
    "charge": LineKind.CHARGE,
    "refund": LineKind.REFUND,
    "refund_reversal": LineKind.REFUND_REVERSED,
    "return": LineKind.RETURN,
    "dispute": LineKind.DISPUTE,
    "dispute_reversal": LineKind.DISPUTE_REVERSED,
}


class WireFailure(msgspec.Struct, frozen=True):
    """Why a payment or refund failed, in a code of the decline table or of the provider's own."""

    code: str


class WireAction(msgspec.Struct, frozen=True):
    """Where the customer has to go."""

    url: str


class WirePayment(msgspec.Struct, frozen=True):
    """`amount_minor` is what was asked, `captured_minor` what was taken; `action` only while it is required.

    Of a hold (`capture` manual), `authorized_minor` is what was granted and `capturable_minor` what is left of it.
    `until` is when a hold runs out, when a bank decides, or until when it may take a debit back.
    """

    id: str
    reference: str
    status: str
    amount_minor: int
    captured_minor: int
    currency: str
    failure: WireFailure | None
    action: WireAction | None
    metadata: dict[str, str]
    capture: str = "automatic"
    authorized_minor: int = 0
    capturable_minor: int = 0
    until: datetime | None = None


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


class WireLine(msgspec.Struct, frozen=True):
    """One movement of the settlement report; `payment` is ours to find by `reference`."""

    id: str
    kind: str
    object: str
    payment: str
    reference: str
    currency: str
    gross_minor: int
    fee_minor: int
    created_at: datetime
    payout: str | None


class EventList(msgspec.Struct, frozen=True):
    """Events as their webhooks say them, oldest first."""

    events: list[msgspec.Raw]


class LineList(msgspec.Struct, frozen=True):
    """Lines of the settlement report, oldest first."""

    lines: list[WireLine]


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
    if payment.capture == "automatic" and payment.captured_minor not in (0, asked.minor):
        return _MISMATCH
    match payment.status:
        case "requires_action" if payment.action:
            return ActionRequired(payment.id, payment.action.url)
        case "canceled":
            return Voided(payment.id, _held(payment))
    return _read_moved(payment)


def _held(payment: WirePayment) -> Money | None:
    """What was held of it; None where nothing was."""
    return money_of(payment.authorized_minor, payment.currency) if payment.authorized_minor else None


def _read_moved(payment: WirePayment) -> Captured | Authorized | Declined | Processing | Expired | Returned | Unknown:
    captured = money_of(payment.captured_minor, payment.currency)
    held, left = (money_of(each, payment.currency) for each in (payment.authorized_minor, payment.capturable_minor))
    if captured is None or held is None or left is None or min(captured.minor, held.minor, left.minor) < 0:
        return _MISMATCH
    match payment.status:
        case "succeeded" if captured.minor:
            granted = _held(payment) if payment.capture == "manual" else None
            return Captured(payment.id, captured, granted, payment.until)
        case "authorized" if left.minor and captured + left <= held:
            return Authorized(payment.id, held, captured, left, payment.until)
        case "failed" if payment.failure:
            return Declined(payment.id, payment.failure.code, is_hard(payment.failure.code))
        case "returned" if payment.failure and captured.minor:
            return Returned(payment.id, captured, payment.failure.code, is_hard(payment.failure.code))
        case "processing":
            return Processing(payment.id, payment.until)
        case "expired":
            return Expired(payment.id, held)
    return Unknown(f"payment {payment.status[:40]}")


def read_capture(payment: WirePayment, reference: str, asked: Money) -> CaptureAnswer:
    """Our answer for a payment of which a part was just taken; less than that is Unknown("mismatch")."""
    if (payment.reference, payment.currency) != (reference, asked.currency.code):
        return _MISMATCH
    answer = _read_moved(payment)
    if isinstance(answer, Captured) and answer.money >= asked:
        return answer
    if isinstance(answer, Authorized) and answer.captured >= asked:
        return answer
    return _MISMATCH


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
        return Voided(None) if isinstance(chosen, NotFound) else Voided(chosen.id, _held(chosen))
    left = _read_moved(chosen)
    return Unknown(f"payment {chosen.status[:40]}") if isinstance(left, Authorized) else left


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


def read_lines(listed: LineList, limit: int) -> SettlementLines | Unknown:
    """The lines in our words; one more than the limit says that others follow."""
    lines = [_line(line) for line in listed.lines[:limit]]
    known = tuple(line for line in lines if line is not None)
    return SettlementLines(known, len(listed.lines) > limit) if len(known) == len(lines) else _MISMATCH


def _line(line: WireLine) -> SettlementLine | None:
    gross, fee = money_of(line.gross_minor, line.currency), money_of(line.fee_minor, line.currency)
    if gross is None or fee is None:
        return None
    kind = _LINES.get(line.kind, LineKind.OTHER)
    return SettlementLine(
        line.id, kind, line.object, line.payment, line.reference, gross, fee, line.created_at, line.payout
    )  # fmt: skip


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
