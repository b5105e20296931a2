"""The endpoints in Stripe's shape, as any of its clients meets them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.provider_process import Bench, ProviderProcess, bench_at


@pytest.fixture
async def bench(provider_here: ProviderProcess) -> AsyncIterator[Bench]:
    async with bench_at(provider_here) as opened:
        yield opened


async def post(bench: Bench, path: str, key: str = "", **form: Any) -> httpx2.Response:
    headers = {"Idempotency-Key": key or uuid4().hex}
    return await bench.http.post(f"/stripe/v1/{path}", data=form, headers=headers)


async def charged(bench: Bench) -> Any:
    """A payment that succeeded."""
    method = (await post(bench, f"payment_methods/pm_card_visa%23{uuid4().hex}/attach", customer="cus_1")).json()
    form = {"amount": "1000", "currency": "eur", "payment_method": method["id"], "customer": "cus_1",
            "metadata[reference]": bench.mark, "metadata[customer]": bench.mark}  # fmt: skip
    intent = (await post(bench, "payment_intents", **form)).json()
    assert intent["status"] == "requires_confirmation"
    done = await post(
        bench, f"payment_intents/{intent['id']}/confirm", off_session="true", return_url="https://x.test/"
    )
    assert (done.status_code, done.json()["status"]) == (200, "succeeded")
    return done.json()


async def test_both_shapes_speak_of_the_same_books(bench: Bench) -> None:
    intent = await charged(bench)
    assert (await bench.books())["captured_minor"] == {"EUR": 1000}
    there = await bench.get(f"/v1/payments/{intent['id'].replace('pi_', 'payment_')}")
    assert (there["reference"], there["captured_minor"]) == (bench.mark, 1000)
    newest = (await bench.get("/stripe/v1/events", type="payment_intent.succeeded", limit="1"))["data"]
    assert [event["data"]["object"]["id"] for event in newest] == [intent["id"]]


async def test_events_are_listed_by_whether_somebody_took_them(bench: Bench) -> None:
    intent = await charged(bench)

    async def told(**asked: str) -> list[str]:
        listed = (await bench.get("/stripe/v1/events", **asked))["data"]
        return [event["type"] for event in listed if event["data"]["object"]["id"] == intent["id"]]

    assert await told(delivery_success="true") == []  # there is no endpoint
    assert await told(delivery_success="false", **{"types[0]": "payment_intent.succeeded"}) == [
        "payment_intent.succeeded"
    ]
    assert await told(delivery_success="false", **{"types[0]": "payout.paid"}) == []
    assert [await told(type=each) for each in ("payout.paid", "payment_intent.succeeded")] == [
        [],
        ["payment_intent.succeeded"],
    ]
    year = 365 * 24 * 60 * 60
    for asked, seen in ((-year, False), (year, True)):
        until, since = str(intent["created"] + asked), str(intent["created"] - asked)
        assert (await told(**{"created[lt]": until}) != []) == (await told(**{"created[gte]": since}) != []) == seen


async def test_a_key_is_one_request_s_and_its_first_answer_comes_again_with_a_mark(bench: Bench) -> None:
    key, form = uuid4().hex, {"amount": "1000", "currency": "eur"}
    first, again = [await post(bench, "payment_intents", key, **form) for _ in range(2)]
    assert first.json() == again.json()
    assert [each.headers.get("Idempotent-Replayed") for each in (first, again)] == [None, "true"]
    other = await post(bench, "payment_intents", key, amount="2000", currency="eur")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    "form",
    [
        {"amount": "1000"},
        {"amount": "0", "currency": "eur"},
        {"amount": "550", "currency": "isk"},
        {"amount": "1000", "currency": "eur", "made_up": "1"},
        {"amount": "1000", "currency": "eur", "metadata": "x", "metadata[a]": "y"},
        {"amount": "1000", "currency": "eur", "a[b][c][d][e][f]": "y"},
    ],
)
async def test_what_is_not_agreed_is_refused_and_makes_nothing(bench: Bench, form: dict[str, str]) -> None:
    before = (await bench.get("/stripe/v1/payment_intents", limit="1"))["data"]
    answer = await post(bench, "payment_intents", **form)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parameter_invalid")
    assert (await bench.get("/stripe/v1/payment_intents", limit="1"))["data"] == before


async def test_lists_go_page_by_page_in_both_directions(bench: Bench) -> None:
    made = [(await post(bench, "payment_intents", amount="1000", currency="eur")).json()["id"] for _ in range(3)]
    first = await bench.get("/stripe/v1/payment_intents", limit="2")
    assert ([each["id"] for each in first["data"]], first["has_more"]) == (made[:0:-1], True)
    older = await bench.get("/stripe/v1/payment_intents", limit="1", starting_after=made[1])
    assert older["data"][0]["id"] == made[0]
    newer = await bench.get("/stripe/v1/payment_intents", limit="1", ending_before=made[0])
    assert ([each["id"] for each in newer["data"]], newer["has_more"]) == ([made[1]], True)


async def test_a_decline_is_an_error_that_holds_the_intent_and_what_is_over_cannot_be_confirmed(bench: Bench) -> None:
    intent = await charged(bench)
    again = await post(bench, f"payment_intents/{intent['id']}/confirm")
    assert (again.status_code, again.json()["error"]["code"]) == (400, "payment_intent_unexpected_state")
    method = (await post(bench, f"payment_methods/pm_stolen_card%23{uuid4().hex}/attach", customer="cus_2")).json()
    form = {"amount": "1000", "currency": "eur", "payment_method": method["id"]}
    assert (await post(bench, "payment_intents", **form)).status_code == 400  # of another customer
    made = (await post(bench, "payment_intents", **form, customer="cus_2")).json()
    there = f"payment_intents/{made['id']}/confirm"
    lost = (await post(bench, there)).json()["error"]
    assert (lost["type"], "return_url" in lost["message"]) == ("invalid_request_error", True)
    declined = await post(bench, there, return_url="https://x.test/")
    error = declined.json()["error"]
    assert (declined.status_code, error["decline_code"], error["payment_intent"]["id"]) == (
        402, "stolen_card", made["id"],
    )  # fmt: skip
