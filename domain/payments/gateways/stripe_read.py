"""Which of our answers each of Stripe's objects is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.money import Money
from domain.payments.gateway import (
    ActionRequired,
    Authorized,
    CaptureAnswer,
    Captured,
    ChargeFound,
    Declined,
    Expired,
    MethodFacts,
    NotFound,
    Processing,
    RefundAnswer,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
    Returned,
    Unknown,
    Voided,
)
from domain.payments.gateways.stripe_amounts import from_stripe
from domain.payments.gateways.stripe_declines import in_our_words, is_hard
from domain.payments.gateways.stripe_wire import WireCardCharge, WireError, WireIntent, WireMethod, WireRefund

REFERENCE: Final = "reference"  # the name of our reference in an object's metadata
BARRED: Final = "barred"  # the mark of an intent that only keeps others from its reference
NO_REASON: Final = "generic_decline"  # for a bank that gives none
_MISMATCH: Final = Unknown("mismatch")
_RAN_OUT: Final = ("automatic", "expired")  # why Stripe itself cancels a hold
# When a bank has decided at the latest (docs.stripe.com, each method's page: 14 business days; 4 of them).
_DECIDES_IN: Final = {"sepa_debit": timedelta(days=20), "us_bank_account": timedelta(days=6)}
# The eight weeks in which a payer's bank returns a SEPA debit on the payer's word (SEPA core scheme rule book, 4.3.1).
_RETURNABLE_FOR: Final = {"sepa_debit": timedelta(days=56)}


def read_method(method: WireMethod) -> MethodFacts:
    """The method as we show it; its reference names its customer there too, without whom it cannot be charged."""
    reference = f"{method.customer}:{method.id}"
    if method.card:
        expires = method.card.exp_year, method.card.exp_month
        return MethodFacts(reference, "card", method.card.brand, method.card.last4, expires)
    accounts = (method.sepa_debit, method.us_bank_account, method.bacs_debit, method.acss_debit, method.au_becs_debit)
    last4 = next((account.last4 for account in accounts if account and account.last4), "")
    return MethodFacts(reference, "bank_debit", method.type, last4, None)


def read_charge(intent: WireIntent, reference: str, asked: Money) -> ChargeFound:
    """Our answer for one intent; NotFound for one that was never confirmed, since it has not asked anybody yet."""
    if intent.metadata.get(REFERENCE) != reference:
        return _MISMATCH
    if BARRED in intent.metadata:
        return Voided(None)
    if from_stripe(intent.amount, intent.currency) != asked:
        return _MISMATCH
    if intent.capture_method != "manual" and intent.amount_received not in (0, intent.amount):
        return _MISMATCH
    return read_moved(intent)


def read_moved(intent: WireIntent) -> ChargeFound:
    """What has become of an intent, whatever was asked of it."""
    match intent.status:
        case "requires_confirmation":
            return NotFound()
        case "requires_payment_method":
            return _over(intent)
        case "requires_action":
            redirect = intent.next_action.redirect_to_url if intent.next_action else None
            url = redirect.url if redirect else None
            return ActionRequired(intent.id, url) if url else Unknown("an action without an address")
        case "processing":
            return Processing(intent.id, _after(intent, _DECIDES_IN))
        case "requires_capture" | "succeeded":
            return _money_of(intent)
        case "canceled":
            return _canceled(intent)
    return Unknown(f"intent {intent.status[:40]}")


def _over(intent: WireIntent) -> ChargeFound:
    charge = intent.charge
    if charge and charge.status == "failed" and charge.failure_balance_transaction:
        money, code = from_stripe(charge.amount_captured, charge.currency), charge.failure_code or NO_REASON
        return Returned(intent.id, money, in_our_words(code), is_hard(code)) if money and money.minor else _MISMATCH
    if intent.last_payment_error is None:
        return NotFound()
    code = code_of(intent.last_payment_error)
    return Declined(intent.id, in_our_words(code), is_hard(code, intent.last_payment_error.advice_code))


def code_of(error: WireError) -> str:
    """Why a bank declined: its own reason where it gave one."""
    return (error.decline_code or error.code or NO_REASON)[:80]


def _money_of(intent: WireIntent) -> Captured | Authorized | Unknown:
    captured, left = (from_stripe(each, intent.currency) for each in (intent.amount_received, intent.amount_capturable))
    held = from_stripe(held_of(intent), intent.currency)
    if captured is None or left is None or held is None or min(captured.minor, left.minor) < 0:
        return _MISMATCH
    if captured + left > held:
        return _MISMATCH
    if intent.status == "requires_capture":
        card = _card(intent)
        until = card.capture_before if card else None
        return Authorized(intent.id, held, captured, left, _instant(until)) if left.minor else _MISMATCH
    if captured.minor == 0:
        return _MISMATCH
    if intent.capture_method == "manual":
        return Captured(intent.id, captured, authorized=held)
    return Captured(intent.id, captured, None, _after(intent, _RETURNABLE_FOR))


def held_of(intent: WireIntent) -> int:
    """What was granted: the bank's word where we have it, else what is taken and left, or all that was asked."""
    card = _card(intent)
    if card and card.amount_authorized is not None:
        return card.amount_authorized
    return intent.amount if intent.status == "succeeded" else intent.amount_received + intent.amount_capturable


def _canceled(intent: WireIntent) -> ChargeFound:
    captured = from_stripe(intent.amount_received, intent.currency)
    if captured is not None and captured.minor:
        held = from_stripe(max(held_of(intent), intent.amount_received), intent.currency)
        return Captured(intent.id, captured, authorized=held)
    card = _card(intent)
    granted = from_stripe(card.amount_authorized, intent.currency) if card and card.amount_authorized else None
    ran_out = intent.cancellation_reason in _RAN_OUT
    return Expired(intent.id, granted) if ran_out else Voided(intent.id, granted)


def read_capture(intent: WireIntent, reference: str, asked: Money) -> CaptureAnswer:
    """Our answer for an intent of which a part was just taken; less than that is Unknown("mismatch")."""
    answer = read_moved(intent) if intent.metadata.get(REFERENCE) == reference else _MISMATCH
    if not isinstance(answer, Captured | Authorized):
        return _MISMATCH
    taken = answer.money if isinstance(answer, Captured) else answer.captured
    return answer if taken.currency == asked.currency and taken >= asked else _MISMATCH


def only_one(intents: Sequence[WireIntent]) -> WireIntent | NotFound | Unknown:
    """The living one of all intents under a reference, else the newest; two living ones are Unknown."""
    live = [one for one in intents if not isinstance(read_moved(one), Declined | Voided | Expired | NotFound)]
    if len(live) > 1:
        return Unknown("several live objects under one reference")
    if live or intents:
        return live[0] if live else max(intents, key=lambda one: one.created)
    return NotFound()


def read_refund(refund: WireRefund, asked: Money) -> RefundAnswer:
    """Our answer for one refund; mismatch as for a charge."""
    if from_stripe(refund.amount, refund.currency) != asked:
        return _MISMATCH
    match refund.status:
        case "succeeded":
            return RefundSucceeded(refund.id, asked)
        case "pending" | "requires_action":
            return RefundPending(refund.id)
        case "failed" | "canceled":
            return RefundFailed(refund.id, (refund.failure_reason or refund.status)[:80])
    return Unknown(f"refund {refund.status}"[:40])


def _card(intent: WireIntent) -> WireCardCharge | None:
    details = intent.charge.payment_method_details if intent.charge else None
    return details.card if details else None


def _after(intent: WireIntent, spans: dict[str, timedelta]) -> datetime | None:
    charge = intent.charge
    details = charge.payment_method_details if charge else None
    span = spans.get(details.type) if details else None
    return datetime.fromtimestamp(charge.created, UTC) + span if charge and span else None


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
