"""What a request is charged, what it gets back, and what an empty bucket answers."""

from typing import Any

import pytest

from api.bucket import CALLERS_MAX, CAPACITY, MemoryBucket
from tests.api_callers import Api

TWO_PAGES = (
    "{ a: invoices(first: 100) { edges { node { number } } } b: invoices(first: 100) { edges { node { number } } } }"
)


class Hand:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_an_answer_says_what_it_cost_and_what_is_left(open_door: Any) -> None:
    door = open_door(bucket=MemoryBucket(now=Hand()))
    answer = await door.ask("{ invoices(first: 5) { edges { node { number } } } }")

    assert answer.json()["extensions"]["cost"] == {
        "requestedQueryCost": 6,
        "actualQueryCost": 6,
        "throttleStatus": {"maximumAvailable": 1_000, "currentlyAvailable": 994, "restoreRate": 100},
    }


async def test_what_was_not_used_is_given_back(open_door: Any) -> None:
    door = open_door(bucket=MemoryBucket(now=Hand()))
    answer = await door.ask(
        "query Q($n: Int!) { invoices(first: $n) { edges { node { number } } } }", variables={"n": 2}
    )

    cost = answer.json()["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 101
    assert cost["actualQueryCost"] < 10
    assert cost["throttleStatus"]["currentlyAvailable"] == CAPACITY - cost["actualQueryCost"]


async def test_an_empty_bucket_refuses_until_time_has_filled_it(open_door: Any) -> None:
    clock = Hand()
    door = open_door(bucket=MemoryBucket(capacity=210, now=clock))
    assert (await door.ask(TWO_PAGES)).status_code == 200

    refused = await door.ask(TWO_PAGES)
    assert refused.status_code == 429
    [error] = refused.json()["errors"]
    assert error["extensions"]["code"] == "THROTTLED"
    assert refused.headers["retry-after"] == str(error["extensions"]["retryAfterSeconds"])
    assert refused.json()["extensions"]["cost"]["actualQueryCost"] is None

    clock.seconds += error["extensions"]["retryAfterSeconds"]
    assert (await door.ask(TWO_PAGES)).status_code == 200


async def test_a_throttled_mutation_does_nothing(open_door: Any) -> None:
    door = open_door(bucket=MemoryBucket(capacity=9, now=Hand()))
    answer = await door.ask('mutation { pay(input: {idempotencyKey: "k", amount: 1, currency: "EUR"}) { paid } }')

    assert answer.status_code == 429
    assert door.desk.written == []


async def test_one_caller_does_not_empty_the_bucket_of_another(open_door: Any) -> None:
    bucket = MemoryBucket(capacity=15, now=Hand())
    first, second = open_door(bucket=bucket), open_door(bucket=bucket)
    second.desk.caller = "caller-2"

    assert [(await first.ask("{ nothing }")).status_code for _ in range(2)] == [400, 429]
    assert (await second.ask("{ hello }")).status_code == 200


async def test_broken_documents_are_not_free(open_door: Any) -> None:
    door = open_door(bucket=MemoryBucket(capacity=100, now=Hand()))

    statuses = [(await door.ask(f"{{ nothing{n} }}")).status_code for n in range(11)]

    assert statuses == [400] * 10 + [429]


async def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    clock = Hand()
    bucket = MemoryBucket(now=clock)
    await bucket.take("a", 10)
    clock.seconds += 1_000_000

    assert (await bucket.give_back("a", 500)).available == CAPACITY


async def test_callers_without_end_do_not_fill_the_memory() -> None:
    bucket = MemoryBucket(now=Hand())
    await bucket.take("first", 1_000)
    for number in range(CALLERS_MAX):
        await bucket.take(f"caller-{number}", 1)

    assert (await bucket.take("first", 1_000)).granted


@pytest.mark.parametrize("audience", ["portal", "staff"])
async def test_the_cost_is_shown_to_every_audience(open_door: Any, audience: str) -> None:
    door = open_door(audience, trusted={"portal": {"1": "{ hello }"}, "staff": {"1": "{ hello }"}})
    answer = await door.client.post("/graphql", json={"documentId": "1"})

    assert answer.json()["extensions"]["cost"]["requestedQueryCost"] == 1


async def test_a_preview_is_charged_as_the_work_it_is_even_where_it_is_refused(api: Api) -> None:
    guest, bought = await api.subscriber()
    id = bought["subscription"]["id"]
    for asked in (id, "subscription_" + "0" * 32):
        preview = f'{{ viewer {{ customer {{ nextInvoicePreview(subscriptionId: "{asked}") {{ issuedAt }} }} }} }}'
        cost = (await guest.ask(preview))["extensions"]["cost"]
        assert cost["requestedQueryCost"] == 13  # viewer, customer, preview, and what it takes to work that out
        assert cost["actualQueryCost"] >= 10


async def test_runs_of_a_virtual_clock_without_end_are_too_much_for_one_query(api: Api) -> None:
    guest, bought = await api.subscriber()
    id = bought["subscription"]["id"]
    runs = " ".join(f'a{n}: simulation(subscriptionId: "{id}") {{ errors {{ __typename }} }}' for n in range(20))
    error = await guest.error(f"{{ viewer {{ customer {{ {runs} }} }} }}")
    assert error["extensions"]["code"] == "COST_EXCEEDED"
