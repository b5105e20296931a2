"""The catalog through the API: versions and prices with their terms, what a plan allows, and the dunning policy."""

from typing import Any, cast

import pytest
from graphql import GraphQLInputObjectType

from domain.actor import Grant
from tests.api_callers import START, Api, Caller
from tests.frontend_schema import frontend_schema
from tests.world import fresh

MONEY = "{ minorUnits currency decimal }"
ERRORS = "errors { __typename ... on UserError { code path retryable } }"
TERMS = """id version effectiveFrom existingFrom family taxCategory proration trial { days needsPaymentMethod end }
    entitlements { feature { code name kind } value }"""
PLAN = f"""mutation ($input: PublishPlanInput!) {{ publishPlan(input: $input) {{
    plan {{ id code currentVersion {{ {TERMS} }} }} {ERRORS} }} }}"""
VERSION = f"""mutation ($input: PublishPlanVersionInput!) {{ publishPlanVersion(input: $input) {{
    planVersion {{ {TERMS} }} operation {{ replayed }} {ERRORS} }} }}"""
FEATURE = f"""mutation ($input: PublishFeatureInput!) {{ publishFeature(input: $input) {{
    feature {{ code name kind }} {ERRORS} }} }}"""
PRICE = f"""mutation ($input: PublishPriceInput!) {{ publishPrice(input: $input) {{
    price {{ id version amount {MONEY} interval {{ unit count }} model taxInclusive }} {ERRORS} }} }}"""
POLICY = f"""mutation ($input: SaveDunningPolicyInput!) {{ saveDunningPolicy(input: $input) {{
    dunningPolicy {{ retryDays suspendDay giveUpDay }} {ERRORS} }} }}"""
NODE = f"""query ($id: ID!) {{ node(id: $id) {{ ... on Plan {{ currentVersion {{ version }}
    versions {{ {TERMS} }} prices {{ id model }} }} }} }}"""


async def published(admin: Caller, **terms: Any) -> dict[str, Any]:
    """A plan of its own with those terms."""
    given = {"code": fresh("plan"), "name": "P", "description": "A plan", "rank": 30, "terms": terms}
    plan: dict[str, Any] = (await admin.do(PLAN, **given))["plan"]
    return plan


def price_of(plan: str, **changed: Any) -> dict[str, Any]:
    """The input of a monthly price."""
    amount = {"minorUnits": "1200", "currency": "EUR"}
    return {
        "planId": plan,
        "amount": amount,
        "intervalUnit": "MONTH",
        "effectiveFrom": "2020-01-01T00:00:00Z",
        **changed,
    }


@pytest.mark.row("D3")
@pytest.mark.row("I12")
async def test_customers_see_trials_and_what_a_plan_allows_before_they_buy(api: Api) -> None:
    admin, guest = await api.staff(Grant.ADMIN), await api.guest()
    switch = (await admin.do(FEATURE, code=fresh("sso"), name="Single sign-on", kind="SWITCH"))["feature"]
    limit = (await admin.do(FEATURE, code=fresh("seats"), name="Seats", kind="LIMIT"))["feature"]
    allowed = [{"feature": each["code"], "value": value} for each, value in ((switch, "1"), (limit, "25"))]
    plan = await published(
        admin, trialDays=14, trialEnd="PAUSE", trialNeedsPaymentMethod=True, proration="DAY", taxCategory="saas",
        family="suite", entitlements=allowed,
    )  # fmt: skip
    await admin.do(PRICE, **price_of(plan["id"]))
    plans = (await guest.data(f"{{ plans {{ id currentVersion {{ {TERMS} }} }} }}"))["plans"]
    (version,) = [each["currentVersion"] for each in plans if each["id"] == plan["id"]]
    assert version == plan["currentVersion"]
    assert version["trial"] == {"days": 14, "needsPaymentMethod": True, "end": "PAUSE"}
    assert (version["proration"], version["taxCategory"], version["family"]) == ("DAY", "saas", "suite")
    assert {each["feature"]["code"]: each["value"] for each in version["entitlements"]} == {
        switch["code"]: "1",
        limit["code"]: "25",
    }
    known = (await admin.data("{ staff { features { code kind } } }"))["staff"]["features"]
    assert {"code": limit["code"], "kind": "LIMIT"} in known


async def test_the_schema_says_of_whom_a_price_for_existing_customers_is(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    plan, since = (await published(admin))["id"], "2020-02-01T00:00:00Z"
    await admin.do(PRICE, **price_of(plan, model="PER_SEAT"))
    # Nobody pays it yet who could move; from then on, who buys it moves to the next one of this model.
    await admin.do(PRICE, **price_of(plan, model="FLAT", effectiveFrom=since, existingFrom=since))
    said = (
        cast(GraphQLInputObjectType, frontend_schema().type_map["PublishPriceInput"]).fields["existingFrom"].description
    )
    assert said and "as far as their price has the same currency, interval and model" in said


@pytest.mark.row("D17")
async def test_a_version_to_come_is_not_shown_before_it_begins(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    plan = await published(admin)
    for since in ("2027-01-01T00:00:00Z", "2027-03-01T00:00:00Z"):
        made = await admin.do(VERSION, planId=plan["id"], effectiveFrom=since, existingFrom="2027-06-01T00:00:00Z")
    assert (made["planVersion"]["version"], made["planVersion"]["existingFrom"]) == (3, "2027-06-01T00:00:00Z")
    guest = await api.guest()
    seen = (await guest.data(NODE, id=plan["id"]))["node"]
    assert ([each["version"] for each in seen["versions"]], seen["currentVersion"]) == ([1, 2], {"version": 2})
    refused = await admin.refusal(VERSION, planId=plan["id"], effectiveFrom="2027-03-01T00:00:00Z")
    assert (refused["__typename"], refused["code"], refused["path"]) == (
        "InputError",
        "INVALID_INPUT",
        ["effectiveFrom"],
    )


@pytest.mark.row("D2")
async def test_a_quarter_is_three_months_and_a_price_says_what_it_is_of(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    plan = await published(admin)
    given = price_of(plan["id"], intervalUnit="QUARTER", model="FLAT", taxInclusive=True)
    price = (await admin.do(PRICE, **given))["price"]
    assert (price["interval"], price["model"], price["taxInclusive"]) == ({"unit": "MONTH", "count": 3}, "FLAT", True)
    refused = await admin.refusal(PRICE, **given)
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["effectiveFrom"])


async def test_a_private_price_is_not_for_sale(api: Api) -> None:
    admin, guest = await api.staff(Grant.ADMIN), await api.guest("tok_visa")
    plan = await published(admin)
    secret = (await admin.do(PRICE, **price_of(plan["id"], private=True)))["price"]
    assert (await guest.data(NODE, id=plan["id"]))["node"]["prices"] == []
    refused = await guest.refusal(START, priceId=secret["id"])
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["priceId"])


@pytest.mark.row("D10")
async def test_the_dunning_policy_is_saved_whole_or_not_at_all(elsewhere: Api) -> None:
    admin = await elsewhere.staff(Grant.ADMIN)
    look = "{ staff { dunningPolicy { retryDays suspendDay giveUpDay } } }"
    before = (await admin.data(look))["staff"]["dunningPolicy"]
    refused = await admin.refusal(POLICY, retryDays=[2, 5, 9], suspendDay=8, giveUpDay=30)
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["suspendDay"])
    assert (await admin.data(look))["staff"]["dunningPolicy"] == before
    saved = (await admin.do(POLICY, retryDays=[1, 4], suspendDay=7, giveUpDay=21))["dunningPolicy"]
    assert saved == (await admin.data(look))["staff"]["dunningPolicy"] == {
        "retryDays": [1, 4], "suspendDay": 7, "giveUpDay": 21,
    }  # fmt: skip
    await admin.do(POLICY, **before)


@pytest.mark.parametrize("role", [Grant.SUPPORT, Grant.LEAD, Grant.FINANCE])
async def test_only_admins_change_what_is_sold_and_how_it_is_collected(api: Api, role: Grant) -> None:
    plan = await published(await api.staff(Grant.ADMIN))
    guest, colleague = await api.guest(), await api.staff(role)
    for document, given in (
        (VERSION, {"planId": plan["id"], "effectiveFrom": "2027-01-01T00:00:00Z"}),
        (FEATURE, {"code": fresh("feature"), "name": "F", "kind": "SWITCH"}),
        (POLICY, {"retryDays": [1], "suspendDay": 2, "giveUpDay": 3}),
        (PRICE, price_of(plan["id"])),
    ):
        for caller in (guest, colleague):
            refused = await caller.refusal(document, **given)
            assert (refused["__typename"], refused["code"]) == ("ForbiddenError", "FORBIDDEN")


TIMELINE = f"""mutation ($input: SaveDunningPolicyInput!) {{ saveDunningPolicy(input: $input) {{
    dunningPolicy {{ planId customerKind restrictDay keptFeatures noticeDays steps {{ day kind }} }} {ERRORS} }} }}"""
RULE = f"""mutation ($input: PublishGraceRuleInput!) {{ publishGraceRule(input: $input) {{
    graceRule {{ country customerKind minDays noticeDays source version }} {ERRORS} }} }}"""


@pytest.mark.row("D8")
async def test_a_plan_has_a_timeline_of_its_own_for_a_kind_of_customer(elsewhere: Api) -> None:
    admin = await elsewhere.staff(Grant.ADMIN)
    plan = await published(admin)
    feature = (await admin.do(FEATURE, code=fresh("sso"), name="Single sign-on", kind="SWITCH"))["feature"]["code"]
    days = {"retryDays": [2, 4], "suspendDay": 6, "giveUpDay": 20, "noticeDays": [1], "restrictDay": 3}
    given = {**days, "keptFeatures": [feature], "planId": plan["id"], "customerKind": "BUSINESS"}
    saved = (await admin.do(TIMELINE, **given))["dunningPolicy"]
    assert [(step["day"], step["kind"]) for step in saved["steps"]] == [
        (1, "NOTICE"), (2, "RETRY"), (3, "RESTRICT"), (4, "RETRY"), (6, "SUSPEND"), (20, "GIVE_UP"),
    ]  # fmt: skip
    assert (saved["planId"], saved["customerKind"], saved["keptFeatures"]) == (plan["id"], "BUSINESS", [feature])
    listed = (await admin.data("{ staff { dunningPolicies { planId suspendDay } } }"))["staff"]["dunningPolicies"]
    assert {"planId": plan["id"], "suspendDay": 6} in listed and listed[0]["planId"] is None


@pytest.mark.row("D12")
async def test_a_country_s_rule_is_published_over_the_built_in_one(elsewhere: Api) -> None:
    admin = await elsewhere.staff(Grant.ADMIN)
    look = "{ staff { graceRules { country customerKind minDays version source } } }"
    before = (await admin.data(look))["staff"]["graceRules"]
    assert {rule["country"] for rule in before} >= {"AU", "DE", "LU"} and all(rule["source"] for rule in before)
    rule = {"country": "DE", "customerKind": "CONSUMER", "minDays": 21, "noticeDays": 14, "source": "Our lawyers."}
    assert (await admin.do(RULE, **rule))["graceRule"] == {**rule, "version": 1}
    (now,) = [each for each in (await admin.data(look))["staff"]["graceRules"] if each["country"] == "DE"]
    assert (now["minDays"], now["version"]) == (21, 1)
