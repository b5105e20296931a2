"""Coupons and entitlements through the API: who redeems, who grants, and what the customer then has."""

from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START, Api, Caller, Guest, key
from tests.bad_input_stage import ISSUE, coupon_of
from tests.lives import day, until
from tests.world import fresh

ERRORS = "errors { __typename ... on UserError { code path retryable } }"
COUPON = f"""mutation ($input: PublishCouponInput!) {{ publishCoupon(input: $input) {{ coupon {{ id code name percentPpm
    amount {{ minorUnits currency }} duration periods planIds scope redeemUntil maxRedemptions active }}
    {ERRORS} }} }}"""
END = f"""mutation ($input: EndCouponInput!) {{ endCoupon(input: $input) {{ coupon {{ id active }} {ERRORS} }} }}"""
REDEEM = f"""mutation ($input: RedeemCouponInput!) {{ redeemCoupon(input: $input) {{
    redemption {{ id code name percentPpm amount {{ minorUnits }} subscriptionId periodsLeft redeemedAt endedAt }}
    operation {{ replayed status }} {ERRORS} }} }}"""
TAKE_BACK = f"""mutation ($input: EndCouponRedemptionInput!) {{ endCouponRedemption(input: $input) {{
    redemption {{ id endedAt }} {ERRORS} }} }}"""
REDEMPTIONS = "{ viewer { customer { couponRedemptions { id code periodsLeft endedAt } } } }"
FEATURE = f"""mutation ($input: PublishFeatureInput!) {{ publishFeature(input: $input) {{
    feature {{ code }} {ERRORS} }} }}"""
GRANT = f"""mutation ($input: GrantEntitlementInput!) {{ grantEntitlement(input: $input) {{
    exception {{ id feature value startsAt endsAt reason }}
    entitlements {{ feature {{ code }} value isException sourceId }} {ERRORS} }} }}"""
ENTITLEMENTS = """query ($at: DateTime) { viewer { customer { entitlements(at: $at) {
    feature { code } value isException sourceId } } } }"""
REPORT = """query ($since: DateTime!, $until: DateTime!, $atLeast: ConsistencyToken) { staff { couponReport(
    since: $since, until: $until, sandbox: true, atLeast: $atLeast) { asOf source
    costs { coupon { code } taken { decimal } undone { decimal } cost { decimal } redemptions invoices } } } }"""
END_EXCEPTION = f"""mutation ($input: EndEntitlementExceptionInput!) {{ endEntitlementException(input: $input) {{
    exception {{ id endsAt }} entitlements {{ feature {{ code }} value isException }} {ERRORS} }} }}"""
EXCEPTIONS = """query ($id: ID!) { staff { entitlementExceptions(customerId: $id) { id feature reason } } }"""


async def published(api: Api, **changed: Any) -> dict[str, Any]:
    """A coupon of its own."""
    admin = await api.staff(Grant.ADMIN)
    coupon: dict[str, Any] = (await admin.do(COUPON, **{**coupon_of(fresh("c")), **changed}))["coupon"]
    return coupon


async def held(guest: Guest) -> list[dict[str, Any]]:
    """What the customer sees of its redemptions."""
    found: list[dict[str, Any]] = (await guest.data(REDEMPTIONS))["viewer"]["customer"]["couponRedemptions"]
    return found


@pytest.mark.row("I14")
async def test_a_customer_redeems_a_code_and_a_retry_is_the_same_redemption(api: Api) -> None:
    guest, coupon = await api.guest(), await published(api, duration="PERIODS", periods=3, maxRedemptions=7)
    assert (coupon["percentPpm"], coupon["amount"], coupon["active"]) == (500_000, None, True)
    assert (coupon["maxRedemptions"], coupon["scope"], coupon["planIds"]) == (7, "ACCOUNT", [])
    given = {"code": coupon["code"].lower(), "idempotencyKey": key()}
    first, again = await guest.do(REDEEM, **given), await guest.do(REDEEM, **given)
    assert (again["redemption"], again["operation"]["replayed"]) == (first["redemption"], True)
    assert (first["redemption"]["periodsLeft"], first["redemption"]["redeemedAt"]) == (3, "2027-01-01T00:00:00Z")
    assert [each["id"] for each in await held(guest)] == [first["redemption"]["id"]]
    refused = await guest.refusal(REDEEM, code=coupon["code"])
    assert (refused["__typename"], refused["code"], refused["path"]) == ("ConflictError", "ALREADY_EXISTS", ["code"])


@pytest.mark.row("I14")
async def test_why_a_code_is_refused_is_told_apart(api: Api) -> None:
    guest, other = await api.guest(), await api.guest()
    once = await published(api, maxRedemptions=1)
    await other.do(REDEEM, code=once["code"])
    ended = await published(api)
    admin = await api.staff(Grant.ADMIN)
    assert (await admin.do(END, couponId=ended["id"]))["coupon"] == {"id": ended["id"], "active": False}
    twice = await admin.refusal(END, couponId=ended["id"])
    assert (twice["code"], twice["path"]) == ("STATE_CONFLICT", ["couponId"])
    expired = await published(api, redeemUntil="2027-01-01T00:00:00Z")
    dollars = await published(api, percentPpm=None, amount={"minorUnits": "100", "currency": "USD"})
    codes = [(await guest.refusal(REDEEM, code=each["code"]))["code"] for each in (once, ended, expired, dollars)]
    assert codes == ["COUPON_USED_UP", "COUPON_OVER", "COUPON_OVER", "CURRENCY_MISMATCH"]
    taken = await admin.refusal(COUPON, **coupon_of(once["code"]))
    assert (taken["code"], taken["path"]) == ("ALREADY_EXISTS", ["code"])
    assert await held(guest) == []


async def test_a_coupon_for_one_subscription_names_it_and_not_somebody_elses(api: Api) -> None:
    (guest, bought), (other, of_other) = await api.subscriber(), await api.subscriber()
    plans = (await guest.data("{ plans { id code } }"))["plans"]
    starter, team = [next(each["id"] for each in plans if each["code"] == code) for code in ("starter", "team")]
    fits = await published(api, scope="SUBSCRIPTION", planIds=[starter])
    wrong = await published(api, scope="SUBSCRIPTION", planIds=[team])
    whole = await published(api)
    own, foreign = bought["subscription"]["id"], of_other["subscription"]["id"]
    refusals = [
        await guest.refusal(REDEEM, code=coupon["code"], subscriptionId=id)
        for coupon, id in ((fits, foreign), (wrong, own), (whole, own))
    ]
    assert [each["code"] for each in refusals] == ["NOT_FOUND", "STATE_CONFLICT", "INVALID_INPUT"]
    redeemed = (await guest.do(REDEEM, code=fits["code"], subscriptionId=own))["redemption"]
    assert redeemed["subscriptionId"] == own
    stranger = await other.refusal(REDEEM, code=fits["code"], customerId=guest.id)
    assert stranger["code"] == "NOT_FOUND"


async def test_support_redeems_for_a_customer_and_takes_back(api: Api) -> None:
    guest, support, coupon = await api.guest(), await api.staff(), await published(api)
    nobody = await support.refusal(REDEEM, code=coupon["code"])
    assert nobody["code"] == "FORBIDDEN"
    redeemed = (await support.do(REDEEM, code=coupon["code"], customerId=guest.id))["redemption"]
    finance = await api.staff(Grant.FINANCE)
    for caller in (guest, finance):
        refused = await caller.refusal(TAKE_BACK, customerId=guest.id, redemptionId=redeemed["id"])
        assert refused["code"] == "FORBIDDEN"
    ended = (await support.do(TAKE_BACK, customerId=guest.id, redemptionId=redeemed["id"]))["redemption"]
    assert ended["endedAt"] == "2027-01-01T00:00:00Z"
    assert [each["endedAt"] for each in await held(guest)] == [ended["endedAt"]]
    again = await support.refusal(TAKE_BACK, customerId=guest.id, redemptionId=redeemed["id"])
    assert (again["code"], again["path"]) == ("STATE_CONFLICT", ["redemptionId"])
    coupons = (await support.data("{ staff { coupons { id } } }"))["staff"]["coupons"]
    assert {"id": coupon["id"]} in coupons


async def test_the_report_says_when_and_where_it_was_read_and_refuses_a_span_that_is_none(api: Api) -> None:
    support = await api.staff()
    span = {"since": "2001-01-01T00:00:00Z", "until": "2001-02-01T00:00:00Z"}  # before anybody sold anything
    report = (await support.data(REPORT, **span, atLeast="000000017777777777777777"))["staff"]["couponReport"]
    assert (report["source"], report["costs"]) == ("PRIMARY", [])
    error = await support.error(REPORT, since=span["until"], until=span["since"])
    assert error["extensions"]["code"] == "BAD_INPUT"


async def test_customers_and_support_publish_no_coupons(api: Api) -> None:
    coupon = await published(api)
    for caller in (await api.guest(), await api.staff(), await api.staff(Grant.FINANCE)):
        assert (await caller.refusal(COUPON, **coupon_of(fresh("c"))))["code"] == "FORBIDDEN"
        assert (await caller.refusal(END, couponId=coupon["id"]))["code"] == "FORBIDDEN"


@pytest.mark.row("I12")
@pytest.mark.row("D18")
async def test_a_customer_sees_what_it_may_use_then_and_support_makes_exceptions(api: Api) -> None:
    admin, guest = await api.staff(Grant.ADMIN), await api.guest("tok_visa")
    feature = (await admin.do(FEATURE, code=fresh("seats"), name="Seats", kind="LIMIT"))["feature"]["code"]
    price = await _sold(admin, feature)
    assert await _usable(guest) == []
    await guest.do(START, priceId=price)
    ((code, value, is_exception),) = await _usable(guest)
    assert (code, value, is_exception) == (feature, "5", False)
    support = await api.staff()
    given = {"customerId": guest.id, "feature": feature, "reason": "They asked.", "endsAt": "2027-02-01T00:00:00Z"}
    made = await support.do(GRANT, **given, value="9", startsAt="2027-01-10T00:00:00Z")
    assert (made["exception"]["value"], made["exception"]["reason"]) == ("9", "They asked.")
    assert [each["value"] for each in made["entitlements"]] == ["5"]
    seen = [(await _usable(guest, f"2027-{at}T00:00:00Z"))[0][1:] for at in ("01-09", "01-10", "02-01")]
    assert seen == [("5", False), ("9", True), ("5", False)]
    exceptions = (await support.data(EXCEPTIONS, id=guest.id))["staff"]["entitlementExceptions"]
    assert [(each["id"], each["feature"]) for each in exceptions] == [(made["exception"]["id"], feature)]
    for caller in (guest, await api.staff(Grant.FINANCE)):
        assert (await caller.refusal(GRANT, **given, value="99"))["code"] == "FORBIDDEN"


@pytest.mark.row("I12")
async def test_support_ends_an_exception_before_its_time(api: Api) -> None:
    admin, support, guest = await api.staff(Grant.ADMIN), await api.staff(), await api.guest("tok_visa")
    feature = (await admin.do(FEATURE, code=fresh("seats"), name="Seats", kind="LIMIT"))["feature"]["code"]
    await guest.do(START, priceId=await _sold(admin, feature))
    given = {"customerId": guest.id, "feature": feature, "value": "9", "reason": "They asked."}
    id = (await support.do(GRANT, **given))["exception"]["id"]
    await until(api.world, guest.who, day(1, 2))
    asked = {"customerId": guest.id, "exceptionId": id}
    ended = await support.do(END_EXCEPTION, **asked)
    assert ended["exception"] == {"id": id, "endsAt": "2027-01-02T00:00:00Z"}
    assert [(each["value"], each["isException"]) for each in ended["entitlements"]] == [("5", False)]
    assert [(await _usable(guest, f"2027-01-0{at}T00:00:00Z"))[0][1] for at in (1, 2)] == ["9", "5"]
    again = await support.refusal(END_EXCEPTION, **asked)
    assert (again["code"], again["path"]) == ("STATE_CONFLICT", ["exceptionId"])
    for caller in (guest, await api.staff(Grant.FINANCE)):
        assert (await caller.refusal(END_EXCEPTION, **asked))["code"] == "FORBIDDEN"


@pytest.mark.row("I14")
async def test_the_report_says_what_a_coupon_cost_after_credit_notes(api: Api) -> None:
    guest, coupon, finance = await api.guest("tok_visa"), await published(api), await api.staff(Grant.FINANCE)
    await guest.do(REDEEM, code=coupon["code"])
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    amount = {"minorUnits": "100", "currency": "EUR"}
    await finance.do(
        ISSUE, customerId=guest.id, invoiceId=bought["invoice"]["id"], kind="GOODWILL", reason="It was down.",
        amount=amount, credit=amount,
    )  # fmt: skip
    span = {"since": "2027-01-01T00:00:00Z", "until": "2027-01-02T00:00:00Z"}
    report = (await finance.data(REPORT, **span, atLeast="000000017777777777777777"))["staff"]["couponReport"]
    (cost,) = [each for each in report["costs"] if each["coupon"]["code"] == coupon["code"]]
    assert [cost[name]["decimal"] for name in ("taken", "undone", "cost")] == ["5.00", "1.00", "4.00"]


async def _sold(admin: Caller, feature: str) -> str:
    """A price of a plan that allows five of the feature."""
    plan = await admin.do(
        """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) { plan { id }
            errors { ... on UserError { code } } } }""",
        code=fresh("plan"), name="P", description="Five seats", rank=31,
        terms={"entitlements": [{"feature": feature, "value": "5"}]},
    )  # fmt: skip
    price = await admin.do(
        """mutation ($input: PublishPriceInput!) { publishPrice(input: $input) { price { id }
            errors { ... on UserError { code } } } }""",
        planId=plan["plan"]["id"], amount={"minorUnits": "100", "currency": "EUR"}, intervalUnit="MONTH",
        effectiveFrom="2020-01-01T00:00:00Z",
    )  # fmt: skip
    return str(price["price"]["id"])


async def _usable(guest: Guest, at: str | None = None) -> list[tuple[str, str, bool]]:
    """Feature, value, and whether it is an exception."""
    found = (await guest.data(ENTITLEMENTS, at=at))["viewer"]["customer"]["entitlements"]
    return [(each["feature"]["code"], each["value"], each["isException"]) for each in found]
