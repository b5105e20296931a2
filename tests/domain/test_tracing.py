"""Spans: none by default, and to a collector where one is named."""

import asyncio
import logging

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain import tracing
from domain.correlation import under
from runtime.house import traced
from runtime.settings import Settings
from runtime.tracing import OtlpTracer, ids_of

REQUEST = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_by_default_a_span_is_nothing_and_tells_nobody(process_settings: Settings) -> None:
    traced(process_settings, "quittance-test")()
    with under(REQUEST), tracing.span("anything") as made:
        assert made is None
        assert tracing.headers() == {}
    assert tracing.span("one") is tracing.span("another")


def test_a_request_s_trace_is_its_id_where_that_is_one_and_follows_from_it_elsewhere() -> None:
    assert ids_of(REQUEST)[0] == int(REQUEST, 16)
    assert ids_of("order-4711") == ids_of("order-4711") != ids_of("order-4712")
    assert all(ids_of("0" * 32))


@pytest.mark.parametrize("parent", ["00-{}-zz-01", "00-{}-" + "f" * 6_000 + "-01", "00-{}-0x1-01", "00-{}--01", "{}"])
def test_a_caller_that_names_no_span_is_none_and_its_request_goes_on(parent: str) -> None:
    spans = InMemorySpanExporter()
    before = tracing.trace_by(OtlpTracer(SimpleSpanProcessor(spans), "quittance-test"))
    try:
        for given in (parent, *["00-{}-00f067aa0ba902b7-01"] * 2):
            with under(REQUEST), tracing.span("POST /graphql", "server", given.format(REQUEST)):
                pass
        with under(REQUEST), tracing.span("due send_payment"):  # a worker, an hour later
            pass
    finally:
        tracing.trace_by(before)
    unnamed, *named, later = spans.get_finished_spans()
    assert unnamed.parent is None and (unnamed.context.trace_id, unnamed.context.span_id) == ids_of(REQUEST)
    assert later.parent is not None and (later.context.trace_id, later.parent.span_id) == ids_of(REQUEST)
    assert [each.parent and each.parent.span_id for each in named] == [0x00F067AA0BA902B7] * 2
    assert len({each.context.span_id for each in (unnamed, *named)}) == 3, "a page sends many requests in one trace"


async def test_spans_go_to_the_collector_that_is_named_without_what_an_error_says(
    process_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    taken: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await taken.put((head, await reader.readexactly(int(length.partition(b":")[2]))))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/traces"
        end = traced(process_settings.model_copy(update={"otlp_url": url}), "quittance-test")
        with (
            caplog.at_level(logging.WARNING),
            under(REQUEST),
            pytest.raises(ValueError),
            tracing.span("POST /graphql", "server"),
            tracing.span("transaction", operation="payments.settle"),
        ):
            assert tracing.headers()["traceparent"].startswith(f"00-{REQUEST}-")
            raise ValueError("of a customer's own")
        await asyncio.to_thread(end)
        head, body = await taken.get()
    assert head.startswith(b"POST /v1/traces ") and caplog.records == []
    for word in (b"quittance-test", b"POST /graphql", b"payments.settle", b"ValueError", bytes.fromhex(REQUEST)):
        assert word in body
    assert b"customer's own" not in body
    assert tracing.headers() == {}
