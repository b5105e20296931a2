"""What a client is told that lost a mutation's answer, wherever the call was, and what staff see of the same key."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from dev.story.documents import ADD_METHOD, PAY, REFUND
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Caller, Guest, key, until
from tests.mishaps import later
from tests.provider_process import bench_at, shared_or_own_provider

_INSPECTION = """{ state safeToRetry retryWith operation { id name status objectIds
    payments { providerReference payment { id state } }
    refunds { providerReference refund { id state } }
    postings { number cause receivableChange { minorUnits } creditChange { minorUnits } } } }"""
INSPECT = f"""query ($key: IdempotencyKey!) {{ viewer {{ customer {{
    inspection(idempotencyKey: $key) {_INSPECTION} }} }} }}"""
STAFF_INSPECT = f"""query ($customer: ID!, $key: IdempotencyKey!, $scope: String) {{ staff {{
    inspection(customerId: $customer, idempotencyKey: $key, scope: $scope) {{ scope inspection {_INSPECTION}
        payments {{ providerAccount providerReference providerEventId sentAt payment {{ state }} }}
        postings {{ posting {{ cause }} transfers {{ debit credit amount {{ minorUnits }} }} }} }} }} }}"""
LONG_ENOUGH = timedelta(minutes=2)  # a provider that did not answer is asked after one
TRAIL = """query ($id: ID!, $at: ConsistencyToken) { staff {
    auditTrail(customerId: $id, first: 9, atLeast: $at) {
    edges { node { operationId actor } } } } }"""
NOT_PERFORMED = {"state": "NOT_PERFORMED", "safeToRetry": True, "retryWith": "SAME_KEY", "operation": None}


async def inspected(guest: Guest, of: str) -> Any:
    """What became of a key of the guest."""
    return (await guest.data(INSPECT, key=of))["viewer"]["customer"]["inspection"]


async def seen_by(staff: Caller, guest: Guest, of: str, scope: str | None = None) -> Any:
    """What staff see of a key on the guest."""
    return (await staff.data(STAFF_INSPECT, customer=guest.id, key=of, scope=scope))["staff"]["inspection"]


def said(of: Any) -> tuple[str, bool, str | None]:
    """The heart of an inspection."""
    return of["state"], of["safeToRetry"], of["retryWith"]


@pytest.mark.row("X3")
async def test_a_lost_answer_of_a_payment_is_found_again_with_what_the_provider_and_the_ledger_say(api: Api) -> None:
    guest, lost = await api.guest("tok_visa"), key()
    assert await inspected(guest, lost) == NOT_PERFORMED
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]), idempotencyKey=lost)
    refreshed = Guest(guest.http, await api.token("portal", guest.who.subject), guest.who)  # another tab, another token
    found = await inspected(refreshed, lost)
    assert said(found) == ("DONE", False, None)
    (paid,) = found["operation"]["payments"]
    assert found["operation"]["id"] == bought["operation"]["id"]
    assert (paid["payment"]["id"], paid["payment"]["state"]) == (bought["invoice"]["payments"][0]["id"], "CAPTURED")
    at_provider = (await provider_books(api, guest))["payments"]
    assert [each["id"] for each in at_provider] == [paid["providerReference"]]
    assert [(each["cause"], each["receivableChange"]["minorUnits"]) for each in found["operation"]["postings"]] == [
        ("invoice.finalized", "1000"),
        ("payment.captured", "-1000"),
    ]
    support, other = await api.staff(), await api.guest()
    assert await inspected(other, lost) == NOT_PERFORMED
    seen = await seen_by(support, guest, lost)
    assert (seen["scope"], seen["inspection"]) == ("portal", found)
    (staff_payment,) = seen["payments"]
    assert (staff_payment["providerAccount"], staff_payment["providerReference"]) == (
        "sandbox/main",
        paid["providerReference"],
    )
    assert seen["postings"][1]["transfers"] == [
        {"debit": "cash_clearing", "credit": "receivable", "amount": {"minorUnits": "1000"}}
    ]
    given = {"customerId": guest.id, "paymentId": paid["payment"]["id"], "reason": "Asked for it."}
    asked = await support.do(REFUND, **given, amount={"minorUnits": "300", "currency": "EUR"}, idempotencyKey=lost)
    assert (await seen_by(support, guest, lost))["inspection"] == found  # a key of staff is another
    token, id = asked["operation"]["consistencyToken"], asked["operation"]["id"]
    trail = (await support.data(TRAIL, id=guest.id, at=token))["staff"]["auditTrail"]["edges"]
    (actor,) = [each["node"]["actor"] for each in trail if each["node"]["operationId"] == id]
    of_staff = await seen_by(support, guest, lost, actor)
    (refund,) = of_staff["inspection"]["operation"]["refunds"]
    assert refund["refund"]["state"] == "SUCCEEDED"
    assert refund["providerReference"]
    assert [each["cause"] for each in of_staff["inspection"]["operation"]["postings"]] == [
        "payment.captured",
        "credit_note.issued",
        "refund.requested",
        "refund.succeeded",
    ]


@pytest.mark.row("X3")
async def test_a_payment_of_which_nobody_knows_is_not_to_be_tried_again_until_it_is_known(api: Api) -> None:
    guest, lost = await api.guest("tok_hangup_after"), key()
    await guest.do(START, priceId=str(api.world.prices["starter"]), idempotencyKey=lost)
    unknown = await inspected(guest, lost)
    assert said(unknown) == ("UNKNOWN", False, None)
    assert [each["payment"]["state"] for each in unknown["operation"]["payments"]] == ["UNKNOWN"]
    assert [each["cause"] for each in unknown["operation"]["postings"]] == ["invoice.finalized"]
    await do_now(later(api.world.house, LONG_ENOUGH), guest.who.id)
    known = await inspected(guest, lost)
    assert said(known) == ("DONE", False, None)
    assert [each["payment"]["state"] for each in known["operation"]["payments"]] == ["SUCCEEDED"]


@pytest.mark.row("X3")
async def test_a_refused_call_leaves_its_key_free_and_a_declined_one_wants_a_new_key(api: Api) -> None:
    guest, lost = await api.guest(), key()
    given = {"priceId": str(api.world.prices["starter"]), "idempotencyKey": lost}
    assert (await guest.refusal(START, **given))["code"] == "PAYMENT_METHOD_REQUIRED"
    assert await inspected(guest, lost) == NOT_PERFORMED
    assert (await seen_by(await api.staff(), guest, lost))["inspection"] == NOT_PERFORMED
    await guest.do(ADD_METHOD, token="tok_insufficient_funds")
    bought = await guest.do(START, **given)
    declined = await inspected(guest, lost)
    assert said(declined) == ("DONE", True, "NEW_KEY")
    assert declined["operation"]["payments"][0]["payment"]["state"] == "FAILED"
    await guest.do(ADD_METHOD, token="tok_visa")
    await guest.call(PAY, invoiceId=bought["invoice"]["id"])  # a new card has paid already
    assert said(await inspected(guest, lost)) == ("DONE", True, "NEW_KEY")


@pytest.mark.row("X3")
async def test_a_call_that_is_being_performed_is_said_to_be(api: Api, owner_url: str) -> None:
    guest, lost, support = await api.guest("tok_visa"), key(), await api.staff()
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("BEGIN")
        await connection.fetch("SELECT 1 FROM customer_head WHERE customer_id = $1 FOR UPDATE", guest.who.id.uuid)
        price = str(api.world.prices["starter"])
        call = asyncio.create_task(guest.do(START, priceId=price, idempotencyKey=lost))

        async def is_under_way() -> Any:
            found = await inspected(guest, lost)
            return found if found["state"] == "IN_PROGRESS" else None

        assert said(await until(is_under_way)) == ("IN_PROGRESS", False, None)
        assert (await seen_by(support, guest, lost))["inspection"]["state"] == "IN_PROGRESS"
        assert await inspected(guest, key()) == NOT_PERFORMED  # another key of the same customer
        await connection.execute("ROLLBACK")
        assert not (await call)["operation"]["replayed"]
    finally:
        await connection.close()
    assert said(await inspected(guest, lost)) == ("DONE", False, None)


async def test_a_key_on_a_customer_of_another_tenant_is_not_found(api: Api, elsewhere: Api) -> None:
    guest, foreign = await api.guest(), await elsewhere.staff()
    error = await foreign.error(STAFF_INSPECT, customer=guest.id, key=key())
    assert error["extensions"]["code"] == "NOT_FOUND"


async def provider_books(api: Api, guest: Guest) -> Any:
    """What the provider has of the guest."""
    async with bench_at(shared_or_own_provider()) as bench:
        return await bench.get("/admin/books", customer=guest.id)
