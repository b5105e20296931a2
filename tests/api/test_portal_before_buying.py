"""Before anybody buys: what a purchase would cost, and what is on offer at the customer's own time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dev.story.documents import ADVANCE
from domain.actor import Grant
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Guest
from tests.world import fresh

PREVIEW = """query ($price: ID!, $quantity: Int! = 1) { viewer { customer {
    startSubscriptionPreview(priceId: $price, quantity: $quantity) {
        total { decimal } credited { decimal } due { decimal } } } } }"""
STAFF_PREVIEW = """query ($id: ID!, $price: ID!) { staff { customer(id: $id) {
    startSubscriptionPreview(priceId: $price) { due { decimal } } } } }"""
FOOTPRINT = """{ viewer { customer { subscriptions { id } balance { receivable { decimal } through }
    invoices(first: 9, atLeast: "000000017777777777777777") { totalCount } } } }"""
PUBLISH_PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) {
    plan { id } errors { ... on UserError { code } } } }"""
PUBLISH_PRICE = """mutation ($input: PublishPriceInput!) { publishPrice(input: $input) {
    price { id } errors { ... on UserError { code } } } }"""
ON_OFFER = "{ plans { code prices { id amount { decimal } } } }"
OVERDUE = "query ($id: ID!) { viewer { customer { invoice(id: $id) { state overdue dueAt } } } }"
IN_2040 = datetime(2040, 1, 1, tzinfo=UTC)


async def preview(guest: Guest, price: object, quantity: int = 1) -> Any:
    """What the purchase would cost."""
    data = await guest.data(PREVIEW, price=str(price), quantity=quantity)
    return data["viewer"]["customer"]["startSubscriptionPreview"]


@pytest.mark.row("Y1")
async def test_a_preview_says_what_the_purchase_then_costs_and_leaves_nothing_behind(api: Api) -> None:
    guest, price = await api.guest("tok_visa"), api.world.prices["starter"]
    before = await guest.data(FOOTPRINT)
    foreseen = await preview(guest, price, quantity=3)
    assert foreseen == {"total": {"decimal": "30.00"}, "credited": {"decimal": "0.00"}, "due": {"decimal": "30.00"}}
    assert await preview(guest, price, quantity=3) == foreseen
    assert await guest.data(FOOTPRINT) == before
    bought = await guest.do(START, priceId=str(price), quantity=3)
    assert bought["invoice"]["total"]["decimal"] == foreseen["total"]["decimal"]


async def test_a_preview_is_refused_for_the_reason_the_purchase_would_be(api: Api) -> None:
    poor, (owner, _) = await api.guest(), await api.subscriber()
    prices = api.world.prices
    for guest, price in ((poor, prices["starter"]), (owner, prices["starter"]), (owner, prices["usd"])):
        refused = await guest.refusal(START, priceId=str(price))
        error = await guest.error(PREVIEW, price=str(price))
        assert (error["extensions"]["refusal"], error["message"]) == (refused["code"], refused["message"])
        assert error["path"] == ["viewer", "customer", "startSubscriptionPreview"]


async def test_support_sees_the_same_preview(api: Api) -> None:
    guest, support = await api.guest("tok_visa"), await api.staff()
    seen = await support.data(STAFF_PREVIEW, id=guest.id, price=str(api.world.prices["team"]))
    assert seen["staff"]["customer"]["startSubscriptionPreview"] == {"due": {"decimal": "20.00"}}


async def test_what_is_on_offer_is_so_at_the_customer_s_own_time(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    code = fresh("plan")
    plan = (await admin.do(PUBLISH_PLAN, code=code, name="P", description="For 2039", rank=95))["plan"]["id"]
    given = {"planId": plan, "amount": {"minorUnits": "700", "currency": "EUR"}, "intervalUnit": "MONTH"}
    price = (await admin.do(PUBLISH_PRICE, **given, effectiveFrom="2039-01-01T00:00:00Z"))["price"]["id"]

    async def offered(guest: Guest) -> list[Any]:
        plans = (await guest.data(ON_OFFER))["plans"]
        return [price["id"] for plan in plans if plan["code"] == code for price in plan["prices"]]

    early, late, real = await api.guest("tok_visa"), await api.guest(clock_at=IN_2040), await api.guest(clock_at=None)
    assert (await offered(early), await offered(late), await offered(real)) == ([], [price], [])
    assert (await early.refusal(START, priceId=price))["code"] == "NOT_FOUND"


async def test_an_open_invoice_is_overdue_once_the_customer_s_time_has_passed_its_day(api: Api) -> None:
    guest = await api.guest("tok_insufficient_funds")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))

    async def shown() -> Any:
        return (await guest.data(OVERDUE, id=bought["invoice"]["id"]))["viewer"]["customer"]["invoice"]

    assert await shown() == {"state": "OPEN", "overdue": False, "dueAt": "2027-01-01T00:00:00Z"}
    await guest.do(ADVANCE, to="2027-01-01T02:00:00Z")
    await do_now(api.world.house, guest.who.id)
    assert (await shown())["overdue"]
    await guest.do(ADVANCE, to="2027-01-02T02:00:00Z")
    await do_now(api.world.house, guest.who.id)
    assert await shown() == {"state": "VOID", "overdue": False, "dueAt": "2027-01-01T00:00:00Z"}
