"""The support desk: finding customers, the audit trail and its chain, and work that failed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dev.story.documents import ADD_METHOD, REFUND
from domain import dead_letter
from domain.actor import Grant
from domain.ids import CustomerId, uuid7
from domain.outbox import Event
from tests.api_callers import Api, Caller, Guest

CUSTOMER = """query ($id: ID, $reference: String) { staff { customer(id: $id, reference: $reference) {
    id reference currency timeZone locale billingPerson { name email address country } balance { credit { decimal } }
    subscriptions { state } invoices(first: 5) { source edges { node { number } } } } } }"""
AHEAD = "000000017777777777777777"  # a token that no replica has reached: the primary answers
TRAIL = """query ($id: ID!, $first: Int!, $after: String, $atLeast: ConsistencyToken) { staff {
    auditTrail(customerId: $id, first: $first, after: $after, atLeast: $atLeast) {
    asOf source totalCount pageInfo { hasNextPage endCursor }
    edges { node { number operationId operation actor reason requestId changes recordedAt hash } } } } }"""
CHAIN = "query ($id: ID!) { staff { auditChain(customerId: $id) { verified length firstWrong } } }"
LETTERS = "{ staff { deadLetters { id customerId kind cause errorId attempts recordedAt } } }"


async def trail(staff: Caller, of: Guest, first: int = 50, after: str | None = None) -> Any:
    """A page of the customer's trail as the primary has it."""
    return (await staff.data(TRAIL, id=of.id, first=first, after=after, atLeast=AHEAD))["staff"]["auditTrail"]


async def test_a_customer_is_found_by_id_and_by_the_tenant_s_own_name(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    by_id = (await support.data(CUSTOMER, id=guest.id))["staff"]["customer"]
    assert by_id["id"] == guest.id
    assert by_id["billingPerson"] == {
        "name": f"Name of {by_id['reference']}", "email": f"{by_id['reference']}@example.test",
        "address": "1 Test Street", "country": "DE",
    }  # fmt: skip
    assert (by_id["currency"], by_id["timeZone"], by_id["locale"]) == ("EUR", "UTC", "en")
    by_name = (await support.data(CUSTOMER, reference=by_id["reference"]))["staff"]["customer"]
    assert by_name["id"] == guest.id
    assert [each["state"] for each in by_name["subscriptions"]] == [bought["subscription"]["state"]]


@pytest.mark.parametrize("given", [{}, {"id": "customer_x", "reference": "x"}])
async def test_a_customer_is_named_in_exactly_one_way(api: Api, given: dict[str, str]) -> None:
    error = await (await api.staff()).error(CUSTOMER, **given)
    assert (error["extensions"]["code"], error["message"]) == (
        "BAD_INPUT",
        "Name the customer by id or by reference.",
    )


async def test_an_unknown_customer_is_null_and_not_found(api: Api) -> None:
    support = await api.staff()
    for given in ({"id": "customer_" + "0" * 32}, {"id": "nonsense"}, {"reference": "nobody"}):
        body = await support.ask(CUSTOMER, **given)
        assert body["data"] == {"staff": {"customer": None}}
        assert body["errors"][0]["message"] == "There is no such customer."


@pytest.mark.row("K1")
@pytest.mark.row("K4")
async def test_the_trail_tells_who_did_what_and_why_by_the_operation_s_id(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    refund = await support.do(
        REFUND,
        customerId=guest.id,
        paymentId=bought["invoice"]["payments"][0]["id"],
        amount={"minorUnits": "250", "currency": "EUR"},
        reason="It rained.",
    )
    entries = [edge["node"] for edge in (await trail(support, guest))["edges"]]
    assert [entry["number"] for entry in entries] == [str(number) for number in range(len(entries), 0, -1)]
    by_id = {entry["operationId"]: entry for entry in entries}
    started, refunded = by_id[bought["operation"]["id"]], by_id[refund["operation"]["id"]]
    assert (started["operation"], started["actor"]) == ("subscriptions.start", "portal")
    assert any("subscription" in change and "new -> incomplete" in change for change in started["changes"])
    assert refunded["operation"] == "payments.request_refund"
    assert refunded["actor"].startswith("staff:support-")
    assert started["requestId"] != refunded["requestId"]
    assert len(refunded["hash"]) == 64


async def test_a_request_s_own_id_stands_in_the_trail_and_in_the_answer(api: Api) -> None:
    guest, support = await api.guest(), await api.staff()
    headers = {"Authorization": f"Bearer {guest.token}", "X-Request-Id": "checkout-4711-abc"}
    given = {"token": "tok_visa", "idempotencyKey": "request-id"}
    body = {"query": ADD_METHOD, "variables": {"input": given}}
    answer = await api.http.post("/graphql", json=body, headers=headers)
    assert answer.headers["X-Request-Id"] == "checkout-4711-abc"
    ids = {edge["node"]["requestId"] for edge in (await trail(support, guest))["edges"]}
    assert "checkout-4711-abc" in ids


@pytest.mark.row("K2")
async def test_the_trail_is_paged_and_its_chain_verifies(api: Api) -> None:
    guest, _ = await api.subscriber()
    support = await api.staff()
    whole = [edge["node"]["number"] for edge in (await trail(support, guest))["edges"]]
    seen, after, more = [], None, True
    while more:
        page = await trail(support, guest, 2, after)
        seen += [edge["node"]["number"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == whole
    assert (await support.data(CHAIN, id=guest.id))["staff"]["auditChain"] == {
        "verified": True, "length": str(len(whole)), "firstWrong": None,
    }  # fmt: skip


async def test_the_trail_holds_no_name_no_address_and_no_card_token(api: Api) -> None:
    guest, support = await api.guest(), await api.staff()
    await guest.do(ADD_METHOD, token="tok_visa#secret-token")
    rows = await api.world.house.db.primary.fetch(
        "SELECT body::text AS body FROM audit_body WHERE shard_key = $1 AND customer_id = $2",
        guest.who.id.shard, guest.who.id.uuid,
    )  # fmt: skip
    assert len(rows) == len((await trail(support, guest))["edges"])
    for row in rows:
        assert all(word not in row["body"] for word in ("Name of", "example.test", "Test Street", "secret-token"))


@pytest.mark.row("L5")
async def test_work_that_was_given_up_is_shown_to_its_own_tenant_s_staff_alone(api: Api, elsewhere: Api) -> None:
    guest, db = await api.guest(), api.world.house.db
    event = Event(guest.who.id, 1, "payment.begun", {"payment": "payment_x"}, 4, clocked=False)
    await dead_letter.bury(db, event, "KeyError", "0123456789abcdef")
    letters = (await (await api.staff()).data(LETTERS))["staff"]["deadLetters"]
    (mine,) = [letter for letter in letters if letter["customerId"] == guest.id]
    shown = {name: mine[name] for name in ("kind", "cause", "errorId", "attempts")}
    assert shown == {"kind": "payment.begun", "cause": "KeyError", "errorId": "0123456789abcdef", "attempts": 5}
    assert mine["id"].startswith("letter_")
    theirs = (await (await elsewhere.staff()).data(LETTERS))["staff"]["deadLetters"]
    assert all(letter["customerId"] != guest.id for letter in theirs)


@pytest.mark.parametrize("role", [Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN])
async def test_every_role_sees_the_desk(api: Api, role: Grant) -> None:
    guest = await api.guest()
    shown = (await (await api.staff(role)).data(CUSTOMER, id=guest.id))["staff"]["customer"]
    assert shown["id"] == guest.id


async def test_the_id_of_a_customer_under_another_shard_key_is_not_found(api: Api) -> None:
    nobody = CustomerId(2**31 - 1, uuid7(datetime.now(UTC), bytes(10)))
    body = await (await api.staff()).ask(CUSTOMER, id=str(nobody))
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
