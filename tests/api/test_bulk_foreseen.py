"""What is known of a run over many before it begins: of each thing in the caller's words, and of all at once."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from graphql import GraphQLObjectType

from domain.actor import Grant
from domain.money import Money
from tests.api.test_portal_features import own as own_tenant
from tests.api_callers import START, Api, Caller, Guest
from tests.bad_input_stage import PUBLISH_COUPON, REDEEM, coupon_of, mutation
from tests.frontend_schema import frontend_schema
from tests.input_paths import path_is_in_input
from tests.lives import publish
from tests.portal_stage import plan_of
from tests.world import EUR, fresh

own = own_tenant  # a tenant of the test's own

BEGIN = """mutation ($input: StartBulkRunInput!) { startBulkRun(input: $input) { run { id }
    errors { ... on UserError { code path } } } }"""
PREVIEW = """query ($order: BulkOrderInput!) { staff { bulkPreview(order: $order) {
    trials { subjectId refusal { ... on UserError { code path } } } wouldBeDone } } }"""
RUNS = "{ staff { bulkRuns { id } } }"
PAST = "2020-02-01T00:00:00Z"


async def coupon(admin: Caller, **changed: Any) -> str:
    """The code of a new coupon of one subscription, or as changed."""
    given = coupon_of(fresh("foreseen")) | {"scope": "SUBSCRIPTION"} | changed
    return str((await admin.do(PUBLISH_COUPON, **given))["coupon"]["code"])


async def subscription(guest: Guest, price: Any) -> str:
    """The id of a new subscription."""
    return str((await guest.do(START, priceId=str(price)))["subscription"]["id"])


async def refused(caller: Caller, **order: Any) -> list[tuple[str, list[str]]]:
    """Code and path of each trial that is refused; the paths are parts of the order as a start of the run has it."""
    told = (await caller.data(PREVIEW, order={"reason": "R.", **order}))["staff"]["bulkPreview"]
    found = [(each["refusal"]["code"], each["refusal"]["path"]) for each in told["trials"] if each["refusal"]]
    assert all(path_is_in_input(BEGIN, path) for _, path in found), found
    return found


@pytest.mark.row("Y11")
async def test_a_preview_says_what_part_of_the_order_stands_in_the_way_of_each(own: Api) -> None:
    price, admin = await publish(own.world, Money(900, EUR)), await own.staff(Grant.ADMIN)
    plan, guest = str(await plan_of(own.world, price)), await own.guest("tok_visa")
    left = await subscription(guest, price)
    bought = (await guest.data("{ viewer { customer { invoices(first: 1) { edges { node { id } } } } } }"))["viewer"]
    invoice = bought["customer"]["invoices"]["edges"][0]["node"]["id"]
    code = await coupon(admin)
    await guest.do(REDEEM, code=code, subscriptionId=left)
    again = {"action": "APPLY_COUPON", "couponCode": code}
    assert await refused(admin, **again, planId=plan) == [("ALREADY_EXISTS", ["order", "couponCode"])]
    pause = {"action": "PAUSE", "resumesAt": PAST}
    assert await refused(admin, **pause, subjectIds=[left]) == [("INVALID_INPUT", ["order", "resumesAt"])]
    await guest.do(mutation("cancelSubscription"), subscriptionId=left)
    cancel = {"action": "CANCEL", "timing": "PERIOD_END"}
    assert await refused(admin, **cancel, planId=plan) == [("STATE_CONFLICT", ["order", "planId"])]
    assert await refused(admin, **cancel, subjectIds=[left]) == [("STATE_CONFLICT", ["order", "subjectIds"])]
    finance = await own.staff(Grant.FINANCE)
    void = {"action": "VOID_INVOICE", "subjectIds": [invoice]}
    assert await refused(finance, **void) == [("STATE_CONFLICT", ["order", "subjectIds"])]


@pytest.mark.row("Y11")
async def test_a_run_that_could_do_nothing_to_anything_is_not_started(own: Api) -> None:
    price, admin = await publish(own.world, Money(900, EUR)), await own.staff(Grant.ADMIN)
    plan, beside = str(await plan_of(own.world, price)), str(await plan_of(own.world, own.world.prices["team"]))
    guest = await own.guest("tok_visa")
    named = [await subscription(guest, price)]
    ended = (await admin.do(PUBLISH_COUPON, **coupon_of(fresh("foreseen")) | {"scope": "SUBSCRIPTION"}))["coupon"]
    await admin.do(mutation("endCoupon"), couponId=ended["id"])
    reduce = {"action": "APPLY_COUPON", "planId": plan, "reason": "R."}
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"couponCode": "NOSUCH"}, "NOT_FOUND", "couponCode"),
        ({"couponCode": ended["code"]}, "COUPON_OVER", "couponCode"),
        ({"couponCode": await coupon(admin, redeemUntil=PAST)}, "COUPON_OVER", "couponCode"),
        ({"couponCode": await coupon(admin, scope="ACCOUNT")}, "INVALID_INPUT", "couponCode"),
        ({"couponCode": await coupon(admin, planIds=[beside])}, "STATE_CONFLICT", "couponCode"),
        ({"action": "PAUSE", "resumesAt": PAST}, "INVALID_INPUT", "resumesAt"),
        ({"action": "PAUSE", "resumesAt": PAST, "planId": None, "subjectIds": named}, "INVALID_INPUT", "resumesAt"),
    ]
    for given, code, part in wrong:
        answer = await admin.refusal(BEGIN, order=reduce | given)
        assert answer == {"code": code, "path": ["order", part]}, given
    assert (await admin.data(RUNS))["staff"]["bulkRuns"] == []
    # Who may start none is not told what codes there are.
    assert (await (await own.staff()).refusal(BEGIN, order=reduce | {"couponCode": "NOSUCH"}))["code"] == "FORBIDDEN"


@pytest.mark.row("Y11")
async def test_what_has_passed_may_be_ahead_of_somebody_s_test_clock(own: Api) -> None:
    price, admin = await publish(own.world, Money(900, EUR)), await own.staff(Grant.ADMIN)
    plan, guest = str(await plan_of(own.world, price)), await own.guest("tok_visa")
    early = await own.guest("tok_visa", clock_at=datetime(2020, 1, 1, tzinfo=UTC))
    late, soon = await subscription(guest, price), await subscription(early, price)
    pause = {"action": "PAUSE", "resumesAt": PAST, "reason": "R."}
    reduce = {"action": "APPLY_COUPON", "couponCode": await coupon(admin, redeemUntil=PAST), "reason": "R."}
    for order, code in ((pause, "INVALID_INPUT"), (reduce, "COUPON_OVER")):
        assert (await admin.refusal(BEGIN, order={**order, "subjectIds": [late]}))["code"] == code
        await admin.do(BEGIN, order={**order, "subjectIds": [late, soon]})
        await admin.do(BEGIN, order={**order, "planId": plan})


@pytest.mark.row("Y11")
async def test_each_thing_of_a_preview_is_tried_by_itself_as_the_schema_says(own: Api) -> None:
    price, admin = await publish(own.world, Money(900, EUR)), await own.staff(Grant.ADMIN)
    for _ in range(2):
        await subscription(await own.guest("tok_visa"), price)
    order = {"action": "APPLY_COUPON", "couponCode": await coupon(admin, maxRedemptions=1), "reason": "R."}
    told = await admin.data(PREVIEW, order={**order, "planId": str(await plan_of(own.world, price))})
    assert told["staff"]["bulkPreview"]["wouldBeDone"] == 2
    said = cast(GraphQLObjectType, frontend_schema().type_map["BulkPreview"]).fields["wouldBeDone"].description
    assert said and "as if it were the only one" in said
