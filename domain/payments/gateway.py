"""The port to payment providers, in our words: what is asked and every answer there is; with its events and lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.money import Money
from domain.payments.dispute_calls import AnswerRefused as AnswerRefused
from domain.payments.dispute_calls import DisputeAnswer as DisputeAnswer
from domain.payments.dispute_calls import DisputeCalls as DisputeCalls
from domain.payments.dispute_calls import DisputeFacts as DisputeFacts
from domain.payments.dispute_calls import DisputeFound as DisputeFound
from domain.payments.dispute_calls import DisputesAnswer as DisputesAnswer
from domain.payments.dispute_calls import DisputesListed as DisputesListed
from domain.payments.dispute_calls import DisputeStatus as DisputeStatus
from domain.payments.dispute_calls import EvidenceFile as EvidenceFile
from domain.payments.dispute_calls import EvidenceRequest as EvidenceRequest
from domain.payments.dispute_calls import EvidenceText as EvidenceText
from domain.payments.provider_event import BadSignature as BadSignature
from domain.payments.provider_event import EventKind as EventKind
from domain.payments.provider_event import MalformedEvent as MalformedEvent
from domain.payments.provider_event import ProviderEvent as ProviderEvent
from domain.payments.settlement import LineKind as LineKind
from domain.payments.settlement import SettlementLine as SettlementLine
from domain.payments.settlement import SettlementLines as SettlementLines
from domain.payments.unsure import CredentialsRefused as CredentialsRefused
from domain.payments.unsure import NotFound as NotFound
from domain.payments.unsure import Unavailable as Unavailable
from domain.payments.unsure import Unknown as Unknown


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """`money` (above zero) of a stored method, to take or to hold; `key` makes it once, `reference` finds it again."""

    key: str
    reference: str
    money: Money
    method_ref: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """Take `money` (above zero) of what a charge holds, beside what was taken of it before; key as for a charge.

    `final` lets the rest go; without it the rest can still be taken, where the method allows more than one capture.
    """

    key: str
    reference: str
    """Our reference of the charge."""
    charge_ref: str
    money: Money
    final: bool


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give `money` (above zero) of a captured charge back to its method; key and reference as for a charge."""

    key: str
    reference: str
    charge_ref: str
    money: Money


@dataclass(frozen=True, slots=True)
class Captured:
    """The money is taken: exactly what was asked; of a hold, all that was taken of it, and the rest is let go."""

    provider_ref: str
    money: Money
    authorized: Money | None = None
    """What was held first; None where the charge was taken at once."""
    returnable_until: datetime | None = None
    """Until when the customer's bank may take it back without a dispute, where it may."""


@dataclass(frozen=True, slots=True)
class Authorized:
    """Held and not all taken. `authorized` may be less than was asked: then it is no payment of what was asked."""

    provider_ref: str
    authorized: Money
    captured: Money
    """What was taken of it so far."""
    capturable: Money
    """What can still be taken; authorized - captured - capturable was let go."""
    expires_at: datetime | None
    """When the hold runs out by itself; None where the provider does not say."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The hold ran out: nothing was taken and nothing can be any more."""

    provider_ref: str
    authorized: Money | None = None
    """What was held; None where the provider does not say."""


@dataclass(frozen=True, slots=True)
class Returned:
    """`money`, all that was taken, was taken back by the customer's bank (a returned debit); `hard` as for Declined."""

    provider_ref: str
    money: Money
    code: str
    hard: bool


@dataclass(frozen=True, slots=True)
class CaptureRefused:
    """Nothing was taken by this request, and nothing will be; find_charge says what became of the hold."""

    code: str


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
    expected_at: datetime | None = None
    """When the provider expects to know, where it says."""


@dataclass(frozen=True, slots=True)
class Voided:
    """Nothing is taken, and no charge under this reference ever will be, not even one still on its way."""

    provider_ref: str | None
    authorized: Money | None = None
    """What was held before; None where nothing was, or the provider does not say."""


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


# Whatever a charge has become: charge() and authorize() may answer any of it where the key was used before.
ChargeAnswer = (
    Captured | Authorized | Declined | ActionRequired | Processing | Voided | Expired | Returned | Unknown | Unavailable
)
ChargeFound = ChargeAnswer | NotFound
CaptureAnswer = Captured | Authorized | CaptureRefused | Unknown | Unavailable
VoidAnswer = Voided | Captured | Declined | Processing | Expired | Returned | Unknown | Unavailable
SettlementAnswer = SettlementLines | Unknown | Unavailable
RefundAnswer = RefundSucceeded | RefundPending | RefundFailed | Unknown | Unavailable
RefundFound = RefundAnswer | NotFound
MethodAnswer = MethodFacts | MethodRefused | Unknown | Unavailable
DetachAnswer = Detached | NotFound | Unknown | Unavailable


class Gateway(DisputeCalls, Protocol):
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

    async def add_method(self, token: str, owner: str) -> MethodAnswer:
        """Turn a token from the provider's own form into a stored method of the ``owner``, our id of the customer.

        Harmless when repeated; a token that stands for a method of somebody else's is refused.
        """

    async def detach_method(self, method_ref: str) -> DetachAnswer:
        """Make the method unusable for new charges; refunds to it still work."""

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Take the money at once; an answer about another amount, currency or reference is Unknown("mismatch")."""

    async def authorize(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold the money, so that capture() can take it; Captured where the method cannot only be held. As charge()."""

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take of what is held, at most what is left of it; Authorized where more may follow, else Captured."""

    async def find_charge(self, reference: str, asked: Money, charge_ref: str | None = None) -> ChargeFound:
        """What became of the charge under our reference, and how much of a hold was taken.

        With ``charge_ref``, the provider's id where it was told, no index that lags behind can hide it.

        Another amount than asked is Unknown("mismatch"), and so is another captured one of a charge taken at once.
        """

    async def void(self, reference: str, charge_ref: str | None = None) -> VoidAnswer:
        """Bar every charge under the reference, found or not yet arrived; what is taken or beyond stopping says so.

        A hold is let go; where a part of it was taken, Captured says which.
        """

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give back; more than is left of the charge is RefundFailed."""

    async def find_refund(self, reference: str, asked: Money, charge_ref: str) -> RefundFound:
        """What became of the refund of that charge under our reference; as for find_charge."""

    async def settlement_lines(self, payout_ref: str | None, after: str | None, limit: int) -> SettlementAnswer:
        """What the provider settles with us, of one payout or (None) of all, after the line of that line_ref.

        At most ``limit`` lines, or fewer where a provider gives no more at once; ``more`` says whether others follow.
        """

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
