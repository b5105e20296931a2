"""The port to payment providers, in our words: what is asked, every answer there is, and what a webhook says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.money import Money


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Capture `money` (above zero) from a stored method; `key` makes it once, `reference` is how it is found again."""

    key: str
    reference: str
    money: Money
    method_ref: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give `money` (above zero) of a captured charge back to its method; key and reference as for a charge."""

    key: str
    reference: str
    charge_ref: str
    money: Money


@dataclass(frozen=True, slots=True)
class Unknown:
    """Ambiguous: the provider may have acted, now or later. Ask by reference; never take it for a failure."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """This request surely changed nothing at the provider; earlier ones under the same key may have."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider knows no such object now; a request still under way may make it appear."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The money is taken: exactly what was asked."""

    provider_ref: str
    money: Money


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing is taken and nothing will be; `hard` means that no retry with this method may follow."""

    provider_ref: str | None
    code: str
    hard: bool


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The customer must visit `url`; a webhook tells the rest."""

    provider_ref: str
    url: str


@dataclass(frozen=True, slots=True)
class Processing:
    """Accepted, and open for up to days; a webhook or a query tells the rest."""

    provider_ref: str


@dataclass(frozen=True, slots=True)
class Voided:
    """Nothing is taken, and no charge under this reference ever will be, not even one still on its way."""

    provider_ref: str | None


@dataclass(frozen=True, slots=True)
class RefundSucceeded:
    """The money is on its way back: exactly what was asked. A provider can still revoke that by an event."""

    provider_ref: str
    money: Money


@dataclass(frozen=True, slots=True)
class RefundPending:
    """Accepted and not yet final; a webhook or a query tells the rest."""

    provider_ref: str


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """Nothing is given back."""

    provider_ref: str | None
    code: str


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """A stored payment method as people recognise it: `kind` is card or bank_debit; no card data."""

    method_ref: str
    kind: str
    brand: str
    last4: str
    expires: tuple[int, int] | None
    """Year and month after which it stops working."""


@dataclass(frozen=True, slots=True)
class MethodRefused:
    """The provider does not take this token."""

    code: str


@dataclass(frozen=True, slots=True)
class Detached:
    """The method can no longer be charged; detaching it twice is the same."""


ChargeAnswer = Captured | Declined | ActionRequired | Processing | Voided | Unknown | Unavailable
ChargeFound = ChargeAnswer | NotFound
VoidAnswer = Voided | Captured | Declined | Processing | Unknown | Unavailable
RefundAnswer = RefundSucceeded | RefundPending | RefundFailed | Unknown | Unavailable
RefundFound = RefundAnswer | NotFound
MethodAnswer = MethodFacts | MethodRefused | Unknown | Unavailable
DetachAnswer = Detached | NotFound | Unknown | Unavailable


class EventKind(StrEnum):
    """What a provider's event means to us."""

    CHARGE_CAPTURED = "charge_captured"
    CHARGE_AUTHORIZED = "charge_authorized"
    CHARGE_DECLINED = "charge_declined"
    CHARGE_ACTION_REQUIRED = "charge_action_required"
    CHARGE_PROCESSING = "charge_processing"
    CHARGE_VOIDED = "charge_voided"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
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
    """1, 2, 3 … without a gap per object_ref."""
    charge_ref: str | None
    """The payment concerned; None for a payout."""
    reference: str | None
    """Our reference of the charge or refund; None for disputes and payouts."""
    money: Money | None
    """Captured, refunded, disputed or paid out by this object so far; for an open or failed one, what was asked."""
    failure_code: str | None
    hard: bool
    """Whether failure_code forbids a retry with the same method; False without a failure_code."""
    metadata: Mapping[str, str]
    """What the charge was created with."""


class BadSignature(Exception):
    """The event is not authentic or too old or too new; the text says why and is for our log alone."""


class MalformedEvent(Exception):
    """The event is authentic, but this adapter cannot read it."""


class Gateway(Protocol):
    """A payment provider's account. No method retries or raises for what the provider or the network does."""

    @property
    def name(self) -> str:
        """The kind of provider, as in /webhooks/{provider}."""

    @property
    def account(self) -> str:
        """Which account there, as in /webhooks/{provider}/{endpoint}."""

    @property
    def key_window(self) -> timedelta:
        """How long after the first use of a key the provider surely remembers it."""

    async def add_method(self, token: str) -> MethodAnswer:
        """Turn a token from the provider's own form into a stored method; harmless when repeated."""

    async def detach_method(self, method_ref: str) -> DetachAnswer:
        """Make the method unusable for new charges; refunds to it still work."""

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Take the money at once; an answer about another amount, currency or reference is Unknown("mismatch")."""

    async def find_charge(self, reference: str, asked: Money) -> ChargeFound:
        """What became of the charge under our reference; another captured amount than asked is Unknown("mismatch")."""

    async def void(self, reference: str) -> VoidAnswer:
        """Bar every charge under the reference, found or not yet arrived; what is taken or beyond stopping says so."""

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give back; more than is left of the charge is RefundFailed."""

    async def find_refund(self, reference: str, asked: Money) -> RefundFound:
        """What became of the refund under our reference; as for find_charge."""

    def parse_event(
        self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime
    ) -> ProviderEvent:
        """Verify the raw body against any of the secrets (time-stamp within 5 min of the wall clock `now`) and read it.

        Raises BadSignature, or MalformedEvent for an authentic body that cannot be read.
        """

    def read_event(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Read a body again that parse_event verified when it came in; MalformedEvent as there."""

    async def close(self) -> None:
        """Give the connections back; the gateway cannot be used afterwards."""
