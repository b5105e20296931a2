"""What the tests of the door need of plans and prices that are retired."""

from typing import Any

from tests.api_callers import Caller
from tests.world import fresh

PUBLISH_PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) { plan { id }
    errors { ... on UserError { code message } } } }"""
PUBLISH_PRICE = """mutation ($input: PublishPriceInput!) { publishPrice(input: $input) { price { id }
    errors { ... on UserError { code message } } } }"""
RETIRE_PLAN = """mutation ($input: RetirePlanInput!) { retirePlan(input: $input) { plan { id retiredAt prices { id } }
    operation { replayed } errors { ... on UserError { code message path } } } }"""
RETIRE_PRICE = """mutation ($input: RetirePriceInput!) { retirePrice(input: $input) { price { id retiredAt }
    operation { replayed } errors { ... on UserError { code message path } } } }"""

ADMINS = ("retirePlan", "retirePrice")
LATER = "2030-01-01T00:00:00Z"
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {each: {"effectiveAt": "2031-01-01T00:00:00Z"} for each in ADMINS}
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("retirePlan", {"planId": "plan_" + "0" * 26}, "NOT_FOUND", ["planId"]),
    ("retirePlan", {"planId": "nonsense"}, "NOT_FOUND", ["planId"]),
    ("retirePlan", {"effectiveAt": "2020-01-01T00:00:00Z"}, "INVALID_INPUT", ["effectiveAt"]),
    ("retirePrice", {"priceId": "price_" + "0" * 26}, "NOT_FOUND", ["priceId"]),
    ("retirePrice", {"priceId": "nonsense"}, "NOT_FOUND", ["priceId"]),
    ("retirePrice", {"effectiveAt": "2020-01-01T00:00:00Z"}, "INVALID_INPUT", ["effectiveAt"]),
]


async def sold(admin: Caller) -> tuple[str, str]:
    """A plan of its own with a monthly price: their ids."""
    named = {"code": fresh("plan"), "name": "P", "description": "No other test's", "rank": 91}
    plan = (await admin.do(PUBLISH_PLAN, **named))["plan"]["id"]
    return plan, await priced(admin, plan)


async def priced(admin: Caller, plan: str, **changed: Any) -> str:
    """The next monthly price of a plan."""
    given = {"planId": plan, "amount": {"minorUnits": "1000", "currency": "EUR"}, "intervalUnit": "MONTH",
             "effectiveFrom": "2020-01-01T00:00:00Z", **changed}  # fmt: skip
    return str((await admin.do(PUBLISH_PRICE, **given))["price"]["id"])


async def catalog_input(admin: Caller) -> dict[str, dict[str, Any]]:
    """For each mutation about retirement an input that would be performed."""
    plan, price = await sold(admin)
    return {
        "retirePlan": {"planId": plan, "effectiveAt": LATER},
        "retirePrice": {"priceId": price, "effectiveAt": LATER},
    }


async def retired(admin: Caller) -> dict[str, str]:
    """A plan and a price that are not sold any more."""
    (plan, _), (_, price) = await sold(admin), await sold(admin)
    await admin.do(RETIRE_PLAN, planId=plan)
    await admin.do(RETIRE_PRICE, priceId=price)
    return {"retired plan": plan, "retired price": price}
