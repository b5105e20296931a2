"""What kinds of failure there are: the one place that tells them apart."""

from enum import StrEnum

from domain.payments.gateway import Declined, Returned, Unavailable, Unknown
from domain.payments.payment import Payment


class FailureClass(StrEnum):
    """How a payment did not go as it should."""

    SOFT_DECLINE = "soft_decline"
    """Refused: the attempt is over, and the same method may work another day."""
    HARD_DECLINE = "hard_decline"
    """Refused for good: the attempt is over, and this method is not charged again."""
    TRANSIENT = "transient"
    """The provider surely did nothing (an outage, a rate limit, an open circuit): sent again, under its own key."""
    AMBIGUOUS = "ambiguous"
    """The provider may have acted, now or later: asked for, and never sent again before that."""
    ASYNC_FAILURE = "async_failure"
    """It had been accepted, or even taken, and failed days after: the attempt is over."""


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
