"""The past through the portal: what stood at an instant, and a feed of what happened."""

from datetime import datetime
from typing import Any

import pytest

from dev.story.documents import ADVANCE
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest
from tests.bad_input_stage import mutation

BALANCE = "query ($at: DateTime!) { viewer { customer { balanceAsOf(at: $at) { asOf } } } }"
CANCEL = mutation("cancelSubscription")
THEN = """query ($invoice: ID!, $subscription: ID!, $at: DateTime!) { viewer { customer {
    balanceAsOf(at: $at) { asOf receivable { minorUnits } }
    invoiceAsOf(id: $invoice, at: $at) { invoiceId asOf state overdue credited { minorUnits } noted { minorUnits }
        paid { minorUnits } due { minorUnits } }
    subscriptionAsOf(id: $subscription, at: $at) { subscriptionId asOf state since quantity unitAmount { minorUnits }
        interval { unit count } period { start end } plan { code } price { id } } } } }"""
CHANGES = """query ($between: Between, $first: Int!, $after: String, $atLeast: ConsistencyToken) { viewer { customer {
    changes(between: $between, first: $first, after: $after, atLeast: $atLeast) { asOf source totalCount
        pageInfo { hasNextPage endCursor }
        edges { node { kind happenedAt subscriptionId invoiceId paymentId refundId creditNoteId number
            amount { minorUnits } before { quantity unitAmount { minorUnits } plan { code } }
            after { quantity unitAmount { minorUnits } plan { code } } } } } } } }"""
PRIMARY = "00000001" + "7" * 16  # a token ahead of every replica


async def customer(guest: Guest, document: str, **variables: Any) -> Any:
    """What the viewer's customer says."""
    return (await guest.data(document, **variables))["viewer"]["customer"]


@pytest.mark.row("H7")
@pytest.mark.row("X8")
async def test_what_stood_at_an_instant_is_answered_and_null_before_there_was_anything(api: Api) -> None:
    guest, bought = await api.subscriber()
    ids = {"invoice": bought["invoice"]["id"], "subscription": bought["subscription"]["id"]}
    await guest.do(ADVANCE, to="2027-02-01T03:00:00Z")
    await do_now(api.world.house, guest.who.id)
    shown = await customer(guest, THEN, **ids, at="2027-01-05T00:00:00Z")
    assert (shown["invoiceAsOf"]["state"], shown["invoiceAsOf"]["paid"]) == ("PAID", {"minorUnits": "1000"})
    assert (shown["subscriptionAsOf"]["state"], shown["subscriptionAsOf"]["plan"]) == ("ACTIVE", {"code": "starter"})
    assert shown["subscriptionAsOf"]["period"] == {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"}
    before = await customer(guest, THEN, **ids, at="2026-12-31T00:00:00Z")
    assert (before["invoiceAsOf"], before["subscriptionAsOf"]) == (None, None)


@pytest.mark.row("X8")
@pytest.mark.parametrize("at", ["2027-03-01T00:00:00Z", "9999-12-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_an_instant_to_come_is_answered_as_now_and_says_so(api: Api, at: str) -> None:
    guest, bought = await api.subscriber()
    ids = {"invoice": bought["invoice"]["id"], "subscription": bought["subscription"]["id"]}
    await guest.do(ADVANCE, to="2027-01-10T00:00:00Z")
    await do_now(api.world.house, guest.who.id)
    await guest.do(CANCEL, subscriptionId=ids["subscription"], timing="PERIOD_END")
    to_come = await customer(guest, THEN, **ids, at=at)
    assert to_come == await customer(guest, THEN, **ids, at="2027-01-10T00:00:00Z")
    assert {each["asOf"] for each in to_come.values()} == {"2027-01-10T00:00:00Z"}
    then = to_come["subscriptionAsOf"]
    assert (then["state"], then["period"]["end"]) == ("PENDING_CANCELLATION", "2027-02-01T00:00:00Z")
    await guest.do(ADVANCE, to="2027-03-01T00:00:00Z")
    await do_now(api.world.house, guest.who.id)
    then = (await customer(guest, THEN, **ids, at="2027-03-01T00:00:00Z"))["subscriptionAsOf"]
    assert (then["asOf"], then["state"], then["period"]) == ("2027-03-01T00:00:00Z", "CANCELED", None)


async def test_who_lives_in_real_time_is_told_nothing_of_what_is_to_come(api: Api) -> None:
    guest, before = await api.guest(clock_at=None), api.world.house.db.clock.now()
    told = (await customer(guest, BALANCE, at="9999-12-31T23:59:59Z"))["balanceAsOf"]["asOf"]
    assert before <= datetime.fromisoformat(told) <= api.world.house.db.clock.now()


async def test_the_past_of_somebody_else_is_not_found(api: Api) -> None:
    guest, bought = await api.subscriber()
    _, other = await api.subscriber()
    ids = {"invoice": other["invoice"]["id"], "subscription": bought["subscription"]["id"]}
    error = await guest.error(THEN, **ids, at="2027-01-05T00:00:00Z")
    assert (error["extensions"]["code"], error["path"][-1]) == ("NOT_FOUND", "invoiceAsOf")


@pytest.mark.row("X8")
async def test_the_feed_says_what_happened_page_by_page(api: Api) -> None:
    guest, bought = await api.subscriber()
    whole = (await customer(guest, CHANGES, first=50, atLeast=PRIMARY))["changes"]
    kinds = [edge["node"]["kind"] for edge in whole["edges"]]
    assert kinds[::-1] == [
        "SUBSCRIPTION_STARTED", "INVOICE_ISSUED", "PAYMENT_SUCCEEDED", "INVOICE_PAID", "SUBSCRIPTION_ACTIVATED",
    ]  # fmt: skip
    assert (whole["totalCount"], whole["source"]) == (5, "PRIMARY")
    issued = whole["edges"][3]["node"]
    assert (issued["invoiceId"], issued["amount"]) == (bought["invoice"]["id"], {"minorUnits": "1000"})
    first = (await customer(guest, CHANGES, first=2, atLeast=PRIMARY))["changes"]
    after = first["pageInfo"]["endCursor"]
    second = (await customer(guest, CHANGES, first=3, after=after, atLeast=PRIMARY))["changes"]
    assert first["edges"] + second["edges"] == whole["edges"]
    later = {"from": "2027-03-01T00:00:00Z"}
    assert (await customer(guest, CHANGES, first=50, between=later, atLeast=PRIMARY))["changes"]["edges"] == []


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    guest, _ = await api.subscriber()
    error = await guest.error(CHANGES, first=5, after="x")
    assert error["extensions"]["code"] == "BAD_INPUT"
