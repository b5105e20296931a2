"""A subscription read as the contract it is: who, what, by which schedule, at which price, and how it is collected."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START, Api, Guest
from tests.world import EUR

AGREED = """query ($id: ID!) { viewer { customer { id subscription(id: $id) {
    customerId plan { id code } planVersion { id version family proration } price { id version amount { decimal } }
    quantity unitAmount { decimal } interval { unit count } anchorAt anchorDay timeZone currentPeriod { start end }
    collection { automatic netDays purchaseOrder } contract { id price { id } commitment { decimal } } } } } }"""
VERSIONS = "{ plans { id code versions { id version } } }"
TERMS = """mutation ($input: SetBillingTermsInput!) { setBillingTerms(input: $input) {
    errors { ... on UserError { code } } } }"""
SIGN = """mutation ($input: CreateContractInput!) { createContract(input: $input) {
    contract { id } errors { ... on UserError { code } } } }"""
MONTH_END = datetime(2027, 1, 31, 10, tzinfo=UTC)


async def agreed(guest: Guest, bought: Any) -> Any:
    """The subscription as a contract."""
    return (await guest.data(AGREED, id=bought["subscription"]["id"]))["viewer"]["customer"]["subscription"]


@pytest.mark.row("D1")
async def test_a_subscription_says_who_bought_what_when_at_which_price_and_how_it_is_collected(api: Api) -> None:
    who = await api.world.customer(
        clock_at=MONTH_END, time_zone="Europe/Berlin", currency=EUR, issuer=api.issuer
    )  # fmt: skip
    await api.world.card(who)
    guest, price = Guest(api.http, await api.token("portal", who.subject), who), str(api.world.prices["starter"])
    bought = await guest.do(START, priceId=price, quantity=3)
    seen = await agreed(guest, bought)
    plan = next(each for each in (await guest.data(VERSIONS))["plans"] if each["code"] == "starter")
    assert seen["customerId"] == guest.id
    assert (seen["plan"], seen["quantity"]) == ({"id": plan["id"], "code": "starter"}, 3)
    assert seen["planVersion"] == {**plan["versions"][-1], "family": "starter", "proration": "SECOND"}
    assert (seen["price"]["id"], seen["price"]["amount"], seen["unitAmount"]) == (
        price, {"decimal": "10.00"}, {"decimal": "10.00"},
    )  # fmt: skip
    assert (seen["anchorAt"], seen["anchorDay"], seen["timeZone"]) == ("2027-01-31T10:00:00Z", 31, "Europe/Berlin")
    assert seen["interval"] == {"unit": "MONTH", "count": 1}
    assert seen["currentPeriod"] == {"start": "2027-01-31T10:00:00Z", "end": "2027-02-28T10:00:00Z"}
    assert seen["collection"] == {"automatic": True, "netDays": 0, "purchaseOrder": None}
    assert seen["contract"] is None


@pytest.mark.row("D1")
async def test_a_negotiated_subscription_names_its_contract_while_its_term_runs_and_its_terms(api: Api) -> None:
    finance, guest, price = await api.staff(Grant.FINANCE), await api.guest("tok_visa"), str(api.world.prices["team"])
    term = {"startsAt": "2027-01-01T00:00:00Z", "endsAt": "2027-02-01T00:00:00Z", "netDays": 30}
    given = {"priceId": price, "commitment": {"minorUnits": "5000", "currency": "EUR"}, "purchaseOrder": "PO-7"}
    signed = (await finance.do(SIGN, customerId=guest.id, **given, **term))["contract"]["id"]
    bought = await guest.do(START, priceId=price)
    seen = await agreed(guest, bought)
    assert seen["contract"] == {"id": signed, "price": {"id": price}, "commitment": {"decimal": "50.00"}}
    assert seen["collection"] == {"automatic": False, "netDays": 30, "purchaseOrder": "PO-7"}
    other = await agreed(guest, await guest.do(START, priceId=str(api.world.prices["starter"])))
    assert (other["contract"], other["collection"]) == (None, seen["collection"])
    await finance.do(TERMS, customerId=guest.id, netDays=0)
    assert (await agreed(guest, bought))["collection"] == {"automatic": True, "netDays": 0, "purchaseOrder": None}
