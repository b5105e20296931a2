"""Alive, ready, measured: what orchestrators and monitoring see of the API, also while its servers are away."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr

from api.app import build_app
from dev.story.documents import BALANCE
from runtime.settings import Settings
from tests.api_callers import START, Api, key, running
from tests.server_gate import Gate, gate_before


@asynccontextmanager
async def behind(settings: Settings, name: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Gate]]:
    """The API with a gate before one of its databases."""
    async with (
        gate_before(getattr(settings, name).get_secret_value()) as (gate, url),
        running(build_app(settings.model_copy(update={name: SecretStr(url)}))) as http,
    ):
        yield http, gate


async def metric(http: httpx2.AsyncClient, name: str) -> float:
    """The value of one line of the metrics."""
    text = (await http.get("/metrics")).text
    found = re.search(rf"^{re.escape(name)} (.+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_a_process_with_its_servers_is_alive_and_ready(http: httpx2.AsyncClient) -> None:
    alive, ready = await http.get("/healthz"), await http.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    said = ready.json()
    assert (ready.status_code, 0 <= said.pop("replicaLagSeconds") < 30) == (200, True)
    assert said == {"status": "ready", "primary": "up", "replica": "up", "history": "REPLICA"}


@pytest.mark.row("M3")
async def test_without_its_replica_a_process_is_ready_and_says_so(process_settings: Settings) -> None:
    async with behind(process_settings, "replica_url") as (http, gate):
        await gate.shut()
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["replica"]) == (200, "down")
        assert (ready.json()["replicaLagSeconds"], ready.json()["history"]) == (None, "UNAVAILABLE")
        assert await metric(http, "quittance_replica_lag_seconds") == -1
        await gate.open()
        assert (await http.get("/readyz")).json()["replica"] == "up"


async def test_without_its_primary_a_process_is_alive_but_not_ready_and_comes_back(
    api: Api, process_settings: Settings
) -> None:
    async with behind(process_settings, "database_url") as (http, gate):
        guest = await api.guest("tok_visa")
        guest.http = http
        await guest.data(BALANCE)
        await gate.shut()
        assert (await http.get("/healthz")).status_code == 200
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["primary"]) == (503, "down")
        assert "quittance_replica_lag_seconds" in (await http.get("/metrics")).text
        given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
        answer = await guest.post({"query": START, "variables": {"input": given}})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        await gate.open()
        assert (await http.get("/readyz")).status_code == 200
        assert not (await guest.do(START, **given))["operation"]["replayed"]


async def test_operations_are_counted_by_what_became_of_them(api: Api) -> None:
    names = [f'quittance_operations_total{{operation="subscriptions.start",outcome="{each}"}}' for each in OUTCOMES]
    before = [await metric(api.http, name) for name in names]
    guest = await api.guest("tok_visa")
    given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
    await guest.do(START, **given)
    await guest.do(START, **given)
    await guest.refusal(START, priceId=str(api.world.prices["usd"]))
    after = [await metric(api.http, name) for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


OUTCOMES = ("done", "replayed", "CURRENCY_MISMATCH")


async def test_the_metrics_show_what_waits_and_hold_no_customer(api: Api) -> None:
    guest, _ = await api.subscriber()
    answer = await api.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for name in ("due_work", "outbox_events", "dead_letters", "replica_lag_seconds", "pool_connections"):
        assert f"quittance_{name}" in answer.text
    assert guest.id not in answer.text
