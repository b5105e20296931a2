"""The closed list of refusals: each is an answer to the caller, never a bug of ours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class RefusalCode(StrEnum):
    """Why an operation was not done; clients branch on it, so a code is never renamed."""

    # the caller
    FORBIDDEN = "FORBIDDEN"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"  # it moves money, and the caller's sign-in is too old or too weak for that
    FEATURE_OFF = "FEATURE_OFF"  # the tenant has switched this function of the portal off
    LINK_OVER = "LINK_OVER"  # the link that the caller came by was used, or has expired
    NOT_FOUND = "NOT_FOUND"  # also what another customer's id answers
    # the key
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"  # the key was used with other input
    IN_PROGRESS = "IN_PROGRESS"  # the first call with this key is still running
    BUSY = "BUSY"  # another operation holds the customer for too long
    # the input
    INVALID_INPUT = "INVALID_INPUT"
    INVALID_AMOUNT = "INVALID_AMOUNT"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    # the state of things
    ALREADY_EXISTS = "ALREADY_EXISTS"
    STATE_CONFLICT = "STATE_CONFLICT"  # the thing is in a state that does not allow this
    CHANGE_PENDING = "CHANGE_PENDING"  # an earlier plan change waits for its payment
    QUOTE_STALE = "QUOTE_STALE"  # what was quoted does not hold any more; nothing was charged
    PAYMENT_METHOD_REQUIRED = "PAYMENT_METHOD_REQUIRED"
    PAYMENT_METHOD_REFUSED = "PAYMENT_METHOD_REFUSED"  # the provider does not take this token
    PAYMENT_IN_PROGRESS = "PAYMENT_IN_PROGRESS"  # an attempt is open or its outcome unknown
    NO_PRICE = "NO_PRICE"  # the contract of a private price is over, and there is no public one to go on at
    NOTHING_DUE = "NOTHING_DUE"
    EXCEEDS_AUTHORIZED = "EXCEEDS_AUTHORIZED"  # more taken than is held
    AUTHORIZATION_EXPIRED = "AUTHORIZATION_EXPIRED"  # what was held ran out
    METHOD_NEEDED = "METHOD_NEEDED"  # the last method cannot go while something is owed
    BLOCKED_BY_DEBT = "BLOCKED_BY_DEBT"  # overdue debt keeps the customer from having more
    TRIES_USED_UP = "TRIES_USED_UP"  # the customer tried to pay too often by itself
    EXCEEDS_CAPTURED = "EXCEEDS_CAPTURED"  # more refunded than was ever captured
    COUPON_OVER = "COUPON_OVER"  # it has ended or expired
    COUPON_USED_UP = "COUPON_USED_UP"  # it was redeemed as often as it may be
    EXCEEDS_INVOICED = "EXCEEDS_INVOICED"  # more given back of an invoice's lines than is left of them
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    PERIOD_CLOSED = "PERIOD_CLOSED"
    CLOCK_NOT_FORWARD = "CLOCK_NOT_FORWARD"
    NO_TEST_CLOCK = "NO_TEST_CLOCK"
    ERASURE_STOPPED = "ERASURE_STOPPED"  # something has to be settled, ended or lifted before the customer is erased
    # the house
    UNAVAILABLE = "UNAVAILABLE"  # a server or provider did not answer and surely did nothing


RETRYABLE = frozenset({RefusalCode.IN_PROGRESS, RefusalCode.BUSY, RefusalCode.UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class StepUp:
    """The sign-in that is asked for: not older than that, and at that level of assurance."""

    max_age: timedelta
    level: str


class Refused(Exception):
    """A typed refusal; everything done in its transaction is rolled back.

    ``resolves_by`` is when at the latest an outcome is known that has to be known first, where that is why;
    ``step_up`` is the sign-in that is asked for, where that is.
    """

    def __init__(
        self, code: RefusalCode, message: str, path: tuple[str, ...] = (), *, resolves_by: datetime | None = None,
        step_up: StepUp | None = None,
    ) -> None:  # fmt: skip
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.path = path
        self.resolves_by = resolves_by
        self.step_up = step_up

    @property
    def retryable(self) -> bool:
        """Whether the same call under the same key may succeed a little later."""
        return self.code in RETRYABLE


class Gone(Refused):
    """What was asked for was destroyed for good, as privacy asks for once the law no longer wants it kept."""

    def __init__(self, message: str) -> None:
        super().__init__(RefusalCode.STATE_CONFLICT, message)
