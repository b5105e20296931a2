"""What a provider may answer to any request beside what was asked for."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

_PEOPLE = timedelta(minutes=10)  # until people have given the credentials back; sooner nothing changes


@dataclass(frozen=True, slots=True)
class Unknown:
    """Ambiguous: the provider may have acted, now or later. Ask by reference; never take it for a failure.

    ``heard`` tells a clear answer that leaves us unsure from none at all, or from one that nobody can read.
    """

    reason: str
    heard: bool = field(default=True, compare=False)


TOO_LONG: Final = Unknown("answer too long", heard=False)
"""Itself where an answer was longer than what is read of one; of a list, a shorter page may be asked for."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """This request surely changed nothing at the provider; earlier ones under the same key may have."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CredentialsRefused(Unavailable):
    """The provider does not let our credentials do this: other kinds of calls may go well, and only people can help."""

    reason: str = "credentials refused"
    retry_after: timedelta | None = _PEOPLE


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider knows no such object now; a request still under way may make it appear."""
