"""What kinds of failure there are, and what follows from each: the one place that tells them apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.payments.gateway import Declined, Returned, Unavailable, Unknown
from domain.payments.payment import Payment


class FailureClass(StrEnum):
    """How a payment did not go as it should."""

    SOFT_DECLINE = "soft_decline"
    """Refused, and the same method may work another day."""
    HARD_DECLINE = "hard_decline"
    """Refused for good: this method is not charged again."""
    TRANSIENT = "transient"
    """The provider surely did nothing: an outage, a rate limit, a circuit that is open."""
    AMBIGUOUS = "ambiguous"
    """The provider may have acted, now or later."""
    ASYNC_FAILURE = "async_failure"
    """It had been accepted, or even taken, and failed days after."""


@dataclass(frozen=True, slots=True)
class Path:
    """What follows: whether the attempt is over, whether it is sent again itself, whether it must be asked for first,
    and whether a later attempt may use the method."""

    is_over: bool
    sends_again: bool
    asks_first: bool
    method_may_work: bool


# A retry of the customer's is a new attempt; only what surely did nothing is sent again, and under its own key.
PATHS: Final[Mapping[FailureClass, Path]] = MappingProxyType(
    {
        FailureClass.SOFT_DECLINE: Path(is_over=True, sends_again=False, asks_first=False, method_may_work=True),
        FailureClass.HARD_DECLINE: Path(is_over=True, sends_again=False, asks_first=False, method_may_work=False),
        FailureClass.TRANSIENT: Path(is_over=False, sends_again=True, asks_first=True, method_may_work=True),
        FailureClass.AMBIGUOUS: Path(is_over=False, sends_again=False, asks_first=True, method_may_work=True),
        FailureClass.ASYNC_FAILURE: Path(is_over=True, sends_again=False, asks_first=False, method_may_work=True),
    }
)


def failure_in(answer: object, *, accepted: bool = False) -> FailureClass | None:
    """The class of a provider's answer, None where it tells of no failure.

    ``accepted`` says that the provider had taken the charge on before, as a bank does for days. An asynchronous failure
    may be hard as well: the answer says so.
    """
    match answer:
        case Unavailable():
            return FailureClass.TRANSIENT
        case Unknown():
            return FailureClass.AMBIGUOUS
        case Returned():
            return FailureClass.ASYNC_FAILURE
        case Declined(hard=hard):
            declined = FailureClass.HARD_DECLINE if hard else FailureClass.SOFT_DECLINE
            return FailureClass.ASYNC_FAILURE if accepted else declined
    return None


def failure_of(of: Payment) -> FailureClass | None:
    """The class of what is wrong with a payment as it stands, None where nothing is."""
    if of.state.name == "unknown":
        return FailureClass.AMBIGUOUS
    if of.state.name != "failed":
        return None
    if of.returned.minor or of.expected_at is not None:
        return FailureClass.ASYNC_FAILURE
    return FailureClass.HARD_DECLINE if of.failure_hard else FailureClass.SOFT_DECLINE
