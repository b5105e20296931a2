"""What tests of payment gateways talk about: stories that a payment method can play, and requests."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

from domain.money import Currency, Money
from domain.payments.gateway import (
    Authorized,
    Captured,
    CaptureRequest,
    ChargeRequest,
    Gateway,
    MethodFacts,
    RefundRequest,
)

EUR = Currency("EUR")
TEN = Money(1000, EUR)


class Story(StrEnum):
    """What a payment method will do; each provider has a token for each."""

    SUCCEEDS = "succeeds"
    SOFT_DECLINE = "soft decline: insufficient_funds"
    HARD_DECLINE = "hard decline: stolen_card"
    DECLINES_AFTER_ONE = "one success, then soft declines"
    AUTHENTICATES = "needs its customer"
    BANK = "settles later"
    NEVER_ANSWERS_NOR_ACTS = "time-out before acting"
    ACTS_BUT_NEVER_ANSWERS = "time-out after acting"
    ACTS_WHEN_WE_ARE_GONE = "acts when the client has given up"
    ACTS_AND_HANGS_UP = "connection lost after acting"
    ACTS_AND_FAILS = "server error after acting"
    ACTS_AND_BABBLES = "unreadable answer after acting"
    ACTS_AND_DRIPS = "endless answer after acting"
    IS_DOWN = "says that it did nothing"
    LIMITS_RATE = "too many requests"
    ECHOES_WRONG_AMOUNT = "another amount in the answer"
    ECHOES_WRONG_CURRENCY = "another currency in the answer"
    TAKES_LESS = "only a part is taken"
    HOLDS_LESS = "only a part is held"
    HOLD_RUNS_OUT = "what is held runs out when it is settled"
    CAPTURE_ACTS_BUT_NEVER_ANSWERS = "capture: time-out after acting"
    CAPTURE_NEVER_ANSWERS_NOR_ACTS = "capture: time-out before acting"
    BANK_RETURNS = "settles, and is returned when it is settled again"
    REFUND_FAILS_LATER = "refunds fail later"
    REFUND_ACTS_BUT_NEVER_ANSWERS = "refund: time-out after acting"
    NOT_ACCEPTED = "cannot be stored"


class Case(Protocol):
    """A gateway on a provider whose behaviour tests can steer."""

    @property
    def gateway(self) -> Gateway:
        """With its ordinary time limit."""

    @property
    def impatient(self) -> Gateway:
        """The same account with a limit so short that waiting for it costs a test nothing."""

    @property
    def secrets(self) -> Sequence[str]:
        """What webhooks are signed with."""

    @property
    def numbered(self) -> bool:
        """Whether the provider numbers the events of an object and tells in them all it knows."""

    def token(self, story: Story) -> str:
        """A token for that story, used by no other test."""

    async def visit(self, url: str, *, complete: bool) -> None:
        """Do what the customer is asked to do, or fail to."""

    async def settle(self, provider_ref: str, failure: str | None) -> None:
        """End what settles later; return a debit that succeeded; let a hold run out."""

    async def dispute(self, charge_ref: str, money: Money) -> str:
        """The cardholder disputes so much of the charge; the provider's id of the dispute."""

    async def decide(self, dispute_ref: str, outcome: str) -> None:
        """End a dispute as won or lost."""

    async def act_late(self, key: str) -> None:
        """Let the request whose client has gone act now."""

    async def webhooks(self, provider_ref: str, count: int) -> list[tuple[bytes, Mapping[str, str]]]:
        """The first `count` webhooks about an object, bodies and headers as they came."""


async def charge_of(case: Case, story: Story, money: Money = TEN) -> ChargeRequest:
    """A request to charge a new method of that story, under a key and reference of its own."""
    method = await case.gateway.add_method(case.token(story), "customer")
    assert isinstance(method, MethodFacts)
    return request_for(method.method_ref, money)


def request_for(method_ref: str, money: Money = TEN) -> ChargeRequest:
    """A new charge of that method."""
    mark = uuid4().hex
    return ChargeRequest(f"key-{mark}", f"charge-{mark}", money, method_ref, {"customer": mark, "shard": "7"})


async def captured(case: Case, story: Story = Story.SUCCEEDS, money: Money = TEN) -> tuple[ChargeRequest, Captured]:
    """A charge that succeeded."""
    request = await charge_of(case, story, money)
    answer = await case.gateway.charge(request)
    assert isinstance(answer, Captured)
    return request, answer


async def authorized(
    case: Case, story: Story = Story.SUCCEEDS, money: Money = TEN
) -> tuple[ChargeRequest, Authorized]:  # fmt: skip
    """A charge that is held."""
    request = await charge_of(case, story, money)
    answer = await case.gateway.authorize(request)
    assert isinstance(answer, Authorized)
    return request, answer


def capture_of(request: ChargeRequest, hold: Authorized, money: Money, *, final: bool = True) -> CaptureRequest:
    """A new capture of what is held."""
    return CaptureRequest(f"key-{uuid4().hex}", request.reference, hold.provider_ref, money, final)


def refund_of(charge: Captured, money: Money) -> RefundRequest:
    """A new refund of that charge."""
    mark = uuid4().hex
    return RefundRequest(f"key-{mark}", f"refund-{mark}", charge.provider_ref, money)
