"""Quotes, seats, pauses and ends through the API: what is shown is what is charged, and who may ask for whom."""

from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START as START_IT
from tests.api_callers import Api, Guest
from tests.subscription_lives import plan_of, trial

MONEY = "{ minorUnits currency }"
QUOTE = f"""query ($of: ID!, $to: ID!, $quantity: Int) {{ viewer {{ customer {{
    planChangeQuote(subscriptionId: $of, priceId: $to, quantity: $quantity) {{
        id mode credit {MONEY} charge {MONEY} total {MONEY} tax {MONEY} due {MONEY} quantity pinnedAt expiresAt
        priceId planVersionId lines {{ amount {MONEY} explanation {{ formula numeratorSeconds }} }} }} }} }} }}"""
NEXT = f"""query ($of: ID!) {{ viewer {{ customer {{ nextInvoicePreview(subscriptionId: $of) {{
    total {MONEY} due {MONEY} period {{ start end }} lines {{ description }} }}
    cancelPreview(subscriptionId: $of, timing: NOW) {{ endsAt givenBack {MONEY} }}
    changeQuantityPreview(subscriptionId: $of, quantity: 3) {{ mode due {MONEY} }} }} }} }}"""
CHANGE = f"""mutation ($input: ChangePlanInput!) {{ changePlan(input: $input) {{
    change {{ mode due {MONEY} }} invoice {{ total {MONEY} }} subscription {{ quantity plan {{ code }} version }}
    errors {{ ... on UserError {{ code path }} }} }} }}"""
MANY = 15  # previews in one request, together longer than one waits for another
STATES = "subscription { state cancelAt endedAt entitled } errors { ... on UserError { code path } }"


def document(name: str, more: str = "") -> str:
    """A mutation that selects the subscription."""
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {more} {STATES} }} }}"


async def quoted(guest: Guest, of: str, to: str, quantity: int | None = None) -> Any:
    """A quote."""
    return (await guest.data(QUOTE, of=of, to=to, quantity=quantity))["viewer"]["customer"]["planChangeQuote"]


@pytest.mark.row("X1")
async def test_a_quote_is_shown_line_by_line_and_charged_to_the_minor_unit(api: Api) -> None:
    guest, bought = await api.subscriber()
    of, to = bought["subscription"]["id"], str(api.world.prices["team"])
    quote = await quoted(guest, of, to, 2)
    assert (quote["mode"], quote["due"]["minorUnits"], quote["quantity"]) == ("NOW", "3000", 2)
    assert [line["amount"]["minorUnits"] for line in quote["lines"]] == ["-1000", "4000"]
    assert (quote["pinnedAt"], quote["expiresAt"]) == ("2027-01-01T00:00:00Z", "2027-01-01T00:15:00Z")
    stranger = await api.guest("tok_visa")
    assert (await stranger.refusal(CHANGE, quoteId=quote["id"]))["code"] == "NOT_FOUND"
    done = await guest.do(CHANGE, quoteId=quote["id"])
    assert (done["invoice"]["total"], done["change"]["due"]) == (quote["total"], quote["due"])
    assert (done["subscription"]["quantity"], done["subscription"]["plan"]["code"]) == (2, "team")
    refused = await guest.refusal(CHANGE, quoteId=quote["id"])
    assert (refused["code"], refused["path"]) == ("QUOTE_STALE", ["quoteId"])


async def test_what_keeps_a_quoted_change_from_being_made_is_about_the_quote(api: Api) -> None:
    guest, bought = await api.subscriber()
    of, to = bought["subscription"]["id"], str(api.world.prices["team"])
    quote = await quoted(guest, of, to)
    await api.world.card(guest.who, "tok_3ds")
    await guest.do(CHANGE, subscriptionId=of, priceId=to)
    refused = await guest.refusal(CHANGE, quoteId=quote["id"])
    assert (refused["code"], refused["path"]) == ("CHANGE_PENDING", ["quoteId"])


@pytest.mark.row("Y1")
async def test_what_comes_next_is_shown_before_anybody_decides(api: Api) -> None:
    guest, bought = await api.subscriber()
    seen = (await guest.data(NEXT, of=bought["subscription"]["id"]))["viewer"]["customer"]
    assert seen["nextInvoicePreview"]["total"]["minorUnits"] == "1000"
    assert seen["nextInvoicePreview"]["period"] == {"start": "2027-02-01T00:00:00Z", "end": "2027-03-01T00:00:00Z"}
    assert seen["cancelPreview"] == {"endsAt": "2027-01-01T00:00:00Z", "givenBack": None}
    assert (seen["changeQuantityPreview"]["mode"], seen["changeQuantityPreview"]["due"]["minorUnits"]) == (
        "NOW",
        "2000",
    )


async def test_many_previews_of_one_request_are_not_in_each_others_way(api: Api) -> None:
    guest, bought = await api.subscriber()
    each = "changeQuantityPreview(subscriptionId: $of, quantity: 3) { due { minorUnits } }"
    asked = " ".join(f"p{number}: {each}" for number in range(MANY))
    seen = await guest.data(
        f"query ($of: ID!) {{ viewer {{ customer {{ {asked} }} }} }}", of=bought["subscription"]["id"]
    )
    assert [one["due"]["minorUnits"] for one in seen["viewer"]["customer"].values()] == ["2000"] * MANY


@pytest.mark.row("D13")
async def test_a_customer_pauses_comes_back_leaves_and_stays(api: Api) -> None:
    guest, bought = await api.subscriber()
    of = {"subscriptionId": bought["subscription"]["id"]}
    states = []
    for name in ("pauseSubscription", "resumeSubscription", "cancelSubscription", "reactivateSubscription"):
        states.append((await guest.do(document(name), **of))["subscription"])
    assert [each["state"] for each in states] == ["PAUSED", "ACTIVE", "PENDING_CANCELLATION", "ACTIVE"]
    assert [each["cancelAt"] for each in states] == [None, None, "2027-02-01T00:00:00Z", None]
    assert all(each["entitled"] for each in states)
    for name in ("resumeSubscription", "reactivateSubscription", "cancelScheduledChange"):
        assert (await guest.refusal(document(name), **of))["code"] == "STATE_CONFLICT"


async def test_staff_act_for_a_customer_they_name_and_give_back_what_they_decide(api: Api) -> None:
    guest, bought = await api.subscriber()
    support, of = await api.staff(Grant.SUPPORT), {"subscriptionId": bought["subscription"]["id"]}
    cancel = document("cancelSubscription", f"cancellation {{ endsAt givenBack {MONEY} }}")
    nameless = await support.refusal(cancel, **of)
    assert (nameless["code"], nameless["path"]) == ("INVALID_INPUT", ["customerId"])
    assert (await guest.refusal(cancel, **of, timing="NOW", unused="REFUND"))["code"] == "FORBIDDEN"
    done = await support.do(cancel, **of, customerId=guest.id, timing="NOW", unused="CREDIT")
    assert done["cancellation"]["givenBack"]["minorUnits"] == "1000"
    again = await support.do(START_IT, priceId=str(api.world.prices["team"]), customerId=guest.id)
    assert again["subscription"]["state"] == "ACTIVE"
    foreign = await guest.refusal(cancel, **of, customerId="customer_" + "0" * 32)
    assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", ["customerId"])


@pytest.mark.row("X1")
async def test_a_quote_of_what_costs_nothing_now_says_so_and_holds(api: Api) -> None:
    tried = await plan_of(api.world, 1000, trial())
    lasting, trying = await api.subscriber("team"), await api.guest("tok_visa")
    on_trial = await trying.do(START_IT, priceId=str(tried))
    for guest, bought, mode in ((*lasting, "PERIOD_END"), (trying, on_trial, "TRIAL")):
        quote = await quoted(guest, bought["subscription"]["id"], str(api.world.prices["starter"]))
        nothing = {"minorUnits": "0", "currency": "EUR"}
        assert (quote["mode"], quote["lines"]) == (mode, [])
        assert [quote[name] for name in ("credit", "charge", "total", "tax", "due")] == [nothing] * 5
        done = await guest.do(CHANGE, quoteId=quote["id"])
        assert (done["change"], done["invoice"]) == ({"mode": mode, "due": nothing}, None)
