"""Taxes through the API: finance publishes and registers, customers show who and where they are, invoices say it."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.actor import Grant
from domain.reactions.house import House
from tests.api_callers import START, Api, Guest
from tests.bad_input_stage import ADD_EXEMPTION, ADD_TAX_ID, mutation
from tests.tax_kit import TAX_IDS
from tests.world import make_world

RATE = """mutation ($input: PublishTaxRateInput!) { publishTaxRate(input: $input) {
    taxRate { id country region ratePpm version customerKind exempt effectiveFrom } inThePast operation { replayed }
    errors { ... on UserError { code path } } } }"""
REGISTER = """mutation ($input: RegisterForTaxInput!) { registerForTax(input: $input) {
    registrations { country scheme taxNumber registeredUntil } errors { ... on UserError { code path } } } }"""
SELLER = """mutation ($input: SetSellerTaxInput!) { setSellerTax(input: $input) { region rounding
    errors { ... on UserError { code path } } } }"""
REMOVE = """mutation ($input: RemoveTaxIdInput!) { removeTaxId(input: $input) { taxIds { country }
    errors { ... on UserError { code path } } } }"""
JUDGE = """mutation ($input: JudgeTaxIdInput!) { judgeTaxId(input: $input) { taxId { status }
    errors { ... on UserError { code path } } } }"""
END = """mutation ($input: EndTaxExemptionInput!) { endTaxExemption(input: $input) { exemption { validUntil }
    errors { ... on UserError { code path } } } }"""
MOVE = """mutation ($input: ChangeBillingDetailsInput!) { changeBillingDetails(input: $input) {
    customer { billingPerson { name country region } } errors { ... on UserError { code path } } } }"""
RATES = "query ($country: String, $after: ID) { staff { taxRates(country: $country, after: $after) { id version } } }"
REGISTRATIONS = '{ staff { taxRegistrations(legalEntity: "ACMETEST") { country scheme taxNumber } } }'
OWN = "{ viewer { customer { taxIds { id kind country value status } taxExemptions { region certificate } } } }"
TAXED = """query ($id: ID!) { viewer { customer { invoice(id: $id) { tax { minorUnits } total { minorUnits }
    taxes { name treatment ratePpm taxable { minorUnits } amount { minorUnits } } } } } }"""
GERMANY = {
    "country": "DE",
    "component": "VAT",
    "name": "USt.",
    "ratePpm": 190_000,
    "effectiveFrom": "2020-01-01T00:00:00Z",
}
HERE = {
    "legalEntity": "ACMETEST",
    "country": "DE",
    "taxNumber": "DE136695976",
    "registeredFrom": "2020-01-01T00:00:00Z",
}
PARIS = {"name": "Ada", "email": "ada@example.test", "address": "1 Rue de Test, Paris", "country": "FR"}


@pytest.fixture
async def desk(api: Api, house: House) -> Api:
    """A tenant of the test's own, whose sandbox entity is registered for VAT in Germany."""
    made = Api(api.http, await make_world(house), api.issuer, api.mint)
    await made.world.trust(api.issuer)
    finance = await made.staff(Grant.FINANCE)
    await finance.do(RATE, **GERMANY)
    await finance.do(REGISTER, **HERE)
    return made


async def bought(desk: Api, guest: Guest) -> Any:
    """The taxes of what the guest buys."""
    invoice = (await guest.do(START, priceId=str(desk.world.prices["starter"])))["invoice"]["id"]
    return (await guest.data(TAXED, id=invoice))["viewer"]["customer"]["invoice"]


@pytest.mark.row("E3")
async def test_an_invoice_says_which_taxes_it_holds(desk: Api) -> None:
    invoice = await bought(desk, await desk.guest("tok_visa"))
    assert (invoice["tax"]["minorUnits"], invoice["total"]["minorUnits"]) == ("190", "1190")
    assert invoice["taxes"] == [
        {"name": "USt.", "treatment": "standard", "ratePpm": 190_000, "taxable": {"minorUnits": "1000"},
         "amount": {"minorUnits": "190"}}
    ]  # fmt: skip


@pytest.mark.row("E3")
async def test_a_business_abroad_that_shows_its_tax_id_accounts_for_the_tax_itself(desk: Api) -> None:
    guest = await desk.guest("tok_visa")
    moved = await guest.do(MOVE, **PARIS)
    assert moved["customer"]["billingPerson"] == {"name": "Ada", "country": "FR", "region": ""}
    await guest.do(ADD_TAX_ID, country="FR", value=TAX_IDS["FR"])
    invoice = await bought(desk, guest)
    assert [(each["treatment"], each["amount"]["minorUnits"]) for each in invoice["taxes"]] == [("reverse_charge", "0")]
    assert invoice["total"]["minorUnits"] == "1000"


async def test_a_customer_sees_and_removes_its_tax_ids(desk: Api) -> None:
    guest = await desk.guest()
    await guest.do(ADD_TAX_ID, country="DE", value="136 695 976")
    (own,) = (await guest.data(OWN))["viewer"]["customer"]["taxIds"]
    assert {**own, "id": ""} == {"id": "", "kind": "eu_vat", "country": "DE", "value": "DE136695976", "status": "VALID"}
    eve = await desk.guest()
    assert (await eve.refusal(REMOVE, taxId=own["id"]))["code"] == "NOT_FOUND"
    assert (await eve.refusal(REMOVE, taxId=own["id"], customerId=guest.id))["code"] == "NOT_FOUND"
    assert (await guest.do(REMOVE, taxId=own["id"]))["taxIds"] == []


async def test_staff_add_judge_and_remove_a_tax_id_for_a_customer(desk: Api) -> None:
    guest, support = await desk.guest(), await desk.staff()
    added = await support.do(ADD_TAX_ID, country="AT", value=TAX_IDS["AT"], customerId=guest.id)
    whose = {"customerId": guest.id, "taxId": added["taxId"]["id"]}
    assert (await support.do(JUDGE, **whose, valid=False))["taxId"]["status"] == "INVALID"
    assert (await support.do(JUDGE, **whose, valid=True))["taxId"]["status"] == "VALID"
    assert (await guest.refusal(JUDGE, **whose, valid=True))["code"] == "FORBIDDEN"
    assert (await support.do(REMOVE, **whose))["taxIds"] == []


async def test_staff_exempt_a_customer_until_they_end_it(desk: Api) -> None:
    guest, support = await desk.guest("tok_visa"), await desk.staff()
    given = {"customerId": guest.id, "country": "DE", "certificate": "E 1", "validFrom": "2020-01-01T00:00:00Z"}
    assert (await guest.refusal(ADD_EXEMPTION, **given))["code"] == "FORBIDDEN"
    kept = (await support.do(ADD_EXEMPTION, **given))["exemption"]["id"]
    assert (await guest.data(OWN))["viewer"]["customer"]["taxExemptions"] == [{"region": "", "certificate": "E 1"}]
    assert [each["treatment"] for each in (await bought(desk, guest))["taxes"]] == ["exempt"]
    until = {"customerId": guest.id, "exemptionId": kept, "endsAt": "2028-01-01T00:00:00Z"}
    assert (await support.do(END, **until))["exemption"]["validUntil"] == "2028-01-01T00:00:00Z"
    refused = await support.refusal(END, **until)
    assert (refused["code"], refused["path"]) == ("STATE_CONFLICT", ["endsAt"])


@pytest.mark.row("E5")
async def test_finance_corrects_a_rate_by_its_next_version(desk: Api) -> None:
    finance = await desk.staff(Grant.FINANCE)
    corrected = await finance.do(RATE, **{**GERMANY, "ratePpm": 180_000})
    assert (corrected["taxRate"]["version"], corrected["inThePast"]) == (2, True)
    listed = (await finance.data(RATES, country="DE"))["staff"]["taxRates"]
    assert [each["version"] for each in listed] == [2, 1]
    rest = (await finance.data(RATES, after=listed[0]["id"]))["staff"]["taxRates"]
    assert [each["version"] for each in rest] == [1]
    assert (await finance.data(RATES, country="FR"))["staff"]["taxRates"] == []


async def test_finance_registers_says_where_it_sits_and_ends_a_registration(desk: Api) -> None:
    finance = await desk.staff(Grant.FINANCE)
    assert (await finance.data(REGISTRATIONS))["staff"]["taxRegistrations"] == [
        {"country": "DE", "scheme": "DOMESTIC", "taxNumber": "DE136695976"}
    ]
    ended = await finance.do(REGISTER, **HERE, registeredUntil="2026-01-01T00:00:00Z")
    assert [each["registeredUntil"] for each in ended["registrations"]] == ["2026-01-01T00:00:00Z"]
    assert (await bought(desk, await desk.guest("tok_visa")))["taxes"] == []
    seller = await finance.do(SELLER, legalEntity="ACMETEST", region="BE", rounding="INVOICE")
    assert (seller["region"], seller["rounding"]) == ("BE", "INVOICE")


@pytest.mark.parametrize("name", ["publishTaxRate", "registerForTax", "setSellerTax"])
async def test_support_and_customers_say_nothing_of_rates_and_registrations(desk: Api, name: str) -> None:
    good: dict[str, Mapping[str, object]] = {
        "publishTaxRate": GERMANY, "registerForTax": HERE,
        "setSellerTax": {"legalEntity": "ACMETEST", "region": "", "rounding": "LINE"},
    }  # fmt: skip
    for caller in (await desk.staff(), await desk.staff(Grant.LEAD), await desk.guest()):
        assert (await caller.refusal(mutation(name), **good[name]))["code"] == "FORBIDDEN"
