"""Why a bill changed, asked through the portal."""

from typing import Any

import asyncpg
import pytest

from dev.story.documents import ADVANCE
from domain.ids import InvoiceId, PriceId
from domain.money import Money
from domain.payments.note_parts import NoteLine
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Guest
from tests.domain.invoices.bills import note
from tests.lives import publish
from tests.world import USD

AMOUNT = "{ minorUnits }"
LIST = """query ($token: ConsistencyToken) { viewer { customer { invoices(first: 10, atLeast: $token) {
    edges { node { id } } } } } }"""
COMPARE = f"""query ($before: ID!, $after: ID!) {{ viewer {{ customer {{
    invoiceComparison(before: $before, after: $after) {{ errors {{ __typename ... on UserError {{ code path }} }}
    comparison {{ difference {AMOUNT} before {{ number }} after {{ number }}
    reasons {{ kind amount {AMOUNT} lineBefore lineAfter redemptionId name }} }} }} }} }} }}"""
WHY = """query ($id: ID!) { viewer { customer { invoice(id: $id) { lines { explanation {
    kind priceId planVersionId creditedInvoiceId discounts { amount { minorUnits } roundingResidue }
    taxes { rateId formula amount { minorUnits } roundingResidue } } } } } } }"""
CHANGE = """mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
    errors { ... on UserError { code } } } }"""


# Nobody changes a customer's currency through the door: its owner does, with the accounts that belong to it.
IN_DOLLARS = (
    "UPDATE customer SET currency = 'USD' WHERE id = $1",
    """INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
       SELECT shard_key, customer_id, kind, 'USD' FROM ledger_account WHERE customer_id = $1""",
    """INSERT INTO account_balance (shard_key, customer_id, kind, currency, balance, version, through_number)
       SELECT shard_key, customer_id, kind, 'USD', 0, 0, 0 FROM account_balance WHERE customer_id = $1""",
)


async def invoices(guest: Guest) -> list[str]:
    """The ids of the guest's invoices, oldest first."""
    edges = (await guest.data(LIST, token="00000001" + "7" * 16))["viewer"]["customer"]["invoices"]["edges"]
    return [edge["node"]["id"] for edge in reversed(edges)]


async def comparison(guest: Guest, before: str, after: str) -> Any:
    """What the portal says of two invoices."""
    answer = (await guest.data(COMPARE, before=before, after=after))["viewer"]["customer"]["invoiceComparison"]
    assert answer["errors"] == []
    return answer["comparison"]


async def refused(guest: Guest, before: str, after: str) -> Any:
    """Why two are not compared."""
    answer = (await guest.data(COMPARE, before=before, after=after))["viewer"]["customer"]["invoiceComparison"]
    assert answer["comparison"] is None
    (error,) = answer["errors"]
    return error


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
    error = await refused(guest, bought["invoice"]["id"], other["invoice"]["id"])
    assert (error["__typename"], error["code"]) == ("NotFoundError", "NOT_FOUND")


async def dollar_price(api: Api) -> PriceId:
    """The price of another plan, in USD."""
    return await publish(api.world, Money(1100, USD))


@pytest.mark.row("X2")
async def test_two_invoices_in_two_currencies_are_not_compared(api: Api, owner_url: str) -> None:
    guest, bought = await api.subscriber()
    connection = await asyncpg.connect(owner_url)
    try:
        for statement in IN_DOLLARS:
            await connection.execute(statement, guest.who.id.uuid)
    finally:
        await connection.close()
    dollars = await guest.do(START, priceId=str(await dollar_price(api)))
    error = await refused(guest, bought["invoice"]["id"], dollars["invoice"]["id"])
    assert (error["__typename"], error["code"], error["path"]) == ("InputError", "CURRENCY_MISMATCH", ["after"])


NOTE = """query ($id: ID!) { node(id: $id) { ... on CreditNote { lines { explanation {
    kind invoiceId invoiceLine left { minorUnits } asked { minorUnits } weight { minorUnits } base { minorUnits }
    derivation { formula } amount { minorUnits } roundingResidue taxes { name amount { minorUnits } } } } } } }"""


@pytest.mark.row("X2")
async def test_the_portal_says_why_a_credit_note_is_that_much(api: Api) -> None:
    guest, bought = await api.subscriber()
    id = bought["invoice"]["id"]
    shared = await note(api.world, guest.who, InvoiceId.parse(id), 333, credit=333)
    rest = await note(api.world, guest.who, InvoiceId.parse(id), lines=(NoteLine(1, None),), credit=667)
    (line,) = (await guest.data(NOTE, id=str(shared.credit_note)))["node"]["lines"]
    why = line["explanation"]
    amounts = [why[name]["minorUnits"] for name in ("left", "asked", "weight", "base", "amount")]
    assert (why["kind"], amounts) == ("WORTH", ["1000", "333", "1000", "1000", "333"])
    assert (why["invoiceId"], why["invoiceLine"], why["derivation"], why["taxes"]) == (id, 1, None, [])
    (line,) = (await guest.data(NOTE, id=str(rest.credit_note)))["node"]["lines"]
    why = line["explanation"]
    assert (why["kind"], why["left"], why["amount"]) == ("REST", {"minorUnits": "667"}, {"minorUnits": "667"})
