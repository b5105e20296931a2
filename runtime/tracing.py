"""Spans to an OTLP collector over HTTP, by the extra ``tracing``; it is imported only where OTLP_URL is set.

A request's trace is its correlation id where that has the form of one, else a hash of it; its first span follows from
it too, unless a caller named the span above it. So what a worker does for the request an hour later joins its trace,
without more being kept than that id.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from domain.correlation import caller_in, current
from domain.tracing import Side, trace_by

EXPORT_SECONDS: Final = 5.0  # a collector that takes longer loses spans; nothing waits for it but the end of a process
_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "inside": SpanKind.INTERNAL}
_TRACE: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_of_request: ContextVar[str] = ContextVar("request whose span is open", default="")
_first: ContextVar[tuple[int, int] | None] = ContextVar("ids of a request's first span", default=None)


def ids_of(request_id: str) -> tuple[int, int]:
    """The trace of a request, and the first span in it where no caller named one: all who know its id know both."""
    hashed = hashlib.sha256(request_id.encode()).digest()
    trace_id = int(request_id, 16) if _TRACE.fullmatch(request_id) else int.from_bytes(hashed[:16])
    return trace_id, int.from_bytes(hashed[16:24])


class _Ids(IdGenerator):
    """Random ones, but for a request's first span."""

    _random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        first = _first.get()
        return first[0] if first else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        first = _first.get()
        return first[1] if first else self._random.generate_span_id()


class OtlpTracer:
    """Spans by the SDK: ids, words of ours, how long, and the kind of error; no message of one, which could quote."""

    def __init__(self, processor: SpanProcessor, name: str) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": name}), id_generator=_Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("quittance")

    @contextmanager
    def span(self, name: str, side: Side, facts: dict[str, str], parent: str) -> Iterator[None]:
        """A span of what runs inside."""
        request = current()
        above, first = _above(request, side, parent)
        held = _of_request.set(request)
        named = {"request_id": request} if request else {}
        ids = _first.set(first)
        made = self._tracer.start_span(name, above, _KINDS[side], {**named, **facts})
        _first.reset(ids)
        try:
            with trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False):
                try:
                    yield
                except BaseException as error:
                    made.set_status(Status(StatusCode.ERROR, type(error).__name__))
                    raise
        finally:
            _of_request.reset(held)

    def headers(self) -> dict[str, str]:
        """``traceparent`` of the span that is open."""
        here = trace.get_current_span().get_span_context()
        return {"traceparent": f"00-{here.trace_id:032x}-{here.span_id:016x}-01"} if here.is_valid else {}

    def end(self) -> None:
        """Sends what is left, for as long as one export may take."""
        self._provider.shutdown()


def _above(request: str, side: Side, parent: str) -> tuple[Context | None, tuple[int, int] | None]:
    """Under which span it belongs, and the ids of its own where it is the first of its request."""
    if not request or (side != "server" and request == _of_request.get()):
        return None, None
    trace_id, first = ids_of(request)
    if side == "server":
        caller = caller_in(parent)
        if caller and caller[0] == f"{trace_id:032x}":
            return _under(trace_id, int(caller[1], 16)), None  # a page sends many requests in one trace
        return Context(), (trace_id, first)
    return _under(trace_id, first), None


def _under(trace_id: int, span_id: int) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, True, _SAMPLED)), Context())


def trace_to(url: str, name: str) -> Callable[[], None]:
    """This process's spans go to the collector from now on; returns what ends that."""
    exporter = OTLPSpanExporter(url, timeout=EXPORT_SECONDS)
    tracer = OtlpTracer(BatchSpanProcessor(exporter, export_timeout_millis=EXPORT_SECONDS * 1000), name)
    before = trace_by(tracer)

    def end() -> None:
        trace_by(before)
        tracer.end()

    return end
