"""Bad requests to the provider are refused in its own words, and leave nothing behind."""

from typing import Any

import pytest

from tests.provider_process import Bench


@pytest.mark.parametrize(
    "changed",
    [
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": 10**13},
        {"amount_minor": 1.5},
        {"amount_minor": "1000"},
        {"amount_minor": True},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"reference": ""},
        {"reference": "x" * 256},
        {"capture": "later"},
        {"metadata": {"a": 1}},
        {"metadata": {str(n): "" for n in range(21)}},
        {"metadata": {"a": "x" * 501}},
        {"surprise": 1},
    ],
)
async def test_a_charge_in_another_shape_is_refused(bench: Bench, changed: dict[str, Any]) -> None:
    method = await bench.method("tok_visa")
    refused = await bench.try_post("/v1/payments", bench.order(method, **changed), key="a")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")
    assert refused.json()["error"]["acted"] is False
    assert (await bench.charge(method))["status"] == "succeeded"
    assert len((await bench.books())["payments"]) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b'"\\ud800"',
        b"[" * 60_000,
        b'{"amount_minor": ' + b"9" * 5000 + b"}",
        b" " * 70_000,
    ],
)
async def test_a_body_that_is_no_request_is_refused(bench: Bench, raw: bytes) -> None:
    for path in ("/v1/payments", "/v1/refunds", "/v1/payment_methods", "/v1/voids", "/admin/behaviour"):
        answer = await bench.call("POST", path, content=raw, headers={"Idempotency-Key": bench.mark})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


async def test_a_charge_without_a_key_or_with_an_endless_one_is_refused(bench: Bench) -> None:
    order = bench.order(await bench.method("tok_visa"))
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256}):
        answer = await bench.call("POST", "/v1/payments", json=order, headers=headers)
        assert answer.status_code == 400
    assert (await bench.books())["payments"] == []


@pytest.mark.parametrize("bearer", [None, "", "Bearer", "Bearer wrong", "Basic x"])
async def test_nothing_is_told_or_done_without_the_bearer_key(bench: Bench, bearer: str | None) -> None:
    for path in ("/v1/payments?reference=x", "/admin/books", "/", "/nowhere"):
        request = bench.http.build_request("GET", path)
        del request.headers["Authorization"]
        if bearer is not None:
            request.headers["Authorization"] = bearer
        assert (await bench.http.send(request)).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payments",
        "/v1/payments?reference=a&key=b",
        "/v1/payments?reference=a&reference=b",
        "/v1/refunds?status=open",
        "/v1/events?limit=0",
        "/v1/events?limit=%D9%A3",
        f"/v1/events?limit={'9' * 5000}",
        "/v1/settlements?format=pdf",
    ],
)
async def test_a_query_that_is_not_understood_is_refused(bench: Bench, path: str) -> None:
    assert (await bench.call("GET", path)).status_code == 400


@pytest.mark.parametrize(
    "path", ["/v1/payments/payment_0", "/v1/refunds/refund_0", "/v1/payment_methods/x", "/actions/payment_0"]
)
async def test_what_does_not_exist_is_not_found(bench: Bench, path: str) -> None:
    assert (await bench.call("GET", path)).json()["error"]["code"] == "not_found"


async def test_an_unknown_behaviour_is_refused_and_changes_nothing(bench: Bench) -> None:
    for behaviour in ({"fault": "meteor"}, {"decline": "bad_mood"}, {"times": 0}, {"delay_ms": -1}, {"x": 1}):
        answer = await bench.try_post("/admin/behaviour", {"token": bench.token("tok_visa"), **behaviour})
        assert answer.status_code == 400
    assert (await bench.charge(await bench.method("tok_visa")))["status"] == "succeeded"
