"""Webhooks arrive signed: in order, late, twice, shuffled, never, or when asked for."""

import json
from datetime import datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from domain.payments.gateways.sandbox import SandboxGateway
from domain.payments.past_events import PastEvents
from tests.provider_process import Bench, Delivery, Receiver


def read(bench: Bench, delivery: Delivery) -> Any:
    """The event of a delivery, checked by the reference implementation."""
    return Webhook(bench.provider.webhook_secret).verify(delivery.raw, delivery.headers)


async def listed(bench: Bench, subject: str) -> list[Any]:
    """The provider's own list of an object's events."""
    events: list[Any] = (await bench.get("/v1/events", object=subject))["events"]
    return events


async def test_the_events_of_a_payment_arrive_signed_and_in_order(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_bank", webhook_url=endpoint.url, settle_after_ms=0)
    payment = await bench.charge(await bench.method("tok_bank"))
    first, second = read(bench, await endpoint.next()), read(bench, await endpoint.next())
    assert [(event["type"], event["sequence"]) for event in (first, second)] == [
        ("payment.processing", 1),
        ("payment.succeeded", 2),
    ]
    assert second["object"] == await bench.get(f"/v1/payments/{payment['id']}")
    assert second["object"]["metadata"] == {"customer": bench.mark}
    assert await listed(bench, payment["id"]) == [first, second]


async def test_a_bank_debit_can_fail_later(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_bank_account_closed", webhook_url=endpoint.url, settle_after_ms=0)
    await bench.charge(await bench.method("tok_bank_account_closed"))
    await endpoint.next()
    failed = read(bench, await endpoint.next())
    assert (failed["type"], failed["object"]["failure"]) == ("payment.failed", {"code": "account_closed"})


async def test_a_webhook_that_was_not_taken_comes_again_with_the_same_bytes(bench: Bench, endpoint: Receiver) -> None:
    endpoint.status = 503
    await bench.behave("tok_visa", webhook_url=endpoint.url)
    await bench.charge(await bench.method("tok_visa"))
    first = await endpoint.next()
    endpoint.status = 204
    second = await endpoint.next()
    assert second.raw == first.raw
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert read(bench, second) == json.loads(first.raw)


async def test_a_webhook_can_come_twice(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url, webhooks="twice")
    await bench.charge(await bench.method("tok_visa"))
    assert (await endpoint.next()).raw == (await endpoint.next()).raw


async def test_a_late_webhook_comes_after_those_that_happened_later(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url, webhooks="late", webhook_delay_ms=3000)
    await bench.behave("tok_amex", webhook_url=endpoint.url)
    late = await bench.charge(await bench.method("tok_visa"), "late")
    prompt = await bench.charge(await bench.method("tok_amex"), "prompt")
    arrived = [read(bench, await endpoint.next())["object"]["id"] for _ in range(2)]
    assert arrived == [prompt["id"], late["id"]]


async def test_shuffled_webhooks_all_arrive_in_whatever_order(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url, webhooks="shuffled", webhook_delay_ms=50)
    method = await bench.method("tok_visa")
    made = {(await bench.charge(method, f"n{n}"))["id"] for n in range(6)}
    assert {read(bench, await endpoint.next())["object"]["id"] for _ in made} == made


async def test_a_webhook_comes_before_the_answer_when_the_answer_is_slow(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url, reply_delay_ms=3000)
    method = await bench.method("tok_visa")
    payment = await bench.charge(method)
    assert endpoint.inbox.qsize() == 1
    assert read(bench, await endpoint.next())["object"]["id"] == payment["id"]


async def test_held_webhooks_come_when_asked_for_in_the_order_asked_for(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_bank", webhook_url=endpoint.url, webhooks="on_demand", held=True)
    payment = await bench.charge(await bench.method("tok_bank"))
    await bench.post(f"/admin/settle/{payment['id']}")
    ask = {"token": bench.token("tok_bank"), "order": "reversed", "times": 2}
    sent = (await bench.post("/admin/webhooks/deliver", ask))["deliveries"]
    expected = ["payment.succeeded", "payment.succeeded", "payment.processing", "payment.processing"]
    assert [(one["type"], one["status"]) for one in sent] == [(kind, 200) for kind in expected]
    assert [read(bench, await endpoint.next())["type"] for _ in expected] == expected
    assert (await bench.post("/admin/webhooks/deliver", ask))["deliveries"] == []


async def test_the_same_seed_shuffles_in_the_same_way(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url, webhooks="never")
    method = await bench.method("tok_visa")
    payments = [await bench.charge(method, f"n{n}") for n in range(8)]
    events = [(await listed(bench, payment["id"]))[0]["id"] for payment in payments]
    orders = []
    for seed in (1, 1, 2):
        ask = {"events": events, "order": "shuffled", "seed": seed}
        sent = (await bench.post("/admin/webhooks/deliver", ask))["deliveries"]
        orders.append([one["event"] for one in sent])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(events)


async def test_a_webhook_that_never_comes_is_in_the_list_of_events(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url, webhooks="never")
    payment = await bench.charge(await bench.method("tok_visa"))
    (event,) = await listed(bench, payment["id"])
    assert event["type"] == "payment.succeeded"
    after = await bench.get("/v1/events", after=event["id"], object=payment["id"])
    assert after["events"] == []
    # Whatever is delivered later would follow it to the same receiver: the refund's event is the first to arrive.
    await bench.behave("tok_visa", webhook_url=endpoint.url)
    body = {"payment": payment["id"], "amount_minor": 1, "currency": "EUR", "reference": f"{bench.mark}-r"}
    await bench.post("/v1/refunds", body, key="r")
    assert read(bench, await endpoint.next())["type"] == "refund.succeeded"


async def test_disputes_and_payouts_are_announced(bench: Bench, endpoint: Receiver) -> None:
    await bench.behave("tok_visa", webhook_url=endpoint.url)
    payment = await bench.charge(await bench.method("tok_visa"), amount_minor=50_000)
    dispute = await bench.post("/admin/disputes", {"payment": payment["id"], "amount_minor": 100})
    await bench.post(f"/admin/disputes/{dispute['id']}/close", {"outcome": "won"})
    payout = await bench.post("/admin/payouts", {"currency": "EUR", "payments": [payment["id"]]})
    assert [event["type"] for event in await listed(bench, dispute["id"])] == ["dispute.opened", "dispute.won"]
    assert [event["type"] for event in await listed(bench, payout["id"])] == ["payout.paid"]
    arrived = {read(bench, await endpoint.next())["type"] for _ in range(3)}
    assert arrived == {"payment.succeeded", "dispute.opened", "dispute.won"}


async def test_the_list_tells_what_was_taken_from_what_was_not(bench: Bench, endpoint: Receiver) -> None:
    async def told(**asked: str) -> list[str]:
        found = (await bench.get("/v1/events", object=payment["id"], **asked))["events"]
        return [event["type"] for event in found]

    await bench.behave("tok_visa", webhook_url=endpoint.url, webhooks="on_demand")
    payment = await bench.charge(await bench.method("tok_visa"))
    assert await told(delivery_success="true") == []
    assert await told(delivery_success="false") == ["payment.succeeded"]
    endpoint.status = 503
    await bench.post("/admin/webhooks/deliver", {"object": payment["id"]})
    assert await told(delivery_success="false") == ["payment.succeeded"], "it was sent, and not taken"
    endpoint.status = 204
    await bench.post("/admin/webhooks/deliver", {"object": payment["id"]})
    assert await told(delivery_success="true") == ["payment.succeeded"]
    assert await told(delivery_success="false") == []
    (event,) = await listed(bench, payment["id"])
    at = datetime.fromisoformat(event["created_at"])
    gateway = SandboxGateway("main", bench.provider.url, bench.provider.secret)
    mine = await gateway.list_undelivered(at, at + timedelta(milliseconds=1), None)
    assert isinstance(mine, PastEvents) and event["id"] not in [each.id for each in mine.events]
    await gateway.close()
    assert await told(until=event["created_at"]) == []
    assert (await bench.call("GET", "/v1/events?delivery_success=perhaps")).status_code == 400
