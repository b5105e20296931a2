"""Why a bill changed, asked through the portal."""

from typing import Any

import pytest

from dev.story.documents import ADVANCE
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest

AMOUNT = "{ minorUnits }"
LIST = """query ($token: ConsistencyToken) { viewer { customer { invoices(first: 10, atLeast: $token) {
    edges { node { id } } } } } }"""
COMPARE = f"""query ($before: ID!, $after: ID!) {{ viewer {{ customer {{
    compareInvoices(before: $before, after: $after) {{
    difference {AMOUNT} before {{ number }} after {{ number }}
    reasons {{ kind amount {AMOUNT} lineBefore lineAfter redemptionId name }} }} }} }} }}"""
WHY = """query ($id: ID!) { viewer { customer { invoice(id: $id) { lines { explanation {
    kind priceId planVersionId creditedInvoiceId discounts { amount { minorUnits } roundingResidue }
    taxes { rateId formula amount { minorUnits } roundingResidue } } } } } } }"""
CHANGE = """mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
    errors { ... on UserError { code } } } }"""


async def invoices(guest: Guest) -> list[str]:
    """The ids of the guest's invoices, oldest first."""
    edges = (await guest.data(LIST, token="00000001" + "7" * 16))["viewer"]["customer"]["invoices"]["edges"]
    return [edge["node"]["id"] for edge in reversed(edges)]


async def comparison(guest: Guest, before: str, after: str) -> Any:
    """What the portal says of two invoices."""
    return (await guest.data(COMPARE, before=before, after=after))["viewer"]["customer"]["compareInvoices"]


@pytest.mark.row("X2")
async def test_the_portal_says_why_the_bill_changed(api: Api) -> None:
    guest, bought = await api.subscriber()
    await guest.do(ADVANCE, to="2027-01-11T18:00:00Z")
    await do_now(api.world.house, guest.who.id)
    subscription = bought["subscription"]["id"]
    await guest.do(CHANGE, subscriptionId=subscription, priceId=str(api.world.prices["team"]))
    await guest.do(ADVANCE, to="2027-02-01T03:00:00Z")
    await do_now(api.world.house, guest.who.id)
    first, changed, renewed = await invoices(guest)
    found = await comparison(guest, first, renewed)
    assert found["difference"] == {"minorUnits": "1000"}
    (reason,) = found["reasons"]
    assert (reason["kind"], reason["amount"], reason["lineBefore"]) == ("PRICE", {"minorUnits": "1000"}, 1)
    mixed = await comparison(guest, first, changed)
    assert [reason["kind"] for reason in mixed["reasons"]] == ["PRICE", "PRORATION", "PRORATION"]
    assert sum(int(reason["amount"]["minorUnits"]) for reason in mixed["reasons"]) == 653 - 1000
    credit, charge = (await guest.data(WHY, id=changed))["viewer"]["customer"]["invoice"]["lines"]
    assert [each["explanation"]["kind"] for each in (credit, charge)] == ["UNUSED_TIME", "PRORATED"]
    assert credit["explanation"]["creditedInvoiceId"] == first
    assert charge["explanation"]["planVersionId"]


async def test_an_invoice_of_somebody_else_is_not_compared(api: Api) -> None:
    guest, bought = await api.subscriber()
    _, other = await api.subscriber()
    error = await guest.error(COMPARE, before=bought["invoice"]["id"], after=other["invoice"]["id"])
    assert error["extensions"]["code"] == "NOT_FOUND"
