"""Coupons at the till: what a code would take off, and a purchase that redeems it in the same step or not at all."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.reactions.house import House
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest, key
from tests.bad_input_stage import PUBLISH_COUPON, coupon_of
from tests.lives import day, until
from tests.tax_kit import publish_rate, register, vat
from tests.world import fresh, make_world

BILL = """subtotal { decimal } tax { decimal } total { decimal } taxes { name ratePpm amount { decimal } }
    discounts { name amount { decimal } } lines { description quantity listAmount { decimal } discount { decimal }
    net { decimal } tax { decimal } }"""
PREVIEW = f"""query ($price: ID!, $quantity: Int! = 1, $code: String) {{ viewer {{ customer {{
    startSubscriptionPreview(priceId: $price, quantity: $quantity, couponCode: $code) {{ {BILL} due {{ decimal }} }}
    }} }} }}"""
START = f"""mutation ($input: StartSubscriptionInput!) {{ startSubscription(input: $input) {{
    subscription {{ id state }} invoice {{ id state {BILL} }} operation {{ replayed }}
    errors {{ ... on UserError {{ code path }} }} }} }}"""
NEXT = f"""query ($id: ID!) {{ viewer {{ customer {{ nextInvoicePreview(subscriptionId: $id) {{ {BILL} }} }} }} }}"""
CHECK = """query ($code: String!, $price: ID!) { viewer { customer { couponPreview(code: $code, priceId: $price) {
    name percentPpm amount { decimal } periods full { decimal } discount { decimal } } } } }"""
HELD = "{ viewer { customer { subscriptions { id } couponRedemptions { code periodsLeft subscriptionId } } } }"


@pytest.fixture
async def desk(api: Api, house: House) -> Api:
    """A tenant of the test's own that charges 19 % VAT."""
    made = Api(api.http, await make_world(house), api.issuer, api.mint)
    await made.world.trust(api.issuer)
    await publish_rate(made.world, vat("DE", 190_000))
    await register(made.world, "DE")
    return made


async def coupon(api: Api, **changed: Any) -> str:
    """The code of a coupon of its own: half off."""
    admin = await api.staff(Grant.ADMIN)
    return str((await admin.do(PUBLISH_COUPON, **{**coupon_of(fresh("c")), **changed}))["coupon"]["code"])


async def held(guest: Guest) -> Any:
    """What the guest has of subscriptions and redemptions."""
    return (await guest.data(HELD))["viewer"]["customer"]


@pytest.mark.row("Y1")
async def test_the_bill_that_was_previewed_with_a_coupon_is_the_bill_of_the_purchase_and_of_the_next_period(
    desk: Api,
) -> None:
    guest, price = await desk.guest("tok_visa"), str(desk.world.prices["starter"])
    code = await coupon(desk, scope="SUBSCRIPTION", duration="PERIODS", periods=2)
    seen = (await guest.data(PREVIEW, price=price, quantity=3, code=code.lower()))["viewer"]["customer"]
    foreseen = seen["startSubscriptionPreview"]
    assert {name: foreseen.pop(name)["decimal"] for name in ("subtotal", "tax", "total", "due")} == {
        "subtotal": "15.00", "tax": "2.85", "total": "17.85", "due": "17.85",
    }  # fmt: skip
    assert foreseen["taxes"] == [{"name": "VAT", "ratePpm": 190_000, "amount": {"decimal": "2.85"}}]
    assert foreseen["discounts"] == [{"name": "Half off", "amount": {"decimal": "15.00"}}]
    (line,) = foreseen["lines"]
    assert (line["quantity"], line["listAmount"], line["net"]) == (3, {"decimal": "30.00"}, {"decimal": "15.00"})
    assert await held(guest) == {"subscriptions": [], "couponRedemptions": []}

    given = {"priceId": price, "quantity": 3, "couponCode": code, "idempotencyKey": key()}
    bought = await guest.do(START, **given)
    assert {name: bought["invoice"][name] for name in foreseen} == foreseen
    assert bought["invoice"]["total"]["decimal"] == "17.85"
    again = await guest.do(START, **given)
    assert (again["operation"]["replayed"], again["invoice"]) == (True, bought["invoice"])
    (redeemed,) = (await held(guest))["couponRedemptions"]
    assert (redeemed["periodsLeft"], redeemed["subscriptionId"]) == (1, bought["subscription"]["id"])

    following = (await guest.data(NEXT, id=bought["subscription"]["id"]))["viewer"]["customer"]["nextInvoicePreview"]
    assert [following[name]["decimal"] for name in ("subtotal", "tax", "total")] == ["15.00", "2.85", "17.85"]
    assert (following["taxes"], following["discounts"]) == (foreseen["taxes"], foreseen["discounts"])


@pytest.mark.row("Y1")
@pytest.mark.row("I14")
async def test_a_purchase_with_a_code_that_is_refused_is_no_purchase(api: Api) -> None:
    guest, price = await api.guest("tok_visa"), str(api.world.prices["starter"])
    plans = {each["code"]: each["id"] for each in (await guest.data("{ plans { id code } }"))["plans"]}
    wrong = {
        await coupon(api, redeemUntil="2027-01-01T00:00:00Z"): "COUPON_OVER",
        await coupon(api, percentPpm=None, amount={"minorUnits": "100", "currency": "USD"}): "CURRENCY_MISMATCH",
        await coupon(api, planIds=[plans["team"]]): "STATE_CONFLICT",
        "NOSUCHCODE": "NOT_FOUND",
    }
    for code, answer in wrong.items():
        refused = await guest.refusal(START, priceId=price, couponCode=code)
        assert (refused["code"], refused["path"]) == (answer, ["couponCode"])
        for document in (PREVIEW, CHECK):
            error = await guest.error(document, price=price, code=code)
            assert error["extensions"]["refusal"] == answer
    assert await held(guest) == {"subscriptions": [], "couponRedemptions": []}


@pytest.mark.row("Y1")
async def test_a_code_tells_what_it_takes_off_before_anybody_redeems_it(api: Api) -> None:
    guest, price = await api.guest(), str(api.world.prices["team"])
    half = await coupon(api, scope="SUBSCRIPTION", duration="PERIODS", periods=3)
    five = await coupon(api, percentPpm=None, amount={"minorUnits": "500", "currency": "EUR"}, duration="ONCE")
    seen = [
        (await guest.data(CHECK, code=code, price=price))["viewer"]["customer"]["couponPreview"]
        for code in (half.lower(), five)
    ]
    assert [(each["percentPpm"], each["periods"], each["discount"]["decimal"]) for each in seen] == [
        (500_000, 3, "10.00"),
        (None, 1, "5.00"),
    ]
    assert {each["full"]["decimal"] for each in seen} == {"20.00"}
    assert (await held(guest))["couponRedemptions"] == []
    gone = await guest.error(CHECK, code=half, price="price_" + "0" * 32)
    assert gone["extensions"]["refusal"] == "NOT_FOUND"


async def test_who_could_not_pay_buys_again_with_the_same_code(api: Api) -> None:
    guest = await api.guest("tok_insufficient_funds")
    given = {"priceId": str(api.world.prices["starter"]), "couponCode": await coupon(api, scope="SUBSCRIPTION",
                                                                                      duration="ONCE")}  # fmt: skip
    first = await guest.do(START, **given)
    assert (first["subscription"]["state"], first["invoice"]["total"]["decimal"]) == ("INCOMPLETE", "5.00")
    await until(api.world, guest.who, day(1, 3))
    await do_now(api.world.house, guest.who.id)
    await api.world.card(guest.who)
    second = await guest.do(START, **given)
    assert (second["subscription"]["state"], second["invoice"]["total"]["decimal"]) == ("ACTIVE", "5.00")
    used = await guest.refusal(START, **{**given, "priceId": str(api.world.prices["yearly"])})
    assert (used["code"], used["path"]) == ("ALREADY_EXISTS", ["couponCode"])
