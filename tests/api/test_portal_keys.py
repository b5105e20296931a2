"""Idempotency keys as a client of the portal meets them: retries, mix-ups, and an answer that got lost."""

import asyncio
from typing import Any

import pytest

from dev.story.documents import ADD_METHOD, ADVANCE, CHANGE, PAY, REFUND
from tests.api_callers import START, Api, Caller, Guest, key

AT_ONCE = 6  # below the connections of a process, beyond which a caller may be told to come back
OPERATION = """query ($key: IdempotencyKey!) { viewer { customer {
    operation(idempotencyKey: $key) { id name status objectIds performedAt } } } }"""
STAFF_OPERATION = """query ($id: ID!, $key: IdempotencyKey!) { staff { customer(id: $id) {
    operation(idempotencyKey: $key) { id name } } } }"""
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
START_BRIEFLY = """mutation ($input: StartSubscriptionInput!) { startSubscription(input: $input) {
    invoice { lines { quantity } due { decimal } } operation { replayed } errors { ... on UserError { code } } } }"""
HISTORY = """query ($token: ConsistencyToken) { viewer { customer {
    invoices(first: 50, atLeast: $token) { edges { node { id } } } paymentMethods { id } } } }"""


async def twice(caller: Caller, document: str, **given: Any) -> tuple[Any, Any]:
    """The payloads of a call and of its retry."""
    given = {"idempotencyKey": key(), **given}
    return await caller.do(document, **given), await caller.do(document, **given)


def assert_replay(first: Any, again: Any) -> None:
    """The retry names the same operation and says that it is one."""
    assert (first["operation"]["replayed"], again["operation"]["replayed"]) == (False, True)
    assert first["operation"]["id"] == again["operation"]["id"]


@pytest.mark.row("F2")
@pytest.mark.row("A4")
async def test_a_retried_purchase_is_the_same_purchase(api: Api) -> None:
    guest = await api.guest("tok_visa")
    first, again = await twice(guest, START, priceId=str(api.world.prices["starter"]))
    assert_replay(first, again)
    assert (first["subscription"], first["invoice"]) == (again["subscription"], again["invoice"])
    token = again["operation"]["consistencyToken"]
    shown = (await guest.data(HISTORY, token=token))["viewer"]["customer"]
    assert len(shown["invoices"]["edges"]) == 1


@pytest.mark.row("A4")
async def test_every_other_mutation_of_the_portal_is_retried_without_a_second_effect(api: Api) -> None:
    guest = await api.guest("tok_insufficient_funds")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    first, again = await twice(guest, ADD_METHOD, token="tok_visa")
    assert_replay(first, again)
    assert first["paymentMethod"] == again["paymentMethod"]
    assert len((await guest.data(HISTORY))["viewer"]["customer"]["paymentMethods"]) == 2
    first, again = await twice(guest, PAY, invoiceId=bought["invoice"]["id"])
    assert_replay(first, again)
    assert first["payment"] == again["payment"]
    prices = api.world.prices
    first, again = await twice(guest, CHANGE, subscriptionId=bought["subscription"]["id"], priceId=str(prices["team"]))
    assert_replay(first, again)
    assert (first["change"], first["invoice"]["id"]) == (again["change"], again["invoice"]["id"])
    first, again = await twice(guest, ADVANCE, to="2027-01-02T00:00:00Z")
    assert_replay(first, again)


@pytest.mark.row("A4")
async def test_a_retried_refund_gives_back_once(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    payment = bought["invoice"]["payments"][0]["id"]
    amount = {"minorUnits": "400", "currency": "EUR"}
    given = {"customerId": guest.id, "paymentId": payment, "amount": amount, "reason": "Asked for it."}
    first, again = await twice(support, REFUND, **given)
    assert_replay(first, again)
    assert (again["refund"]["id"], again["payment"]["refundable"]["decimal"]) == (first["refund"]["id"], "6.00")


async def test_a_retry_may_select_other_fields(api: Api) -> None:
    guest = await api.guest("tok_visa")
    given = {"priceId": str(api.world.prices["starter"]), "quantity": 3, "idempotencyKey": key()}
    await guest.do(START, **given)
    again = await guest.do(START_BRIEFLY, **given)
    assert again["invoice"] == {"lines": [{"quantity": 3}], "due": {"decimal": "0.00"}}
    assert again["operation"] == {"replayed": True}


@pytest.mark.row("F1")
@pytest.mark.row("F3")
async def test_a_key_with_another_body_or_in_another_mutation_is_refused_and_changes_nothing(api: Api) -> None:
    guest = await api.guest("tok_visa")
    used, prices = key(), api.world.prices
    bought = await guest.do(START, priceId=str(prices["starter"]), idempotencyKey=used)
    misuses = [
        await guest.refusal(START, priceId=str(prices["team"]), idempotencyKey=used),
        await guest.refusal(START, priceId=str(prices["starter"]), quantity=2, idempotencyKey=used),
        await guest.refusal(PAY, invoiceId=bought["invoice"]["id"], idempotencyKey=used),
        await guest.refusal(ADD_METHOD, token="tok_visa", idempotencyKey=used),
        await guest.refusal(ADVANCE, to="2027-01-02T00:00:00Z", idempotencyKey=used),
    ]
    assert [(each["code"], each["path"], each["retryable"]) for each in misuses] == [
        ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"], False)
    ] * len(misuses)
    assert misuses[0]["__typename"] == "IdempotencyError"
    token = bought["operation"]["consistencyToken"]
    assert len((await guest.data(HISTORY, token=token))["viewer"]["customer"]["invoices"]["edges"]) == 1


@pytest.mark.row("F1")
async def test_two_customers_may_use_the_same_key(api: Api) -> None:
    shared, price = key(), str(api.world.prices["starter"])
    first, second = await api.guest("tok_visa"), await api.guest("tok_visa")
    one = await first.do(START, priceId=price, idempotencyKey=shared)
    other = await second.do(START, priceId=price, idempotencyKey=shared)
    assert not other["operation"]["replayed"]
    assert one["subscription"]["id"] != other["subscription"]["id"]


async def test_a_refusal_leaves_the_key_free_for_the_same_call(api: Api) -> None:
    guest = await api.guest()
    given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
    assert (await guest.refusal(START, **given))["code"] == "PAYMENT_METHOD_REQUIRED"
    await guest.do(ADD_METHOD, token="tok_visa")
    assert not (await guest.do(START, **given))["operation"]["replayed"]


@pytest.mark.row("F4")
async def test_parallel_calls_under_one_key_have_one_effect(api: Api) -> None:
    guest = await api.guest("tok_visa")
    given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
    answers = await asyncio.gather(*(guest.call(START, **given) for _ in range(AT_ONCE)))
    assert {answer["errors"][0]["code"] for answer in answers if answer["errors"]} <= {"IN_PROGRESS"}
    done = [answer for answer in answers if not answer["errors"]]
    assert len({answer["subscription"]["id"] for answer in done}) == 1
    assert [answer["operation"]["replayed"] for answer in done].count(False) == 1


async def test_after_a_lost_answer_the_key_tells_what_was_done(api: Api) -> None:
    guest = await api.guest("tok_visa")
    lost = key()
    assert await operation(guest, lost) is None
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]), idempotencyKey=lost)
    found = await operation(guest, lost)
    assert (found["id"], found["name"]) == (bought["operation"]["id"], "subscriptions.start")
    assert found["performedAt"].endswith("Z")
    assert found["status"] == "DONE"
    shown = (await guest.data(NODES, ids=found["objectIds"]))["nodes"]
    kinds = {each["__typename"]: each["id"] for each in shown}
    assert kinds["Subscription"] == bought["subscription"]["id"]
    assert (kinds["Invoice"], kinds["Payment"]) == (bought["invoice"]["id"], bought["invoice"]["payments"][0]["id"])


async def test_nobody_else_sees_what_a_key_did(api: Api) -> None:
    guest, other, support = await api.guest(), await api.guest(), await api.staff()
    mine = key()
    await guest.do(ADD_METHOD, token="tok_visa", idempotencyKey=mine)
    assert await operation(guest, mine) is not None
    assert await operation(other, mine) is None
    seen = await support.data(STAFF_OPERATION, id=guest.id, key=mine)
    assert seen["staff"]["customer"]["operation"] is None


async def operation(guest: Guest, of: str) -> Any:
    """What was performed under the key."""
    return (await guest.data(OPERATION, key=of))["viewer"]["customer"]["operation"]
