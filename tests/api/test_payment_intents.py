"""A payment is an intent that outlives every answer: retries are the same one, and the provider's events name it."""

from datetime import timedelta
from typing import Any

import pytest

from dev.story.documents import PAY
from domain.actor import Grant
from domain.correlation import is_request_id
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Caller, key
from tests.mishaps import later
from tests.statements import statements_seen
from tests.webhook_desk import Desk

PAYMENT = """id state captureMode amount { minorUnits currency } method { id last4 }"""
HOLD = f"""mutation ($input: PayInvoiceInput!) {{ payInvoice(input: $input) {{
    payment {{ {PAYMENT} }} operation {{ replayed }} errors {{ ... on UserError {{ code }} }} }} }}"""
INTENT = f"""query ($id: ID!) {{ staff {{ payment(id: $id) {{ customerId providerAccount providerReference
    providerEventId payment {{ {PAYMENT} }} priorAttempts {{ payment {{ state }} }} }} }} }}"""
INSPECT = """query ($customer: ID!, $key: IdempotencyKey!) { staff { inspection(customerId: $customer,
    idempotencyKey: $key) { payments { providerReference providerEventId payment { state } } } } }"""
LOG = """query ($customer: ID!, $id: ID!) { staff { dunningAttempts(customerId: $customer, invoiceId: $id) {
    providerEventId gatewayCode } } }"""
ASKED_AGAIN = timedelta(minutes=2)  # a provider that did not answer is asked after one


async def intent_of(staff: Caller, payment: str) -> Any:
    """The payment as staff see it."""
    return (await staff.data(INTENT, id=payment))["staff"]["payment"]


@pytest.mark.row("B1")
async def test_all_of_an_intent_is_kept_and_every_retry_is_that_intent_at_the_provider_too(
    api: Api, desk: Desk
) -> None:
    guest, finance = await api.guest("tok_lost_card"), await api.staff(Grant.FINANCE)
    invoice = (await guest.do(START, priceId=str(api.world.prices["starter"])))["invoice"]["id"]
    method = await api.world.card(guest.who, "tok_hangup_before")
    given = {"customerId": guest.id, "invoiceId": invoice, "capture": "LATER", "idempotencyKey": key()}
    first, again = await finance.do(HOLD, **given), await finance.do(HOLD, **given)
    assert (first["payment"], again["operation"]["replayed"]) == (again["payment"], True)
    assert first["payment"]["state"] == "UNKNOWN"  # the provider hung up, and nobody knows whether it did anything
    assert (await guest.refusal(PAY, invoiceId=invoice))["code"] == "PAYMENT_IN_PROGRESS"
    await do_now(later(api.world.house, ASKED_AGAIN), guest.who.id)  # whoever looks next goes on with the intent
    intent = await intent_of(finance, first["payment"]["id"])
    assert (await finance.do(HOLD, **given))["payment"] == intent["payment"]
    assert intent["payment"] == {
        **first["payment"],
        "state": "AUTHORIZED",
        "captureMode": "LATER",
        "amount": {"minorUnits": "1000", "currency": "EUR"},
        "method": {"id": str(method), "last4": "6000"},
    }
    assert (intent["customerId"], intent["providerAccount"]) == (guest.id, "sandbox/main")
    assert [each["payment"]["state"] for each in intent["priorAttempts"]] == ["FAILED"]
    there = [each for each in (await desk.books(guest.who))["payments"] if each["status"] != "failed"]
    asked_by = there[0]["metadata"]["request_id"]
    assert is_request_id(asked_by)
    assert [(each["id"], each["reference"], each["capture"], each["metadata"]) for each in there] == [
        (intent["providerReference"], first["payment"]["id"], "manual",
         {"payment": first["payment"]["id"], "customer": guest.id, "request_id": asked_by})
    ]  # fmt: skip


@pytest.mark.row("K6")
async def test_a_mutation_names_the_provider_s_event_that_settled_its_payment(api: Api, desk: Desk) -> None:
    guest, lost, support = await api.guest("tok_3ds_then_do_not_honor"), key(), await api.staff()
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]), idempotencyKey=lost)
    (waiting,) = await inspected(support, guest.id, lost)
    assert (waiting["payment"]["state"], waiting["providerEventId"]) == ("REQUIRES_ACTION", None)
    await desk.come(bought["invoice"]["payments"][0]["actionUrl"])
    events = {each["type"]: each for each in await desk.events_of(waiting["providerReference"])}
    for event in events.values():
        await desk.take(event)
    (settled,) = await inspected(support, guest.id, lost)
    named = events["payment.failed"]["id"]
    assert (settled["payment"]["state"], settled["providerEventId"]) == ("FAILED", named)
    assert (await intent_of(support, bought["invoice"]["payments"][0]["id"]))["providerEventId"] == named
    (logged,) = (await support.data(LOG, customer=guest.id, id=bought["invoice"]["id"]))["staff"]["dunningAttempts"]
    assert logged == {"providerEventId": named, "gatewayCode": "do_not_honor"}


async def test_the_events_of_many_attempts_are_read_at_once(api: Api) -> None:
    guest, support = await api.guest("tok_insufficient_funds"), await api.staff()
    bought = (await guest.do(START, priceId=str(api.world.prices["starter"])))["invoice"]
    tries = [(await guest.do(PAY, invoiceId=bought["id"]))["payment"]["id"] for _ in range(3)]
    told = "query ($id: ID!) { staff { payment(id: $id) { priorAttempts { providerEventId } } } }"
    counts = []
    for before, id in enumerate([tries[0], *tries], start=0):  # who calls is looked up once
        with statements_seen() as statements:
            found = (await support.data(told, id=id))["staff"]["payment"]["priorAttempts"]
        assert len(found) == max(before, 1)
        counts.append(len(statements))
    assert counts[1] == counts[2] == counts[3]


async def inspected(staff: Caller, customer: str, of: str) -> Any:
    """The payments of a key, as staff see them."""
    found = await staff.data(INSPECT, customer=customer, key=of)
    return found["staff"]["inspection"]["payments"]
