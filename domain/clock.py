"""Time: business time belongs to the transaction, wall time to a clock that the process hands in."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time as aware UTC; the only source of time for leases, retention, signatures and audit order."""

    def now(self) -> datetime: ...


class Entropy(Protocol):
    """A source of random bytes; the operating system's in production, a seeded one in the simulation."""

    def __call__(self, size: int, /) -> bytes: ...


def instant(text: str) -> datetime:
    """The instant of an ISO 8601 text with an offset, in UTC; ValueError without an offset."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return parsed.astimezone(UTC)
