"""One purchase, followed by the id of its request: HTTP, outbox, job, provider, webhook, and the job of that."""

import io
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from arq.connections import ArqRedis
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import build_app
from dev.stack.state import known_layout
from domain.actor import Grant
from domain.payments.method import payment_methods
from domain.reactions.house import House
from domain.tracing import trace_by
from jobs import queue
from jobs.calls import call_apply
from jobs.sweep import waiting
from jobs.worker import make_worker
from runtime.house import with_breakers
from runtime.logs import json_lines
from runtime.settings import Settings
from runtime.tracing import OtlpTracer
from tests.api_callers import START, Api, Caller, Guest, key, running
from tests.jobs_kit import Ground
from tests.mishaps import later
from tests.stack_plugin import STATE
from tests.webhook_desk import encoded, key_of
from tests.world import ACCOUNT

Lines = list[dict[str, Any]]
CARD = "4242-4242-4242-4242"
REFUND = """mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
    errors { ... on UserError { code message } } } }"""
TRAIL = """query ($id: ID!) { staff { auditTrail(customerId: $id, first: 50) {
    edges { node { operation actor requestId } } } } }"""


@contextmanager
def log_lines() -> Iterator[Lines]:
    """What the house logs meanwhile, as a process would write it."""
    lines: Lines = []
    written, house = io.StringIO(), logging.getLogger("quittance")
    handler, level = logging.StreamHandler(written), house.level
    handler.setFormatter(json_lines())
    house.addHandler(handler)
    house.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        house.removeHandler(handler)
        house.setLevel(level)
        lines += [json.loads(line) for line in written.getvalue().splitlines()]


async def work_for(guest: Guest, house: House, redis: ArqRedis) -> None:
    """Lets a worker do all that a sweep finds for the customer, until it finds nothing."""
    while calls := [call for call in await waiting(house) if guest.id in call.ids]:
        for call in calls:
            await queue.put(redis, call)
        await make_worker(house, redis, burst=True).async_run()


async def send(by: Caller, document: str, given: dict[str, Any], **headers: str) -> httpx2.Response:
    """A mutation under a key of its own, with headers of the caller's."""
    signed = {"Authorization": f"Bearer {by.token}", **headers}
    body = {"query": document, "variables": {"input": {**given, "idempotencyKey": key()}}}
    return await by.http.post("/graphql", json=body, headers=signed)


async def take(http: httpx2.AsyncClient, ground: Ground, ref: str, house: House, redis: ArqRedis) -> None:
    """The provider delivers its events about an object, and a worker does the job of each."""
    for event in await ground.desk.events_of(ref):
        raw = encoded(event)
        kept = await http.post(f"/webhooks/{ACCOUNT}", content=raw, headers=ground.desk.signed(raw, event["id"]))
        assert kept.json() == {"duplicate": False}
        await queue.put(redis, call_apply(key_of(event)))
        await make_worker(house, redis, burst=True).async_run()


def asked_at_the_provider(asked_by: str) -> list[str]:
    """What was called there under the id, by the provider's own log."""
    return [f"{line['method']} {line['path']}" for line in lines_at_the_provider(asked_by)]


def lines_at_the_provider(asked_by: str) -> Lines:
    """The lines of its log that carry the id."""
    layout = known_layout(Path(os.environ[STATE]))
    assert layout
    told = [line for line in (layout.logs / "provider.log").read_text().splitlines() if asked_by in line]
    return [line for line in map(json.loads, told) if line["request_id"] == asked_by]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Where this process's spans are while the test runs."""
    kept = InMemorySpanExporter()
    before = trace_by(OtlpTracer(SimpleSpanProcessor(kept), "quittance-test"))
    yield kept
    trace_by(before)


def one_trace(kept: InMemorySpanExporter, trace: str) -> None:
    """The purchase is one trace from its request to the job of the webhook, which the provider was told of too."""
    spans = [span for span in kept.get_finished_spans() if f"{span.context.trace_id:032x}" == trace]
    by_id = {span.context.span_id: span for span in spans}

    def way(name: str, **facts: str) -> list[str]:
        """The names from a span up to the first one of the trace."""
        named = (span for span in spans if span.name == name)
        found: ReadableSpan | None = next(s for s in named if facts.items() <= dict(s.attributes or {}).items())
        up: list[str] = []
        while found:
            up.append(found.name)
            found = by_id.get(found.parent.span_id) if found.parent else None
        return up

    request = ["graphql mutation", "POST /graphql"]
    assert way("transaction", operation="subscriptions.start") == ["transaction", *request]
    assert way("provider charge")[-1] == way("event payment.begun")[-1] == "POST /graphql"
    assert way("transaction", operation="payments.settle")[-1] == "due send_payment"  # later, elsewhere
    assert way("provider event charge_captured") == ["provider event charge_captured"]
    told = {each["traceparent"].split("-")[2] for each in lines_at_the_provider(trace)}
    assert told and told <= {f"{each:016x}" for each in by_id}
    assert all(dict(span.attributes or {})["request_id"] == trace for span in spans)


async def away_once(ground: Ground, guest: Guest, token: str) -> None:
    """The guest's method is one of which the provider takes the first charge for nothing, since it is away."""
    (stored,) = await payment_methods(
        ground.house.db.primary, guest.who.id, [await ground.world.card(guest.who, token)]
    )
    away = {"operations": ["charge"], "fault": "unavailable", "times": 1}
    await ground.desk.admin("behaviour", method=stored.provider_ref, **away)


@pytest.mark.row("K4")
async def test_a_purchase_is_found_by_its_request_in_every_log_at_the_provider_and_in_the_trail(
    ground: Ground,
    redis: ArqRedis,
    process_settings: Settings,
    minting: httpx2.AsyncClient,
    spans: InMemorySpanExporter,
) -> None:
    await ground.world.trust(process_settings.oidc_issuer)
    async with running(build_app(ground.settings)) as http:
        api = Api(http, ground.world, process_settings.oidc_issuer, minting)
        guest, trace = await api.guest(clock_at=None), secrets.token_hex(16)
        await away_once(ground, guest, "tok_bank_held")
        # A card's number is in no log, whoever puts it where an id belongs.
        headers = {"X-Request-Id": CARD, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        with log_lines() as asked:
            answer = await send(guest, START, {"priceId": str(ground.world.prices["starter"])}, **headers)
        assert answer.headers["X-Request-Id"] == trace
        worker = with_breakers(later(ground.house, timedelta(minutes=1)))
        with log_lines() as worked:
            await work_for(guest, worker, redis)
        (charge,) = (await ground.desk.books(guest.who))["payments"]
        assert (charge["status"], charge["metadata"]["request_id"]) == ("processing", trace)
        await ground.desk.admin(f"settle/{charge['id']}")
        with log_lines() as answered:
            await take(http, ground, charge["id"], worker, redis)
        assert await ground.state_of(guest.who) == "active"
        trail = await (await api.staff(Grant.SUPPORT)).data(TRAIL, id=guest.id)
        await a_refund_has_its_own(api, ground, guest, charge, redis)
    assert {line.get("request_id") for line in (*asked, *worked, *answered)} == {trace}
    assert "subscriptions.start" in {line.get("operation") for line in asked}
    assert ("charge", "unavailable") in {(line.get("call"), line.get("answer")) for line in asked}
    assert ("charge", "processing") in {(line.get("call"), line.get("answer")) for line in worked}
    told = [(line["event"], line.get("operation") or line.get("kind")) for line in answered]
    assert ("webhook kept", "charge_captured") in told and ("provider event", "charge_captured") in told
    assert {("operation", "payments.settle"), ("operation", "subscriptions.invoice_paid")} <= set(told)
    assert asked_at_the_provider(trace).count("POST /v1/payments") == 2
    nodes = [edge["node"] for edge in trail["staff"]["auditTrail"]["edges"]]
    followed = {node["operation"] for node in nodes if node["requestId"] == trace and node["actor"] == "system"}
    assert {"payments.settle", "subscriptions.invoice_paid"} <= followed
    assert CARD not in json.dumps([asked, worked, answered, nodes])
    one_trace(spans, trace)


async def a_refund_has_its_own(api: Api, ground: Ground, guest: Guest, charge: Any, redis: ArqRedis) -> None:
    """Another request about the same charge has its own id, although the provider knows the charge by the first."""
    support, other = await api.staff(Grant.SUPPORT), key()
    money = {"minorUnits": "100", "currency": "EUR"}
    given = {"customerId": guest.id, "paymentId": charge["reference"], "amount": money, "reason": "R."}
    asked = (await send(support, REFUND, given, **{"X-Request-Id": other})).json()
    assert asked["data"]["refundPayment"]["errors"] == [], asked
    worker = with_breakers(later(ground.house, timedelta(minutes=1)))
    with log_lines() as given_back:
        await work_for(guest, worker, redis)  # the API leaves a provider alone that was away just now
        (refund,) = (await ground.desk.books(guest.who))["refunds"]
        await take(api.http, ground, refund["id"], worker, redis)
    assert asked_at_the_provider(other) == ["POST /v1/refunds"]
    applied = [line for line in given_back if line["event"] == "provider event"]
    assert applied and {line["request_id"] for line in applied} == {other}
