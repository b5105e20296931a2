"""The ways in which a request can go wrong on purpose."""

from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """`before` does nothing at all, `after` acts and loses the answer; wrong_* act and answer falsely."""

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    TIMEOUT_LATE = "timeout_late"
    """No answer; acts only after the client has gone."""
    HANGUP_BEFORE = "hangup_before"
    HANGUP_AFTER = "hangup_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    UNAVAILABLE = "unavailable"
    """503 that states that nothing was done."""
    RATE_LIMITED = "rate_limited"
    GARBAGE_BEFORE = "garbage_before"
    GARBAGE_AFTER = "garbage_after"
    DRIP_AFTER = "drip_after"
    """Acts, then sends its answer so slowly that it never ends."""
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"


BEFORE: Final = frozenset(
    {
        Fault.TIMEOUT_BEFORE,
        Fault.TIMEOUT_LATE,
        Fault.HANGUP_BEFORE,
        Fault.ERROR_BEFORE,
        Fault.UNAVAILABLE,
        Fault.RATE_LIMITED,
        Fault.GARBAGE_BEFORE,
    }
)
