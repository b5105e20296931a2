"""Legal details through the API: finance says where the seller is registered, and its documents say it from then on."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.ids import InvoiceId
from domain.reactions.house import House
from tests.api_callers import START, Api, Guest
from tests.domain.invoices.bills import note
from tests.domain.invoices.pdf_text import Pdf
from tests.domain.invoices.schematron import findings
from tests.world import make_world

ENTRY = "HRB 12345 B, Amtsgericht Charlottenburg"
SET = """mutation ($input: SetLegalDetailsInput!) { setLegalDetails(input: $input) {
    legalEntity { code registerEntry retentionYears } operation { replayed }
    errors { ... on UserError { code message path } } } }"""
ENTITIES = "{ staff { legalEntities { code name country timeZone sandbox registerEntry retentionYears } } }"
DOCUMENTS = """query ($id: ID!) { viewer { customer { invoice(id: $id) { keptUntil pdfUrl eInvoiceUrl
    creditNotes { keptUntil pdfUrl eInvoiceUrl } payments { receipt { keptUntil pdfUrl } } } } } }"""
DETAILS = {"legalEntity": "ACMETEST", "registerEntry": ENTRY, "retentionYears": 8}


@pytest.fixture
async def desk(api: Api, house: House) -> Api:
    """A tenant of the test's own."""
    made = Api(api.http, await make_world(house), api.issuer, api.mint)
    await made.world.trust(api.issuer)
    return made


async def papers(desk: Api, guest: Guest) -> list[Any]:
    """An invoice that the guest paid, the credit note over a part of it, and the receipt."""
    bought = (await guest.do(START, priceId=str(desk.world.prices["starter"])))["invoice"]["id"]
    await note(desk.world, guest.who, InvoiceId.parse(bought), 100, credit=100)
    return await listed(guest, bought)


async def listed(guest: Guest, id: str) -> list[Any]:
    """What there is of the invoice on paper."""
    invoice = (await guest.data(DOCUMENTS, id=id))["viewer"]["customer"]["invoice"]
    return [invoice, invoice["creditNotes"][0], invoice["payments"][0]["receipt"]]


@pytest.mark.row("E14")
async def test_documents_name_the_register_from_when_on_it_is_known_and_are_kept_for_its_years(desk: Api) -> None:
    early, late = await desk.guest("tok_visa"), await desk.guest("tok_visa")
    before = await papers(desk, early)
    assert [each["keptUntil"] for each in before] == ["2037-12-31"] * 3
    first = [(await early.get(each["pdfUrl"])).content for each in before]
    finance = await desk.staff(Grant.FINANCE)
    told = await finance.do(SET, **DETAILS)
    assert told["legalEntity"] == {"code": "ACMETEST", "registerEntry": ENTRY, "retentionYears": 8}
    assert [(await early.get(each["pdfUrl"])).content for each in before] == first
    after = await papers(desk, late)
    assert [each["keptUntil"] for each in after] == ["2035-12-31"] * 3
    id = before[0]["pdfUrl"].removeprefix("/documents/invoices/").removesuffix(".pdf")
    for years, kept in ((8, ["2037", "2035"]), (12, ["2039", "2039"]), (6, ["2039", "2039"])):
        await finance.do(SET, **DETAILS | {"retentionYears": years})
        own = after[0]["pdfUrl"].removeprefix("/documents/invoices/").removesuffix(".pdf")
        seen = [await listed(early, id), await listed(late, own)]
        assert [{each["keptUntil"] for each in papers} for papers in seen] == [{f"{year}-12-31"} for year in kept]
    for each, old in zip(after, first, strict=True):
        said = Pdf((await late.get(each["pdfUrl"])).content).text.split()
        assert {"Registered:", *ENTRY.split()} <= set(said)
        assert "HRB" not in Pdf(old).text


@pytest.mark.row("E14")
@pytest.mark.row("Y8")
async def test_an_e_invoice_names_the_register_as_the_seller_s_legal_registration(desk: Api) -> None:
    await (await desk.staff(Grant.ADMIN)).do(SET, **DETAILS)
    guest = await desk.guest("tok_visa")
    invoice, credit_note, _ = await papers(desk, guest)
    for each in (invoice, credit_note):
        xml = (await guest.get(each["eInvoiceUrl"])).text
        assert f"<ram:SpecifiedLegalOrganization><ram:ID>{ENTRY}</ram:ID>" in "".join(xml.split("\n")).replace("  ", "")
        assert findings(xml) == []


async def test_staff_see_the_legal_entities_and_only_finance_and_admins_change_them(desk: Api) -> None:
    support = await desk.staff()
    listed = (await support.data(ENTITIES))["staff"]["legalEntities"]
    assert [(each["code"], each["sandbox"], each["registerEntry"], each["retentionYears"]) for each in listed] == [
        ("ACME", False, "", 10),
        ("ACMETEST", True, "", 10),
    ]
    for caller in (support, await desk.staff(Grant.LEAD), await desk.guest()):
        assert (await caller.refusal(SET, **DETAILS))["code"] == "FORBIDDEN"
    taken_back = await (await desk.staff(Grant.FINANCE)).do(SET, **DETAILS | {"registerEntry": ""})
    assert taken_back["legalEntity"]["registerEntry"] == ""
