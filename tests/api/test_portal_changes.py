"""Changing the plan through the portal, what it would cost beforehand, and moving a test clock."""

from typing import Any

import pytest

from dev.story.documents import CHANGE, SUBSCRIPTIONS
from domain.reactions.work import do_now
from tests.api_callers import Api, Caller, Guest, key

MONEY = "{ minorUnits currency }"
PREVIEW = f"""query ($of: ID!, $to: ID!) {{ viewer {{ customer {{
    changePlanPreview(subscriptionId: $of, priceId: $to) {{
        credit {MONEY} charge {MONEY} due {MONEY} effectiveAt }} }} }} }}"""
STAFF_PREVIEW = f"""query ($id: ID!, $of: ID!, $to: ID!) {{ staff {{ customer(id: $id) {{
    changePlanPreview(subscriptionId: $of, priceId: $to) {{ due {MONEY} }} }} }} }}"""
CHANGE_IT = f"""mutation ($input: ChangePlanInput!) {{ changePlan(input: $input) {{
    change {{ credit {MONEY} charge {MONEY} due {MONEY} effectiveAt }}
    invoice {{ id total {MONEY} lines {{ amount {MONEY} }} }}
    subscription {{ plan {{ code }} nextPlan {{ code }} nextPrice {{ id }} changePending
        pendingChange {{ plan {{ code }} price {{ id }} invoiceId }} }} errors {{ ... on UserError {{ code path }} }}
    operation {{ status }} }} }}"""
ADVANCE = """mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) {
    at target operation { status replayed } errors { ... on UserError { code path } } } }"""
STATE = "{ viewer { customer { testClock { at target } subscriptions { id } } } }"
FOOTPRINT = """{ viewer { customer { balance { receivable { minorUnits } }
    invoices(first: 50, atLeast: "000000017777777777777777") { edges { node { number } } } } } }"""


def money(minor: int) -> dict[str, str]:
    """The shape of an amount."""
    return {"minorUnits": str(minor), "currency": "EUR"}


def terms(plan: str) -> dict[str, Any]:
    """A subscription on that plan, with nothing planned."""
    planned = {"nextPlan": None, "nextPrice": None, "changePending": False, "pendingChange": None}
    return {"plan": {"code": plan}, **planned}


async def move_clock(api: Api, guest: Guest, to: str) -> Any:
    """Sets the target, and does what a worker would do on the way."""
    payload = await guest.do(ADVANCE, to=to)
    await do_now(api.world.house, guest.who.id)
    return payload


async def preview(guest: Caller, of: str, to: str) -> Any:
    """What the change would do."""
    return (await guest.data(PREVIEW, of=of, to=to))["viewer"]["customer"]["changePlanPreview"]


@pytest.mark.row("Y1")
@pytest.mark.row("D4")
async def test_a_preview_says_exactly_what_the_change_then_does(api: Api) -> None:
    guest, bought = await api.subscriber()
    await move_clock(api, guest, "2027-01-11T18:00:00Z")
    of, to = bought["subscription"]["id"], str(api.world.prices["team"])
    foreseen = await preview(guest, of, to)
    assert foreseen == {
        "credit": money(653), "charge": money(1306), "due": money(653), "effectiveAt": "2027-01-11T18:00:00Z",
    }  # fmt: skip
    done = await guest.do(CHANGE_IT, subscriptionId=of, priceId=to)
    assert done["change"] == foreseen
    assert [line["amount"] for line in done["invoice"]["lines"]] == [money(-653), money(1306)]
    assert done["subscription"] == terms("team")


@pytest.mark.row("Y1")
async def test_a_preview_leaves_nothing_behind(api: Api) -> None:
    guest, bought = await api.subscriber()
    of, to = bought["subscription"]["id"], str(api.world.prices["team"])
    before = await guest.data(FOOTPRINT), await guest.data(SUBSCRIPTIONS)
    first, again = await preview(guest, of, to), await preview(guest, of, to)
    assert first == again
    assert (await guest.data(FOOTPRINT), await guest.data(SUBSCRIPTIONS)) == before


async def test_a_cheaper_plan_waits_for_the_end_of_the_period(api: Api) -> None:
    guest, bought = await api.subscriber("team")
    of, to = bought["subscription"]["id"], str(api.world.prices["starter"])
    foreseen = await preview(guest, of, to)
    assert foreseen == {"credit": money(0), "charge": money(0), "due": money(0), "effectiveAt": "2027-02-01T00:00:00Z"}
    done = await guest.do(CHANGE_IT, subscriptionId=of, priceId=to)
    assert (done["change"], done["invoice"]) == (foreseen, None)
    assert done["subscription"] == {**terms("team"), "nextPlan": {"code": "starter"}, "nextPrice": {"id": to}}
    await move_clock(api, guest, "2027-02-01T03:00:00Z")
    (now,) = (await guest.data(SUBSCRIPTIONS))["viewer"]["customer"]["subscriptions"]
    assert (now["plan"]["code"], now["nextPlan"], now["unitAmount"]["minorUnits"]) == ("starter", None, "1000")


async def test_a_preview_is_refused_for_the_reason_the_change_would_be(api: Api) -> None:
    guest, bought = await api.subscriber()
    of, prices = bought["subscription"]["id"], api.world.prices
    for to in (prices["starter"], prices["usd"]):
        refused = await guest.refusal(CHANGE, subscriptionId=of, priceId=str(to))
        error = await guest.error(PREVIEW, of=of, to=str(to))
        assert (error["extensions"]["refusal"], error["message"]) == (refused["code"], refused["message"])
        assert error["path"] == ["viewer", "customer", "changePlanPreview"]


async def test_support_sees_the_same_preview_and_a_portal_user_none_of_others(api: Api) -> None:
    guest, bought = await api.subscriber()
    stranger, support = await api.guest(), await api.staff()
    of, to = bought["subscription"]["id"], str(api.world.prices["team"])
    seen = await support.data(STAFF_PREVIEW, id=guest.id, of=of, to=to)
    assert seen["staff"]["customer"]["changePlanPreview"]["due"] == (await preview(guest, of, to))["due"]
    error = await stranger.error(PREVIEW, of=of, to=to)
    assert (error["extensions"]["code"], error["message"]) == ("NOT_FOUND", "There is no such subscription.")


async def test_while_a_change_waits_for_its_payment_nothing_else_changes(api: Api) -> None:
    guest, bought = await api.subscriber()
    await api.world.card(guest.who, "tok_3ds")
    of, prices = bought["subscription"]["id"], api.world.prices
    waiting = await guest.do(CHANGE_IT, subscriptionId=of, priceId=str(prices["team"]))
    dearer = {"plan": {"code": "team"}, "price": {"id": str(prices["team"])}, "invoiceId": waiting["invoice"]["id"]}
    assert waiting["subscription"] == {**terms("starter"), "changePending": True, "pendingChange": dearer}
    refused = await guest.refusal(CHANGE_IT, subscriptionId=of, priceId=str(prices["yearly"]))
    assert (refused["code"], refused["path"]) == ("CHANGE_PENDING", ["subscriptionId"])


@pytest.mark.row("Y3")
async def test_a_test_clock_is_on_its_way_until_a_worker_took_it_there(api: Api) -> None:
    guest = await api.guest()
    used = key()
    sent = await guest.do(ADVANCE, to="2027-03-01T12:00:00.999Z", idempotencyKey=used)
    assert (sent["at"], sent["target"]) == ("2027-01-01T00:00:00Z", "2027-03-01T12:00:00Z")
    assert sent["operation"] == {"status": "PROCESSING", "replayed": False}
    await do_now(api.world.house, guest.who.id)
    clock = (await guest.data(STATE))["viewer"]["customer"]["testClock"]
    assert clock == {"at": "2027-03-01T12:00:00Z", "target": "2027-03-01T12:00:00Z"}
    again = await guest.do(ADVANCE, to="2027-03-01T12:00:00.999Z", idempotencyKey=used)
    assert (again["at"], again["operation"]) == ("2027-03-01T12:00:00Z", {"status": "DONE", "replayed": True})


async def test_a_test_clock_never_goes_back_and_real_time_has_none(api: Api) -> None:
    guest = await api.guest()
    for past in ("2027-01-01T00:00:00Z", "2026-06-01T00:00:00Z"):
        refused = await guest.refusal(ADVANCE, to=past)
        assert refused == {"code": "CLOCK_NOT_FORWARD", "path": ["to"]}
    real = await api.guest(clock_at=None)
    assert (await real.data(STATE))["viewer"]["customer"]["testClock"] is None
    assert (await real.refusal(ADVANCE, to="2030-01-01T00:00:00Z"))["code"] == "NO_TEST_CLOCK"
