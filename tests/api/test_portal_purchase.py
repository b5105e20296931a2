"""Buying through the portal: the price list, a purchase in exact money, and why one is refused."""

import re
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from dev.story.documents import ADD_METHOD, BALANCE, PLANS
from domain.actor import Grant
from domain.money import Currency
from tests.api_callers import START, Api, Guest, key
from tests.world import LONG_AGO, NEW_YEAR, USD, fresh

MONEY = "{ minorUnits currency decimal }"
SUBSCRIPTIONS = f"""{{ viewer {{ customer {{ subscriptions {{ id state entitled quantity changePending endedAt
    unitAmount {MONEY} interval {{ unit count }} currentPeriod {{ start end }} plan {{ code prices {{ id }} }}
    nextPlan {{ code }} recovery {{ attemptsLeft }} }} }} }} }}"""
INVOICE = f"""query ($id: ID!) {{ viewer {{ customer {{ invoice(id: $id) {{ number state partiallyPaid subscriptionId
    total {MONEY} credited {MONEY} paid {MONEY} due {MONEY} issuedAt dueAt period {{ start end }}
    lines {{ description quantity unitAmount {MONEY} amount {MONEY} period {{ start end }} price {{ id version }}
        explanation {{ formula numeratorSeconds denominatorSeconds roundingResidue price {MONEY} }} }}
    payments {{ invoiceId attemptNumber state amount {MONEY} captured {MONEY} refundable {MONEY}
        method {{ brand last4 }} receipt {{ number }} refunds {{ id }} failureCode actionUrl }} }} }} }} }}"""
METHODS = "{ viewer { customer { paymentMethods { id brand last4 kind } defaultPaymentMethod { id } } } }"
PUBLISH_PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) {
    plan { id code name rank prices { id } } errors { ... on UserError { code } } } }"""
PUBLISH_PRICE = f"""mutation ($input: PublishPriceInput!) {{ publishPrice(input: $input) {{
    price {{ id version amount {MONEY} interval {{ unit count }} }} errors {{ ... on UserError {{ code }} }} }} }}"""


def euros(minor: int) -> dict[str, str]:
    """The shape of an amount in euros."""
    sign, cents = "-" if minor < 0 else "", f"{abs(minor):03}"
    return {"minorUnits": str(minor), "currency": "EUR", "decimal": f"{sign}{cents[:-2]}.{cents[-2:]}"}


async def customer(guest: Guest, document: str, **variables: Any) -> Any:
    """What the viewer's customer says."""
    return (await guest.data(document, **variables))["viewer"]["customer"]


async def test_the_price_list_shows_each_plan_with_its_prices_by_rank(api: Api) -> None:
    guest = await api.guest()
    plans = (await guest.data(PLANS))["plans"]
    shown = {plan["code"]: [price["amount"] for price in plan["prices"]] for plan in plans}
    assert list(shown)[:4] == ["starter", "team", "yearly", "usd"]
    assert shown["starter"] == [euros(1000)]
    assert shown["usd"] == [{"minorUnits": "1100", "currency": "USD", "decimal": "11.00"}]
    intervals = {plan["code"]: plan["prices"][0]["interval"] for plan in plans}
    assert intervals["yearly"] == {"unit": "YEAR", "count": 1}


@pytest.mark.row("A1")
async def test_a_purchase_answers_the_paid_invoice_in_exact_money(api: Api) -> None:
    guest, bought = await api.subscriber()
    assert bought["subscription"]["state"] == "ACTIVE"
    assert bought["operation"]["status"] == "DONE"
    assert not bought["operation"]["replayed"]
    invoice = (await customer(guest, INVOICE, id=bought["invoice"]["id"]))["invoice"]
    assert (invoice["state"], invoice["partiallyPaid"]) == ("PAID", False)
    assert (invoice["total"], invoice["paid"]) == (euros(1000), euros(1000))
    assert (invoice["credited"], invoice["due"]) == (euros(0), euros(0))
    assert invoice["period"] == {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"}
    (payment,) = invoice["payments"]
    assert (payment["attemptNumber"], payment["captured"], payment["refundable"]) == (1, euros(1000), euros(1000))
    assert payment["method"] == {"brand": "visa", "last4": "4242"}
    assert re.fullmatch(r"ACMETEST-(\d+-)?R-\d{6}", payment["receipt"]["number"])
    assert (payment["refunds"], payment["failureCode"], payment["actionUrl"]) == ([], None, None)
    assert payment["invoiceId"] == bought["invoice"]["id"]


@pytest.mark.row("D5")
async def test_a_line_s_explanation_gives_its_amount_again(api: Api) -> None:
    guest, bought = await api.subscriber("team")
    (line,) = (await customer(guest, INVOICE, id=bought["invoice"]["id"]))["invoice"]["lines"]
    why = line["explanation"]
    assert why["formula"] == "REST"
    share = Fraction(int(why["numeratorSeconds"]), int(why["denominatorSeconds"]))
    assert int(line["amount"]["minorUnits"]) == share * int(why["price"]["minorUnits"]) == 2000
    assert why["roundingResidue"] == f"0/{why['denominatorSeconds']}"
    assert (line["unitAmount"], line["quantity"], line["description"]) == (euros(2000), 1, "Team")
    assert line["price"] == {"id": str(api.world.prices["team"]), "version": 1}


async def test_the_subscription_shows_its_terms_and_what_is_null_until_it_happens(api: Api) -> None:
    guest, _ = await api.subscriber()
    (shown,) = (await customer(guest, SUBSCRIPTIONS))["subscriptions"]
    assert (shown["state"], shown["entitled"], shown["quantity"]) == ("ACTIVE", True, 1)
    assert (shown["unitAmount"], shown["interval"]) == (euros(1000), {"unit": "MONTH", "count": 1})
    assert shown["plan"] == {"code": "starter", "prices": [{"id": str(api.world.prices["starter"])}]}
    assert shown["currentPeriod"] == {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"}
    assert [shown[name] for name in ("nextPlan", "recovery", "endedAt")] == [None, None, None]
    assert not shown["changePending"]


async def test_several_units_cost_that_many_times_the_price(api: Api) -> None:
    guest = await api.guest("tok_visa")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]), quantity=7)
    assert bought["invoice"]["total"] == euros(7000)


async def test_a_currency_without_minor_units_has_none_in_its_decimal(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    code = fresh("yen")
    plan = (await admin.do(PUBLISH_PLAN, code=code, name="Yen", description="In yen", rank=9))["plan"]
    assert (plan["code"], plan["rank"], plan["prices"]) == (code, 9, [])
    price = (await admin.do(PUBLISH_PRICE, **price_of(plan["id"], "1500", "JPY")))["price"]
    assert price["amount"] == {"minorUnits": "1500", "currency": "JPY", "decimal": "1500"}
    guest = await api.guest("tok_visa", currency=Currency("JPY"))
    bought = await guest.do(START, priceId=price["id"])
    assert bought["invoice"]["total"] == {"minorUnits": "1500", "currency": "JPY", "decimal": "1500"}
    assert (await customer(guest, BALANCE))["balance"]["credit"]["decimal"] == "0"


def price_of(plan: str, minor: str, currency: str, since: datetime = LONG_AGO) -> dict[str, Any]:
    """The input of a monthly price that has long been on offer."""
    amount = {"minorUnits": minor, "currency": currency}
    begins = since.isoformat().replace("+00:00", "Z")
    return {"planId": plan, "amount": amount, "intervalUnit": "MONTH", "intervalCount": 1, "effectiveFrom": begins}


async def test_a_new_price_version_is_for_new_customers_alone(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    plan = (await admin.do(PUBLISH_PLAN, code=fresh("plan"), name="P", description="A plan", rank=20))["plan"]
    first = (await admin.do(PUBLISH_PRICE, **price_of(plan["id"], "500", "EUR")))["price"]
    early = await api.guest("tok_visa")
    await early.do(START, priceId=first["id"])
    second = (await admin.do(PUBLISH_PRICE, **price_of(plan["id"], "600", "EUR", NEW_YEAR)))["price"]
    assert (first["version"], second["version"]) == (1, 2)
    (kept,) = (await customer(early, SUBSCRIPTIONS))["subscriptions"]
    assert (kept["unitAmount"], kept["plan"]["prices"]) == (euros(500), [{"id": second["id"]}])
    late = await api.guest("tok_visa")
    refused = await late.refusal(START, priceId=first["id"])
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["priceId"])
    assert (await late.do(START, priceId=second["id"]))["invoice"]["total"] == euros(600)


async def test_why_a_purchase_is_refused_is_data_of_its_own_type(api: Api) -> None:
    starter, usd = str(api.world.prices["starter"]), str(api.world.prices["usd"])
    poor = await api.guest()
    refused = await poor.refusal(START, priceId=starter)
    assert (refused["__typename"], refused["code"]) == ("ConflictError", "PAYMENT_METHOD_REQUIRED")
    rich, _ = await api.subscriber()
    again = await rich.refusal(START, priceId=starter)
    assert (again["__typename"], again["code"], again["path"]) == ("ConflictError", "ALREADY_EXISTS", ["priceId"])
    foreign = await rich.refusal(START, priceId=usd)
    assert (foreign["__typename"], foreign["code"]) == ("InputError", "CURRENCY_MISMATCH")
    american = await api.guest("tok_visa", currency=USD)
    assert (await american.do(START, priceId=usd))["invoice"]["total"]["decimal"] == "11.00"


async def test_a_refused_purchase_answers_null_entities_and_no_operation(api: Api) -> None:
    guest = await api.guest()
    payload = await guest.call(START, priceId=str(api.world.prices["starter"]))
    assert [payload[name] for name in ("subscription", "invoice", "operation")] == [None, None, None]
    assert payload["errors"][0]["message"] == "Add a payment method first."
    assert not payload["errors"][0]["retryable"]


async def test_a_new_method_becomes_the_default_and_earlier_ones_stay(api: Api) -> None:
    guest = await api.guest()
    assert await customer(guest, METHODS) == {"paymentMethods": [], "defaultPaymentMethod": None}
    visa = (await guest.do(ADD_METHOD, token="tok_visa"))["paymentMethod"]
    bank = (await guest.do(ADD_METHOD, token="tok_bank"))["paymentMethod"]
    shown = await customer(guest, METHODS)
    assert [each["id"] for each in shown["paymentMethods"]] == [visa["id"], bank["id"]]
    assert [each["kind"] for each in shown["paymentMethods"]] == ["card", "bank_debit"]
    assert shown["defaultPaymentMethod"]["id"] == bank["id"]


@pytest.mark.parametrize("token", ["tok_not_accepted", "tok_unheard_of", "4242424242424242"])
async def test_a_token_that_the_provider_does_not_take_is_refused_and_not_stored(api: Api, token: str) -> None:
    guest = await api.guest()
    again = key()
    refused = await guest.refusal(ADD_METHOD, token=token, idempotencyKey=again)
    assert (refused["code"], refused["path"], refused["retryable"]) == ("PAYMENT_METHOD_REFUSED", ["token"], False)
    assert token not in refused["message"]
    assert (await customer(guest, METHODS))["paymentMethods"] == []
    assert (await guest.do(ADD_METHOD, token="tok_visa", idempotencyKey=again))["paymentMethod"]["brand"] == "visa"
