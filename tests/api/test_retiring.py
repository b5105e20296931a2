"""Plans and prices that are not sold any more: nobody new gets them, and who has them keeps them."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.reactions.house import House
from tests.api_callers import START, Api
from tests.catalog_stage import RETIRE_PLAN, RETIRE_PRICE, priced, sold
from tests.lives import day, invoices_of, until, wrong_rows
from tests.world import make_world

CHANGE = """mutation ($input: ChangePlanInput!) { changePlan(input: $input) { subscription { id }
    errors { ... on UserError { code message path } } } }"""
SEATS = """mutation ($input: ChangeQuantityInput!) { changeQuantity(input: $input) { subscription { quantity }
    errors { ... on UserError { code message path } } } }"""
PLANS = "{ plans { id retiredAt prices { id retiredAt } } }"
LIST = "query ($after: ID) { staff { priceList(after: $after) { plan { id retiredAt } prices { id retiredAt } } } }"
NO_MORE = ("STATE_CONFLICT", ["priceId"])


@pytest.fixture
async def desk(api: Api, house: House) -> Api:
    """A tenant of the test's own."""
    made = Api(api.http, await make_world(house), api.issuer, api.mint)
    await made.world.trust(api.issuer)
    return made


def why(refused: dict[str, Any]) -> tuple[str, list[str]]:
    return refused["code"], refused["path"]


@pytest.mark.row("D17")
async def test_a_retired_plan_is_sold_to_nobody_new_and_kept_by_who_has_it(desk: Api) -> None:
    admin, ada, ben = await desk.staff(Grant.ADMIN), await desk.guest("tok_visa"), await desk.guest("tok_visa")
    plan, price = await sold(admin)
    bought = await ada.do(START, priceId=price)
    other = (await ben.do(START, priceId=str(desk.world.prices["team"])))["subscription"]["id"]
    planned = await admin.do(RETIRE_PLAN, planId=plan, effectiveAt="2030-01-01T00:00:00Z")
    assert planned["plan"]["retiredAt"] == "2030-01-01T00:00:00Z"
    assert plan in [each["id"] for each in (await ben.data(PLANS))["plans"]]
    first = await admin.do(RETIRE_PLAN, planId=plan, idempotencyKey="retire-it-now")
    again = await admin.do(RETIRE_PLAN, planId=plan, idempotencyKey="retire-it-now")
    assert (again["operation"]["replayed"], again["plan"]) == (True, first["plan"])
    assert first["plan"]["prices"] == []
    assert plan not in [each["id"] for each in (await ben.data(PLANS))["plans"]]
    assert why(await ben.refusal(START, priceId=price)) == NO_MORE
    assert why(await ben.refusal(CHANGE, subscriptionId=other, priceId=price)) == NO_MORE
    listed = {each["plan"]["id"]: each for each in (await admin.data(LIST))["staff"]["priceList"]}
    assert listed[plan]["plan"]["retiredAt"] == first["plan"]["retiredAt"]
    assert [each["id"] for each in listed[plan]["prices"]] == [price]
    more = await ada.do(SEATS, subscriptionId=bought["subscription"]["id"], quantity=2)
    assert more["subscription"]["quantity"] == 2
    dearer = {"minorUnits": "1500", "currency": "EUR"}
    since = {"effectiveFrom": "2026-12-15T00:00:00Z", "existingFrom": "2027-02-01T00:00:00Z"}
    assert why(await ben.refusal(START, priceId=await priced(admin, plan, amount=dearer, **since))) == NO_MORE
    await until(desk.world, ada.who, day(2, 2))
    assert [of.total.minor for of in await invoices_of(desk.world, ada.who)][-1] == 2 * 1500
    assert await wrong_rows(desk.world, ada.who) == []


@pytest.mark.row("D17")
async def test_a_retired_price_brings_no_earlier_one_back_and_nobody_is_moved_to_it(desk: Api) -> None:
    admin, ada, ben = await desk.staff(Grant.ADMIN), await desk.guest("tok_visa"), await desk.guest("tok_visa")
    plan, cheap = await sold(admin)
    await ada.do(START, priceId=cheap)
    dearer, since = {"minorUnits": "1700", "currency": "EUR"}, "2021-01-01T00:00:00Z"
    dear = await priced(admin, plan, amount=dearer, effectiveFrom=since, existingFrom=since)
    shown = await admin.do(RETIRE_PRICE, priceId=dear)
    assert why(await ben.refusal(START, priceId=dear)) == NO_MORE
    assert why(await ben.refusal(START, priceId=cheap)) == ("NOT_FOUND", ["priceId"])
    prices = (await admin.data(LIST))["staff"]["priceList"][0]["prices"]
    retired = [(cheap, None), (dear, shown["price"]["retiredAt"])]
    assert [(each["id"], each["retiredAt"]) for each in prices] == retired
    await until(desk.world, ada.who, day(2, 2))
    assert [of.total.minor for of in await invoices_of(desk.world, ada.who)] == [1000, 1000]
    last = await priced(admin, plan, effectiveFrom="2022-01-01T00:00:00Z")
    assert (await ben.do(START, priceId=last))["subscription"]["id"]
    pages = (await admin.data(LIST, after=plan))["staff"]["priceList"]
    assert plan not in [each["plan"]["id"] for each in pages]


async def test_only_admins_retire_and_another_tenant_s_plans_are_not_there(desk: Api, api: Api) -> None:
    stranger = await api.staff(Grant.ADMIN)
    plan, price = await sold(stranger)
    admin, finance, guest = await desk.staff(Grant.ADMIN), await desk.staff(Grant.FINANCE), await desk.guest()
    for document, given in ((RETIRE_PLAN, {"planId": plan}), (RETIRE_PRICE, {"priceId": price})):
        assert (await admin.refusal(document, **given))["code"] == "NOT_FOUND"
        for caller in (finance, guest):
            assert (await caller.refusal(document, **given))["code"] == "FORBIDDEN"
    assert plan not in [each["plan"]["id"] for each in (await admin.data(LIST))["staff"]["priceList"]]
