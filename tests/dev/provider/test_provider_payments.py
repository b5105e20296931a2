"""The provider charges once per key, and its payments follow their tokens."""

import asyncio

import pytest

from dev.provider.tokens import HARD_DECLINES, SOFT_DECLINES, every_token, read_token
from domain.payments.gateways.declines import HARD
from tests.provider_process import Bench


async def test_a_key_gives_its_first_answer_again_and_refuses_another_body(bench: Bench) -> None:
    method = await bench.method("tok_visa")
    first = await bench.charge(method)
    again = await bench.try_post("/v1/payments", bench.order(method), key="a")
    other = await bench.try_post("/v1/payments", bench.order(method, amount_minor=1), key="a")
    assert (again.status_code, again.json()) == (200, first)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")
    assert len((await bench.books())["payments"]) == 1


async def test_a_key_that_made_a_payment_cannot_make_a_refund(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    body = {"payment": payment["id"], "amount_minor": 1000, "currency": "EUR", "reference": "x"}
    refused = await bench.try_post("/v1/refunds", body, key="a")
    assert refused.json()["error"]["code"] == "key_reused"


async def test_a_key_in_use_is_refused_until_its_first_request_is_done(bench: Bench) -> None:
    method = await bench.method("tok_visa")
    await bench.behave("tok_visa", delay_ms=2000, times=1)
    order = bench.order(method)
    answers = await asyncio.gather(*(bench.try_post("/v1/payments", order, key="a") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json()["error"]["code"] for answer in answers if answer.is_error} == {"key_in_progress"}
    assert (await bench.try_post("/v1/payments", order, key="a")).status_code == 200


async def test_after_its_window_a_key_charges_again(bench: Bench) -> None:
    method = await bench.method("tok_visa")
    await bench.charge(method)
    await bench.post("/admin/keys/forget", {"key": f"{bench.mark}-a"})
    await bench.charge(method)
    assert (await bench.books())["captured_minor"] == {"EUR": 2000}


async def test_a_payment_is_found_by_id_by_reference_and_by_key(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    assert await bench.get(f"/v1/payments/{payment['id']}") == payment
    assert await bench.get("/v1/payments", reference=payment["reference"]) == {"payments": [payment]}
    assert await bench.get("/v1/payments", key=f"{bench.mark}-a") == {"payments": [payment]}
    assert await bench.get("/v1/payments", reference="never used") == {"payments": []}


@pytest.mark.parametrize("token", [token for token in every_token() if token != "tok_not_accepted"])
async def test_every_token_has_a_script_with_and_without_a_suffix(token: str) -> None:
    assert read_token(token) is not None
    assert read_token(f"{token}#any#thing") == read_token(token)


def test_the_provider_and_the_product_agree_on_which_declines_are_hard() -> None:
    assert {code for code, hard in HARD.items() if hard} == set(HARD_DECLINES)
    assert {code for code, hard in HARD.items() if not hard} == set(SOFT_DECLINES)


@pytest.mark.parametrize(
    "token", ["tok_", "visa", "tok_visa ", "tok_visa_after_0", "tok_lost_card_after_x", "#tok_visa"]
)
def test_a_token_that_was_never_issued_is_unknown(token: str) -> None:
    assert read_token(token) is None


async def test_a_card_declines_after_its_successes_and_another_only_for_its_times(bench: Bench) -> None:
    renewing = await bench.method("tok_expired_card_after_2")
    recovering = await bench.method("tok_insufficient_funds_times_2")
    assert [(await bench.charge(renewing, f"r{n}"))["status"] for n in range(4)] == [
        "succeeded",
        "succeeded",
        "failed",
        "failed",
    ]
    statuses = [(await bench.charge(recovering, f"d{n}"))["status"] for n in range(4)]
    assert statuses == ["failed", "failed", "succeeded", "succeeded"]


async def test_authentication_is_asked_for_once_or_always_and_can_end_in_a_decline(bench: Bench) -> None:
    once = await bench.method("tok_3ds_once")
    first = await bench.charge(once, "first")
    await bench.call("POST", first["action"]["url"], params={"outcome": "complete"})
    assert (await bench.charge(once, "second"))["status"] == "succeeded"
    declining = await bench.charge(await bench.method("tok_3ds_then_lost_card"), "third")
    page = await bench.call("GET", declining["action"]["url"])
    assert page.is_success and "Complete" in page.text
    await bench.call("GET", declining["action"]["url"], params={"outcome": "complete"})
    done = await bench.get(f"/v1/payments/{declining['id']}")
    assert (done["status"], done["failure"], done["action"]) == ("failed", {"code": "lost_card"}, None)
    again = await bench.call("GET", declining["action"]["url"], params={"outcome": "complete"})
    assert again.json()["error"]["code"] == "not_waiting"


async def test_an_authorized_amount_is_captured_once_in_part_and_the_rest_is_let_go(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"), capture="manual")
    path = f"/v1/payments/{payment['id']}"
    assert (payment["status"], payment["capturable_minor"], payment["captured_minor"]) == ("authorized", 1000, 0)
    assert (await bench.try_post(f"{path}/capture", {"amount_minor": 1001}, key="c0")).status_code == 422
    taken = await bench.post(f"{path}/capture", {"amount_minor": 400}, key="c1")
    assert (taken["status"], taken["capturable_minor"], taken["captured_minor"]) == ("succeeded", 0, 400)
    assert await bench.post(f"{path}/capture", {"amount_minor": 400}, key="c1") == taken
    refused = await bench.try_post(f"{path}/capture", {"amount_minor": 400}, key="c2")
    assert refused.json()["error"]["code"] == "not_capturable"


async def test_an_authorized_payment_can_be_voided_and_then_not_captured(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"), capture="manual")
    path = f"/v1/payments/{payment['id']}"
    assert (await bench.post(f"{path}/void"))["status"] == "canceled"
    assert (await bench.try_post(f"{path}/capture", {}, key="c")).json()["error"]["code"] == "not_capturable"
    assert (await bench.try_post(f"{path}/void")).json()["error"]["code"] == "not_voidable"


async def test_a_behaviour_holds_for_its_token_and_its_number_of_times(bench: Bench) -> None:
    method, other = await bench.method("tok_visa"), await bench.method("tok_mastercard")
    await bench.behave("tok_visa", decline="lost_card", times=2)
    assert [(await bench.charge(method, f"n{n}"))["status"] for n in range(3)] == ["failed", "failed", "succeeded"]
    assert (await bench.charge(other, "other"))["status"] == "succeeded"


async def test_a_behaviour_of_a_method_wins_and_can_be_taken_away(bench: Bench) -> None:
    method = await bench.method("tok_visa")
    await bench.behave("tok_visa", decline="lost_card")
    await bench.post("/admin/behaviour", {"method": method, "decline": "do_not_honor"})
    assert (await bench.charge(method, "a"))["failure"] == {"code": "do_not_honor"}
    await bench.call("DELETE", "/admin/behaviour", params={"method": method})
    assert (await bench.charge(method, "b"))["failure"] == {"code": "lost_card"}
    await bench.call("DELETE", "/admin/behaviour", params={"token": bench.token("tok_visa")})
    assert (await bench.charge(method, "c"))["status"] == "succeeded"


async def test_a_fault_can_be_put_on_queries_alone(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    await bench.behave("tok_visa", fault="wrong_amount", operations=["query"], times=1)
    query = {"reference": payment["reference"]}
    assert (await bench.get("/v1/payments", **query))["payments"][0]["captured_minor"] == 1001
    assert (await bench.get("/v1/payments", **query))["payments"] == [payment]
