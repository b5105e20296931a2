"""Who is about to cancel is asked why and offered what its plan's offer holds, once; what it does is remembered."""

from dataclasses import dataclass
from typing import Any

import pytest

from domain.actor import Grant
from domain.money import Money
from tests.api.test_portal_features import SWITCH
from tests.api.test_portal_features import own as own_tenant
from tests.api.test_portal_links import linked
from tests.api_callers import START, Api, Caller, Guest, key
from tests.bad_input_stage import PUBLISH_COUPON, REDEEM, coupon_of, mutation
from tests.lives import day, invoices_of, publish, subscription_of, until
from tests.portal_stage import plan_of
from tests.world import EUR, fresh

own = own_tenant  # a tenant of the test's own

FLOW = """{ subscriptionId reasons offer { kind couponName percentPpm periods resumesAt plan { id } price { id }
    effectiveAt } }"""
ASK = f"query ($id: ID!) {{ viewer {{ customer {{ cancellationFlow(subscriptionId: $id) {FLOW} }} }} }}"
BY_LINK = f"{{ portalLink {{ cancellationFlow {FLOW} }} }}"
SET = """mutation ($input: SetRetentionOfferInput!) { setRetentionOffer(input: $input) {
    offer { planId couponCode pauseDays priceId everyMonths } errors { ... on UserError { code path } } } }"""
ACCEPT = """mutation ($input: AcceptRetentionOfferInput!) { acceptRetentionOffer(input: $input) {
    subscription { state resumesAt nextPrice { id } } taken { kind couponName percentPpm periods resumesAt }
    operation { replayed consistencyToken } errors { ... on UserError { code path } } } }"""
ANSWERS = """query ($id: ID!) { staff { retentionAnswers(customerId: $id) {
    subscriptionId planId reason offered taken answeredAt } } }"""
ACTIVITY = """query ($least: ConsistencyToken) { viewer { customer { activity(first: 5, atLeast: $least) {
    edges { node { kind by } } } } } }"""


async def shown(guest: Guest, subscription: str) -> list[str]:
    """The kinds of what is offered."""
    flow = (await guest.data(ASK, id=subscription))["viewer"]["customer"]["cancellationFlow"]
    assert "TOO_EXPENSIVE" in flow["reasons"]
    return [each["kind"] for each in flow["offer"]]


@dataclass
class Shop:
    """A tenant of the test's own with a plan whose offer holds everything."""

    own: Api
    admin: Caller
    bought: str
    smaller: str
    plan: str
    coupon: str

    async def buyer(self) -> tuple[Guest, str]:
        """Somebody with a subscription to the plan."""
        guest = await self.own.guest("tok_visa")
        return guest, (await guest.do(START, priceId=self.bought))["subscription"]["id"]

    async def answers(self, of: Guest) -> list[tuple[Any, ...]]:
        """What staff read of somebody: the reason, what was taken, and what was offered."""
        found = (await (await self.own.staff()).data(ANSWERS, id=of.id))["staff"]["retentionAnswers"]
        assert {each["planId"] for each in found} == {self.plan}
        return [(each["reason"], each["taken"], *each["offered"]) for each in found]


ALL = ("COUPON", "PAUSE", "DOWNGRADE")


async def shop_of(own: Api) -> Shop:
    """Set up by an admin, who is not let offer what nobody could take."""
    world, admin = own.world, await own.staff(Grant.ADMIN)
    bought, smaller = [await publish(world, Money(amount, EUR)) for amount in (900, 400)]
    plan = str(await plan_of(world, bought))
    coupon, account = [
        (await admin.do(PUBLISH_COUPON, **coupon_of(fresh("stay")) | {"scope": scope}))["coupon"]["code"]
        for scope in ("SUBSCRIPTION", "ACCOUNT")
    ]
    assert (await admin.refusal(SET, planId=plan, couponCode=account))["code"] == "INVALID_INPUT"
    assert (await admin.refusal(SET, planId=plan, priceId=str(bought)))["path"] == ["priceId"]
    ended = (await admin.do(PUBLISH_COUPON, **coupon_of(fresh("gone")) | {"scope": "SUBSCRIPTION"}))["coupon"]
    await admin.do(mutation("endCoupon"), couponId=ended["id"])
    over = {"code": "COUPON_OVER", "path": ["couponCode"]}
    assert await admin.refusal(SET, planId=plan, couponCode=ended["code"]) == over
    offer = {"planId": plan, "couponCode": coupon, "pauseDays": 30, "priceId": str(smaller), "everyMonths": 12}
    assert (await admin.do(SET, **offer))["offer"] == offer
    return Shop(own, admin, str(bought), str(smaller), plan, coupon)


@pytest.mark.row("Y4")
async def test_who_is_about_to_cancel_gets_one_offer_a_year_and_its_reason_is_kept(own: Api) -> None:
    shop = await shop_of(own)
    guest, mine = await shop.buyer()
    other, theirs = await shop.buyer()
    asked = (await guest.data(ASK, id=mine))["viewer"]["customer"]["cancellationFlow"]["offer"]
    assert tuple(each["kind"] for each in asked) == ALL
    assert asked[1]["resumesAt"].startswith("2027-01-31") and asked[2]["price"]["id"] == shop.smaller
    assert (asked[0]["percentPpm"], asked[0]["periods"]) == (500_000, None)
    assert (await guest.error(ASK, id=theirs))["extensions"]["code"] == "NOT_FOUND"
    assert (await guest.refusal(ACCEPT, subscriptionId=theirs, kind="PAUSE"))["code"] == "NOT_FOUND"
    await what_cannot_be_had_is_not_offered(shop, guest, mine)
    used = key()
    taken, again = [
        await guest.do(ACCEPT, subscriptionId=mine, kind="PAUSE", reason="NOT_USED", idempotencyKey=used)
        for _ in range(2)
    ]
    assert (taken["subscription"]["state"], again["operation"]["replayed"]) == ("PAUSED", True)
    assert taken["taken"]["resumesAt"] == taken["subscription"]["resumesAt"] == asked[1]["resumesAt"]
    log = (await guest.data(ACTIVITY, least=taken["operation"]["consistencyToken"]))["viewer"]["customer"]["activity"]
    assert {"kind": "OFFER_ACCEPTED", "by": "USER"} in [each["node"] for each in log["edges"]]
    await until(own.world, guest.who, day(2, 15))
    assert (await subscription_of(own.world, guest.who)).state.name == "active"
    assert await shown(guest, mine) == []
    assert (await guest.refusal(ACCEPT, subscriptionId=mine, kind="DOWNGRADE"))["code"] == "STATE_CONFLICT"
    await guest.do(mutation("cancelSubscription"), subscriptionId=mine, reason="TOO_EXPENSIVE")
    await until(own.world, guest.who, day(3, 15))
    assert (await subscription_of(own.world, guest.who)).state.name == "canceled"
    assert await shop.answers(guest) == [("TOO_EXPENSIVE", None), ("NOT_USED", "PAUSE", *ALL)]
    await who_comes_by_a_link_may_stay(shop, other, theirs)
    await an_offer_that_was_left_may_be_taken_later(shop)


async def test_what_was_taken_for_one_subscription_leaves_the_offer_for_another(own: Api) -> None:
    shop = await shop_of(own)
    guest, mine = await shop.buyer()
    beside = await publish(own.world, Money(700, EUR))
    offer = {"planId": str(await plan_of(own.world, beside)), "pauseDays": 30, "everyMonths": 12}
    await shop.admin.do(SET, **offer)
    other = (await guest.do(START, priceId=str(beside)))["subscription"]["id"]
    await guest.do(ACCEPT, subscriptionId=mine, kind="DOWNGRADE")
    assert (await shown(guest, mine), await shown(guest, other)) == ([], ["PAUSE"])
    await guest.do(ACCEPT, subscriptionId=other, kind="PAUSE")
    assert (await shown(guest, mine), await shown(guest, other)) == ([], [])


async def what_cannot_be_had_is_not_offered(shop: Shop, guest: Guest, mine: str) -> None:
    """A coupon that was redeemed, and what is switched off in the portal."""
    await guest.do(REDEEM, code=shop.coupon)
    await shop.admin.do(SWITCH, switchedOff=["PAUSE"])
    assert await shown(guest, mine) == ["DOWNGRADE"]
    for kind, code in (("COUPON", "ALREADY_EXISTS"), ("PAUSE", "STATE_CONFLICT")):
        assert await guest.refusal(ACCEPT, subscriptionId=mine, kind=kind) == {"code": code, "path": ["kind"]}
    await shop.admin.do(SWITCH, switchedOff=["CANCEL"])
    assert (await guest.error(ASK, id=mine))["extensions"]["code"] == "FORBIDDEN"
    assert (await guest.refusal(ACCEPT, subscriptionId=mine, kind="PAUSE"))["code"] == "FEATURE_OFF"
    await shop.admin.do(SWITCH, switchedOff=[])


async def who_comes_by_a_link_may_stay(shop: Shop, other: Guest, theirs: str) -> None:
    """Its link to cancel is used up by that too."""
    link = await linked(await shop.own.staff(), other, "CANCEL", subscriptionId=theirs)
    by_link = (await link.data(BY_LINK))["portalLink"]["cancellationFlow"]
    assert tuple(each["kind"] for each in by_link["offer"]) == ALL
    kept = await link.do(ACCEPT, subscriptionId=theirs, kind="DOWNGRADE")
    assert kept["subscription"]["nextPrice"] == {"id": shop.smaller}
    assert (await link.refusal(mutation("cancelSubscription"), subscriptionId=theirs))["code"] == "LINK_OVER"
    assert await shop.answers(other) == [(None, "DOWNGRADE", *ALL)]


async def an_offer_that_was_left_may_be_taken_later(shop: Shop) -> None:
    """It is remembered with the reason; who keeps the subscription after all has it still."""
    third, own = await shop.buyer()
    await third.do(mutation("cancelSubscription"), subscriptionId=own, reason="OTHER_PRODUCT")
    assert await shown(third, own) == []
    await third.do(mutation("reactivateSubscription"), subscriptionId=own)
    reduced = await third.do(ACCEPT, subscriptionId=own, kind="COUPON")
    assert (reduced["taken"]["couponName"], reduced["subscription"]["state"]) == ("Half off", "ACTIVE")
    assert set(await shop.answers(third)) == {(None, "COUPON", *ALL), ("OTHER_PRODUCT", None, *ALL)}
    await until(shop.own.world, third.who, day(2, 2))
    assert [each.total.minor for each in await invoices_of(shop.own.world, third.who)] == [900, 450]
    await until(shop.own.world, third.who, day(1, 2, year=2028))
    assert await shown(third, own) == ["PAUSE", "DOWNGRADE"], "a year after the last offer that was taken"
    assert (await shop.admin.do(SET, planId=shop.plan))["offer"] is None
