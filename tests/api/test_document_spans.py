"""What tracing says of a document."""

from typing import Any

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.audience import Audience
from domain.tracing import trace_by
from runtime.tracing import OtlpTracer

HELLO = "query Hello { hello }"


async def test_a_span_names_registered_documents_and_no_text_of_a_caller_s(open_door: Any) -> None:
    spans = InMemorySpanExporter()
    before = trace_by(OtlpTracer(SimpleSpanProcessor(spans), "quittance-test"))
    try:
        door = open_door(Audience.STAFF, trusted={Audience.STAFF: {"doc-1": HELLO}})
        await door.client.post("/graphql", json={"documentId": "doc-1"})
        await door.client.post("/graphql", json={"query": HELLO.replace("Hello", "Card4242424242424242")})
    finally:
        trace_by(before)
    told = [dict(span.attributes or {}) for span in spans.get_finished_spans() if span.name == "graphql query"]
    assert [facts["document"] for facts in told] == ["Hello", ""]
