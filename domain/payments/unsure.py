"""What a provider may answer to any request beside what was asked for."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Unknown:
    """Ambiguous: the provider may have acted, now or later. Ask by reference; never take it for a failure.

    ``heard`` tells a clear answer that leaves us unsure from none at all, or from one that nobody can read.
    """

    reason: str
    heard: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """This request surely changed nothing at the provider; earlier ones under the same key may have."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider knows no such object now; a request still under way may make it appear."""
