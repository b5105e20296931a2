"""Where time goes: a span around each request, document, transaction, event, job and call, where a process traces.

Where none does, which is the default, a span is nothing and costs a call.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Literal, Protocol

Side = Literal["server", "client", "inside"]


class Tracer(Protocol):
    """Makes spans; ``runtime.tracing`` has the one that tells another system."""

    def span(self, name: str, side: Side, facts: dict[str, str], parent: str) -> AbstractContextManager[None]:
        """A span of what runs inside, under the request it belongs to; ``parent`` is a caller's ``traceparent``."""

    def headers(self) -> dict[str, str]:
        """What tells a callee which span it is called from."""


class Untraced:
    """Nobody wants to know."""

    def span(self, name: str, side: Side, facts: dict[str, str], parent: str) -> AbstractContextManager[None]:
        """Nothing."""
        return _NOTHING

    def headers(self) -> dict[str, str]:
        """None."""
        return {}


_NOTHING: Final = nullcontext()
_tracer: Tracer = Untraced()


def trace_by(tracer: Tracer) -> Tracer:
    """This process's spans are made by it from now on; returns what made them before."""
    global _tracer
    before, _tracer = _tracer, tracer
    return before


def span(name: str, side: Side = "inside", parent: str = "", **facts: str) -> AbstractContextManager[None]:
    """A span of what runs inside; names and facts are words and ids of ours, never a caller's values."""
    return _tracer.span(name, side, facts, parent)


def headers() -> dict[str, str]:
    """``traceparent`` for whoever is called from here; nothing where nobody traces."""
    return _tracer.headers()
