"""Closing a month through the API: finance does it, everybody on the staff sees it, and nobody posts in it any more."""

import pytest

from domain.actor import Grant
from domain.reactions.house import House
from tests.api_callers import START, Api, Caller
from tests.lives import day
from tests.world import make_world

CLOSE = """mutation ($input: ClosePeriodInput!) { closePeriod(input: $input) { legalEntity { code closedThrough }
    operation { replayed } errors { ... on UserError { code message path } } } }"""
ENTITIES = "{ staff { legalEntities { code closedThrough } } }"


@pytest.mark.row("H6")
async def test_finance_closes_a_month_and_nothing_is_posted_in_it_any_more(api: Api, house: House) -> None:
    desk = Api(api.http, await make_world(house), api.issuer, api.mint)
    await desk.world.trust(api.issuer)
    finance, support = await desk.staff(Grant.FINANCE), await desk.staff()
    february = await desk.guest("tok_visa", clock_at=day(2, 10, year=2021))
    march = await desk.guest("tok_visa", clock_at=day(3, 10, year=2021))
    price = str(desk.world.prices["starter"])

    given = {"legalEntity": "ACMETEST", "month": "2021-02-01", "idempotencyKey": "close-of-february-2021"}
    assert (await support.refusal(CLOSE, **given))["code"] == "FORBIDDEN"
    weak = await desk.token("staff", await desk.world.colleague(desk.issuer, Grant.FINANCE), acr="aal1")
    assert (await Caller(desk.http, weak).refusal(CLOSE, **given))["code"] == "STEP_UP_REQUIRED"
    closed = {"code": "ACMETEST", "closedThrough": "2021-02-01"}
    assert (await finance.do(CLOSE, **given))["legalEntity"] == closed
    again = await finance.do(CLOSE, **given)
    assert (again["legalEntity"], again["operation"]["replayed"]) == (closed, True)
    given |= {"idempotencyKey": "close-of-february-again"}
    assert (await finance.refusal(CLOSE, **given))["code"] == "STATE_CONFLICT"

    assert (await february.refusal(START, priceId=price))["code"] == "PERIOD_CLOSED"
    assert (await march.do(START, priceId=price))["invoice"]["state"] == "PAID"
    seen = {each["code"]: each["closedThrough"] for each in (await support.data(ENTITIES))["staff"]["legalEntities"]}
    assert seen == {"ACME": None, "ACMETEST": "2021-02-01"}
