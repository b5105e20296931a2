"""A flat plan and a plan by seats of one customer: each is billed by its own quantity, price, discount and tax."""

from typing import Any

import pytest

from dev.story.documents import ADVANCE
from domain.actor import Grant
from domain.reactions.house import House
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Guest
from tests.bad_input_stage import PUBLISH_COUPON, PUBLISH_PLAN, REDEEM, coupon_of
from tests.tax_kit import publish_rate, register, vat
from tests.world import fresh, make_world

PRICE = """mutation ($input: PublishPriceInput!) { publishPrice(input: $input) {
    price { id model } errors { ... on UserError { code path } } } }"""
BILL = """query ($id: ID!) { viewer { customer { invoice(id: $id) {
    subtotal { decimal } tax { decimal } total { decimal }
    lines { quantity unitAmount { decimal } listAmount { decimal } discount { decimal } net { decimal } tax { decimal }
        price { id model } } } } } }"""
ALL = """{ viewer { customer { invoices(first: 9, atLeast: "000000017777777777777777") {
    edges { node { id subscriptionId } } } } } }"""


@pytest.fixture
async def desk(api: Api, house: House) -> Api:
    """A tenant of the test's own that charges 19 % VAT."""
    made = Api(api.http, await make_world(house), api.issuer, api.mint)
    await made.world.trust(api.issuer)
    await publish_rate(made.world, vat("DE", 190_000))
    await register(made.world, "DE")
    return made


async def sold(desk: Api, model: str, minor: int) -> tuple[str, str]:
    """A plan of its own at a monthly price of that model: the plan and the price."""
    admin, code = await desk.staff(Grant.ADMIN), fresh("plan")
    plan = (await admin.do(PUBLISH_PLAN, code=code, name=code, description=code, rank=9))["plan"]["id"]
    amount = {"minorUnits": str(minor), "currency": "EUR"}
    given = {"planId": plan, "amount": amount, "intervalUnit": "MONTH", "effectiveFrom": "2020-01-01T00:00:00Z"}
    return plan, (await admin.do(PRICE, **given, model=model))["price"]["id"]


async def bill(guest: Guest, id: str) -> tuple[list[str], list[Any]]:
    """The sums of an invoice, and of its only line the quantity, the amounts and the price."""
    found = (await guest.data(BILL, id=id))["viewer"]["customer"]["invoice"]
    (line,) = found["lines"]
    amounts = [line[name]["decimal"] for name in ("unitAmount", "listAmount", "discount", "net", "tax")]
    return [found[name]["decimal"] for name in ("subtotal", "tax", "total")], [
        line["quantity"], *amounts, line["price"]["id"], line["price"]["model"],
    ]  # fmt: skip


async def test_flat_and_seats_are_billed_each_by_its_own_rule_at_the_start_and_at_renewal(desk: Api) -> None:
    guest, admin = await desk.guest("tok_visa"), await desk.staff(Grant.ADMIN)
    (_, flat), (team, seats) = await sold(desk, "FLAT", 4_999), await sold(desk, "PER_SEAT", 1_250)
    tenth = {**coupon_of(fresh("c")), "percentPpm": 100_000, "planIds": [team]}
    await guest.do(REDEEM, code=(await admin.do(PUBLISH_COUPON, **tenth))["coupon"]["code"])
    refused = await guest.refusal(START, priceId=flat, quantity=2)
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["quantity"])

    of_flat = [["49.99", "9.50", "59.49"], [1, "49.99", "49.99", "0.00", "49.99", "9.50", flat, "FLAT"]]
    of_seats = [["78.75", "14.96", "93.71"], [7, "12.50", "87.50", "8.75", "78.75", "14.96", seats, "PER_SEAT"]]
    first = (await guest.do(START, priceId=flat))["invoice"]["id"]
    second = (await guest.do(START, priceId=seats, quantity=7))["invoice"]["id"]
    assert [*await bill(guest, first)] == of_flat
    assert [*await bill(guest, second)] == of_seats

    await guest.do(ADVANCE, to="2027-02-01T03:00:00Z")
    await do_now(desk.world.house, guest.who.id)
    edges = (await guest.data(ALL))["viewer"]["customer"]["invoices"]["edges"]
    renewed = [edge["node"]["id"] for edge in edges if edge["node"]["id"] not in (first, second)]
    bills = [[*await bill(guest, id)] for id in renewed]
    assert sorted(bills, key=str) == sorted([of_flat, of_seats], key=str)
