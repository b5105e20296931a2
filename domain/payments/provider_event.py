"""What a provider's webhook says, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.money import Money
from domain.payments.dispute_calls import DisputeFacts


class EventKind(StrEnum):
    """What a provider's event means to us."""

    CHARGE_CAPTURED = "charge_captured"
    CHARGE_AUTHORIZED = "charge_authorized"
    CHARGE_DECLINED = "charge_declined"
    CHARGE_ACTION_REQUIRED = "charge_action_required"
    CHARGE_PROCESSING = "charge_processing"
    CHARGE_VOIDED = "charge_voided"
    CHARGE_EXPIRED = "charge_expired"
    """A hold ran out with nothing taken of it; one of which something was taken is captured instead."""
    CHARGE_RETURNED = "charge_returned"
    """The bank took back what had been captured: a failure after success."""
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_ANSWERED = "dispute_answered"
    """Evidence was submitted, by us or by hand at the provider."""
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    PAYOUT_PAID = "payout_paid"
    UNRECOGNIZED = "unrecognized"
    """A kind this adapter has no word for: stored, never applied."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One authentic event in our words; equal events have equal `event_id`s, whatever was delivered how often."""

    event_id: str
    kind: EventKind
    occurred_at: datetime
    object_ref: str | None
    """The provider's id of the payment, refund, dispute or payout; None only when the kind is unrecognized."""
    sequence: int
    """1, 2, 3 … without a gap per object_ref; 0 where the provider numbers nothing, so that the object is asked."""
    charge_ref: str | None
    """The payment concerned; None for a payout."""
    reference: str | None
    """Our reference of the charge or refund; None for disputes and payouts."""
    money: Money | None
    """Captured, returned, refunded, disputed or paid out by this object so far; for an open or failed one, what was
    asked."""
    failure_code: str | None
    hard: bool
    """Whether failure_code forbids a retry with the same method; False without a failure_code."""
    metadata: Mapping[str, str]
    """What the charge was created with."""
    authorized: Money | None = None
    """What is or was held, for a charge that was authorized first."""
    capturable: Money | None = None
    """What of it can still be taken; zero after the last capture."""
    until: datetime | None = None
    """When a hold runs out, when a bank is expected to decide, or until when it may take a debit back."""
    dispute: DisputeFacts | None = None
    """All of the dispute as it was then; None for what is none."""


class BadSignature(Exception):
    """The event is not authentic or too old or too new; the text says why and is for our log alone."""


class MalformedEvent(Exception):
    """The event is authentic, but this adapter cannot read it."""
