"""Hostile values in every field of every mutation and in every argument: answered in our words, never by a 5xx."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from tests.api_callers import Api, Caller, key
from tests.bad_input_stage import Stage, mutation, stage_for

DIGITS = "7" * 5000
HOSTILE = {
    "a NUL": "ab\x00cd",
    "a lone high surrogate": "ab\ud800cd",
    "a lone low surrogate": "\udfff",
    "a text of 5,000 digits": DIGITS,
    "a text of 60,000 characters": "x" * 60_000,
    "a number of 5,000 digits": "@digits",
    "a negative number beyond 64 bits": -(2**70),
    "a fraction": 1.5,
    "a truth": True,
    "a list": ["x", "y"],
    "an object": {"x": {"y": 1}},
    "nothing": None,
}
# left out, that input would do
NULLABLE = ("clockAt", "existingFrom", "terms", "family", "redeemUntil", "maxRedemptions", "startsAt", "endsAt",
            "registeredUntil", "validUntil")  # fmt: skip
NULLABLE_IN = {
    ("startTaxCorrectionRun", "until"),
    ("setCustomerDebtPolicy", "policy"),
    ("captureInvoicePayment", "amount"),
    ("setPaymentRoute", "currency"),
    ("setPaymentRoute", "account"),
    ("changeWebhookEndpoint", "kinds"),
    ("retirePlan", "effectiveAt"),
    ("retirePrice", "effectiveAt"),
    ("endSessions", "sessionId"),
    ("setInvoicePreferences", "purchaseOrder"),
    ("setInvoicePreferences", "email"),
    ("setRetentionOffer", "pauseDays"),
    ("recordRefundPayout", "reference"),
}
CODES = {"BAD_INPUT", "NOT_FOUND"}

pytestmark = pytest.mark.usefixtures("full_buckets")


@pytest.fixture(scope="module")
async def stage(api: Api, owner_url: str) -> AsyncIterator[Stage]:
    """A customer, support and an admin."""
    async with stage_for(api, owner_url) as made:
        yield made


def spoilt(good: dict[str, Any], value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The good input with the value in the place of one part, for each of its parts."""
    for name, part in good.items():
        would_do = (value is None and name in NULLABLE) or (isinstance(value, bool) and isinstance(part, bool))
        if not would_do:
            yield name, {**good, name: value}
        if isinstance(part, dict):
            for inner, changed in spoilt(part, value):
                yield f"{name}.{inner}", {**good, name: changed}


async def send(caller: Caller, document: str, given: Any) -> httpx2.Response:
    """The request as bytes that only escapes can hold."""
    body = json.dumps({"query": document, "variables": given}).replace('"@digits"', DIGITS)  # too long for Python
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"}
    return await caller.http.post("/graphql", content=body.encode(), headers=headers)


def refused_in_our_words(answer: httpx2.Response) -> bool:
    """Whether a labelled error or a payload's own error says no, and no server's fault shows."""
    if answer.status_code >= 500 or "INTERNAL" in answer.text:
        return False
    body = answer.json()
    if body.get("errors"):
        return {error["extensions"]["code"] for error in body["errors"]} <= CODES
    return all(payload["errors"] for payload in body["data"].values())


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_value_in_any_field_of_any_mutation_is_refused(stage: Stage, what: str) -> None:
    before, wrong = await stage.prints.now(), []
    for name, good in stage.good.items():
        for field, given in spoilt({**good, "idempotencyKey": key()}, HOSTILE[what]):
            if HOSTILE[what] is None and (name, field) in NULLABLE_IN:
                continue
            answer = await send(stage.one_of_many(name), mutation(name), {"input": given})
            if answer.status_code == 429:
                pytest.fail("the caller's points are used up: the test asks for too much at once")
            if not refused_in_our_words(answer):
                wrong.append((name, field, answer.status_code, answer.text[:200]))
    assert wrong == [], [(name, field) for name, field, *_ in wrong]
    assert await stage.prints.now() == before


@pytest.mark.parametrize("bad", ["", "x" * 256, "ü", "tab\tbed", "new\nline", "\x7f"])
async def test_a_key_that_is_none_is_refused_everywhere(stage: Stage, bad: str) -> None:
    before = await stage.prints.now()
    for name, good in stage.good.items():
        answer = await send(stage.caller(name), mutation(name), {"input": {**good, "idempotencyKey": bad}})
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_INPUT"
        assert "IdempotencyKey has 1 to 255 printable ASCII characters" in error["message"]
    assert await stage.prints.now() == before


async def test_a_key_of_255_characters_is_one(stage: Stage) -> None:
    refused = await stage.guest.refusal(mutation("payInvoice"), **stage.good["payInvoice"], idempotencyKey="k" * 255)
    assert refused["code"] == "NOTHING_DUE"


@pytest.mark.parametrize(
    ("document", "arguments"),
    [
        ("query ($a: ID!) { node(id: $a) { id } }", ["a"]),
        ("query ($a: [ID!]!) { nodes(ids: $a) { id } }", ["a"]),
        ("query ($a: ID!) { viewer { customer { invoice(id: $a) { id } } } }", ["a"]),
        ("query ($a: ID!) { viewer { customer { payment(id: $a) { id } } } }", ["a"]),
        ("query ($a: ID!) { viewer { customer { subscription(id: $a) { id } } } }", ["a"]),
        ("query ($a: DateTime!) { viewer { customer { balanceAsOf(at: $a) { asOf } } } }", ["a"]),
        ("query ($a: IdempotencyKey!) { viewer { customer { operation(idempotencyKey: $a) { id } } } }", ["a"]),
        ("query ($a: Int!) { viewer { customer { invoices(first: $a) { asOf } } } }", ["a"]),
        ("query ($a: String!) { viewer { customer { invoices(first: 1, after: $a) { asOf } } } }", ["a"]),
        ("query ($a: ConsistencyToken!) { viewer { customer { invoices(first: 1, atLeast: $a) { asOf } } } }", ["a"]),
        (
            """query ($a: ID!, $b: ID!) { viewer { customer {
                changePlanPreview(subscriptionId: $a, priceId: $b) { effectiveAt } } } }""",
            ["a", "b"],
        ),
    ],
)
async def test_a_hostile_value_in_any_argument_is_refused(stage: Stage, document: str, arguments: list[str]) -> None:
    good = {"a": stage.good["changePlan"]["subscriptionId"], "b": stage.good["changePlan"]["priceId"]}
    for what, value in HOSTILE.items():
        for argument in arguments:
            given = {name: good[name] for name in arguments} | {argument: value}
            answer = await send(stage.guest, document, given)
            assert refused_in_our_words(answer), (what, argument, answer.status_code, answer.text[:300])


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_reference_finds_nobody(stage: Stage, what: str) -> None:
    document = "query ($name: String!) { staff { customer(reference: $name) { id } } }"
    answer = await send(stage.support, document, {"name": HOSTILE[what]})
    assert refused_in_our_words(answer), answer.text[:300]


@pytest.mark.parametrize(
    "literal",
    ['"ab\\u0000cd"', '"\\uD800"', '"\\u{D800}"', DIGITS, f"-{DIGITS}", f"1.{DIGITS}", "PENDING", "[1]", "{x: 1}"],
)
async def test_a_hostile_literal_in_the_document_is_refused(stage: Stage, literal: str) -> None:
    before = await stage.prints.now()
    for field in ("token", "idempotencyKey"):
        given = {"token": '"tok_visa"', "idempotencyKey": f'"{key()}"', field: literal}
        written = ", ".join(f"{name}: {value}" for name, value in given.items())
        document = (
            f"mutation {{ addPaymentMethod(input: {{{written}}}) {{ errors {{ ... on UserError {{ code }} }} }} }}"
        )
        answer = await send(stage.guest, document, {})
        assert refused_in_our_words(answer), answer.text[:300]
    assert await stage.prints.now() == before


async def test_a_wrong_value_of_an_enum_is_refused(stage: Stage) -> None:
    for name, field in (("registerStaff", "role"), ("publishPrice", "intervalUnit")):
        for value in ("OWNER", "support", "month", "", 1):
            answer = await send(
                stage.admin, mutation(name), {"input": {**stage.good[name], "idempotencyKey": key(), field: value}}
            )
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "BAD_INPUT"


async def test_an_unknown_field_of_an_input_is_refused(stage: Stage) -> None:
    given = {**stage.good["payInvoice"], "idempotencyKey": key(), "amount": "1"}
    answer = await send(stage.guest, mutation("payInvoice"), {"input": given})
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"
