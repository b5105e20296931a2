"""One id from a request to all that follows from it: in log lines, in the audit trail, at the provider and back.

It is bound to the running task, so that whatever logs or calls out below says it without being handed it.
"""

import re
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Final

import structlog

NAME: Final = "request_id"  # in log lines, in audit entries and in a charge's metadata
_FORM: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")  # what proxies and tracing tools make; safe in a log line
# What somebody put into the wrong header would stand in every log: a number as long as a card's, a token, a secret.
_SECRET: Final = re.compile(r"(?:\d[._-]*){12,19}|eyJ.*|(?:sk|rk|pk|whsec)_.*")
# W3C Trace Context: version, trace id, parent id, flags; an id of zeros alone is none.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
)


def is_request_id(text: str) -> bool:
    """Whether it may be taken as an id from outside: 8 to 64 letters, digits or ``.`` ``_`` ``-``, and no secret."""
    return _FORM.fullmatch(text) is not None and _SECRET.fullmatch(text) is None


def given_by(request_id: str, traceparent: str) -> str | None:
    """The id that a caller gave by ``X-Request-Id``, else its trace's by ``traceparent``; None where it gave none."""
    if is_request_id(request_id):
        return request_id
    called_from = caller_in(traceparent)
    return called_from[0] if called_from else None


def caller_in(traceparent: str) -> tuple[str, str] | None:
    """The trace and the span, in hex, that a caller named; None for a header that is none."""
    named = _TRACEPARENT.fullmatch(traceparent)
    return (named[1], named[2]) if named else None


def _variable() -> ContextVar[str]:
    """Where structlog keeps the id: to set it there takes a tenth of what it takes to have it bound by name."""
    held = structlog.contextvars.bind_contextvars(**{NAME: ""})
    variable: ContextVar[str] = held[NAME].var
    structlog.contextvars.reset_contextvars(**held)
    return variable


_BOUND: Final = _variable()


class bound:
    """Whatever runs inside belongs to that request, whose id it is taken for."""

    __slots__ = ("_before", "_id")

    def __init__(self, request_id: str) -> None:
        self._id = request_id

    def __enter__(self) -> None:
        self._before = _BOUND.set(self._id)

    def __exit__(self, *_: object) -> None:
        _BOUND.reset(self._before)


def under(request_id: str) -> AbstractContextManager[None]:
    """The same; what is no id changes nothing."""
    return bound(request_id) if is_request_id(request_id) else nullcontext()


def current() -> str:
    """The id of the request that the running task belongs to; empty where it belongs to none."""
    return str(structlog.contextvars.get_contextvars().get(NAME, ""))
