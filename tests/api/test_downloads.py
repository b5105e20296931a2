"""Documents as PDF: for their owner alone, with what they must say, and the same bytes for ever."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from dev.story.documents import ADD_METHOD, INVOICE, REFUND
from domain.actor import Grant
from domain.ids import InvoiceId
from domain.money import Currency
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Caller, Guest
from tests.bad_input_stage import CREATE_INVOICE, FINALIZE
from tests.domain.invoices.bills import note
from tests.domain.invoices.pdf_text import Pdf
from tests.domain.invoices.schematron import findings
from tests.web_kit import Acme
from tests.world import fresh

NOTES = """query ($id: ID!) { viewer { customer { invoice(id: $id) {
    creditNotes { number pdfUrl eInvoiceUrl } } } } }"""
ADVANCE = """mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) {
    target errors { ... on UserError { code } } } }"""


async def documents(guest: Guest, bought: Any) -> tuple[Any, str, str]:
    """The invoice, and the paths of its PDF and of its receipt's."""
    invoice = (await guest.data(INVOICE, id=bought["invoice"]["id"]))["viewer"]["customer"]["invoice"]
    return invoice, invoice["pdfUrl"], invoice["payments"][0]["receipt"]["pdfUrl"]


@pytest.mark.row("E11")
async def test_a_receipt_says_who_paid_how_much_for_which_invoice(api: Api) -> None:
    guest, bought = await api.subscriber()
    invoice, _, receipt = await documents(guest, bought)
    answer = await guest.get(receipt)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-store"
    printed = Pdf(answer.content)
    reference = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]
    number = invoice["payments"][0]["receipt"]["number"]
    for words in (number, invoice["number"], f"Name of {reference}", "€10.00", "1 Test Street", "4242"):
        assert printed.says(words)


@pytest.mark.row("E11")
async def test_nothing_was_paid_so_there_is_no_receipt(api: Api) -> None:
    guest, bought = await api.subscriber(card="tok_insufficient_funds")
    invoice = (await guest.data(INVOICE, id=bought["invoice"]["id"]))["viewer"]["customer"]["invoice"]
    assert invoice["payments"][0]["receipt"] is None
    printed = Pdf((await guest.get(invoice["pdfUrl"])).content)
    assert printed.says(invoice["number"]) and printed.says("€10.00")


async def test_an_invoice_is_the_same_bytes_whatever_became_of_it_since(api: Api) -> None:
    guest, bought = await api.subscriber()
    _, invoice, receipt = await documents(guest, bought)
    first = [(await guest.get(path)).content for path in (invoice, receipt)]
    payment = bought["invoice"]["payments"][0]["id"]
    amount = {"minorUnits": "500", "currency": "EUR"}
    await (await api.staff()).do(REFUND, customerId=guest.id, paymentId=payment, amount=amount, reason="Half of it.")
    await guest.do(ADVANCE, to=datetime(2027, 2, 10, tzinfo=UTC).isoformat().replace("+00:00", "Z"))
    await do_now(api.world.house, guest.who.id)
    assert [(await guest.get(path)).content for path in (invoice, receipt)] == first


async def noted(api: Api, guest: Guest, bought: Any) -> Any:
    """The customer's view of a credit note over 1.00 EUR of what it bought."""
    id = InvoiceId.parse(bought["invoice"]["id"])
    await note(api.world, guest.who, id, 100, credit=100)
    (found,) = (await guest.data(NOTES, id=str(id)))["viewer"]["customer"]["invoice"]["creditNotes"]
    return found


@pytest.mark.row("Y8")
async def test_a_machine_reads_the_invoice_and_the_credit_note_that_corrects_it(api: Api) -> None:
    guest, bought = await api.subscriber()
    invoice, _, _ = await documents(guest, bought)
    corrects = await noted(api, guest, bought)
    for path, number in ((invoice["eInvoiceUrl"], invoice["number"]), (corrects["eInvoiceUrl"], corrects["number"])):
        answer = await guest.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
        assert findings(answer.text) == []
        assert f"<ram:ID>{number}</ram:ID>" in answer.text
        assert invoice["number"] in answer.text


async def test_an_invoice_that_no_e_invoice_can_say_answers_with_the_rule_that_it_breaks(api: Api) -> None:
    guest, finance = await api.guest(currency=Currency("KWD")), await api.staff(Grant.FINANCE)
    line = {"description": "Work", "unitAmount": {"minorUnits": "5000", "currency": "KWD"}}
    draft = (await finance.do(CREATE_INVOICE, customerId=guest.id, lines=[line], netDays=30))["draft"]["id"]
    await finance.do(FINALIZE, customerId=guest.id, draftId=draft)
    answer = await guest.get(f"/documents/invoices/{draft}.xml")
    why = "it breaks the rule that amounts have two digits of a currency."
    assert (answer.status_code, answer.json()["message"]) == (409, f"There is no e-invoice of this document: {why}")


async def test_a_credit_note_is_there_as_a_document(api: Api) -> None:
    guest, bought = await api.subscriber()
    corrects = await noted(api, guest, bought)
    answer = await guest.get(corrects["pdfUrl"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    printed = Pdf(answer.content)
    for words in ("Credit note", corrects["number"], "€1.00 credited for invoice", "Added to your credit"):
        assert printed.says(words)


async def test_another_customer_s_document_answers_as_an_unknown_one(api: Api, elsewhere: Api) -> None:
    guest, bought = await api.subscriber()
    _, invoice, receipt = await documents(guest, bought)
    corrects = await noted(api, guest, bought)
    for stranger in ((await api.subscriber())[0], await elsewhere.guest()):
        for path in (invoice, receipt, f"{invoice[:-3]}xml", corrects["pdfUrl"], corrects["eInvoiceUrl"]):
            foreign, none = await stranger.get(path), await stranger.get(f"{path[:-8]}zzzz{path[-4:]}")
            assert (foreign.status_code, foreign.content) == (none.status_code, none.content)
            assert foreign.status_code == 404
            assert foreign.json()["code"] == "NOT_FOUND"
            assert own_headers(foreign.headers) == own_headers(none.headers)


def own_headers(headers: Any) -> dict[str, str]:
    """All but the request's own id."""
    return {name: value for name, value in headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("id", ["x", "invoice_", "receipt_" + "0" * 32, "%00", "%ff%fe", "..%2f..%2fsecret", "é" * 300])
async def test_an_id_of_nothing_is_not_found(api: Api, id: str) -> None:
    guest = await api.guest()
    for file in ("invoices/{}.pdf", "invoices/{}.xml", "receipts/{}.pdf", "credit-notes/{}.pdf", "credit-notes/{}.xml"):
        assert (await guest.get(f"/documents/{file.format(id)}")).status_code == 404


async def test_an_invoice_s_id_is_no_receipt_s(api: Api) -> None:
    guest, bought = await api.subscriber()
    assert (await guest.get(f"/documents/receipts/{bought['invoice']['id']}.pdf")).status_code == 404


@pytest.mark.row("K5")
async def test_documents_are_for_their_owner_and_its_tenant_s_staff_until_nobody_can_read_them(
    api: Api, elsewhere: Api, owner_url: str
) -> None:
    guest, bought = await api.subscriber()
    invoice, path, receipt = await documents(guest, bought)
    corrects = await noted(api, guest, bought)
    support, stranger = await api.staff(), await elsewhere.staff()
    strangers = (await api.partner(), await api.stranger("portal"))
    paths = (path, receipt, invoice["eInvoiceUrl"], corrects["pdfUrl"], corrects["eInvoiceUrl"])
    for each in paths:
        nobody = await Caller(api.http, "").get(each)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "UNAUTHENTICATED")
        for caller in strangers:
            answer = await caller.get(each)
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        foreign = await stranger.get(each)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "NOT_FOUND")
        shown = await support.get(each)
        assert (shown.status_code, shown.content) == (200, (await guest.get(each)).content)
    await forget_key(owner_url, guest)
    for caller in (guest, support):
        gone = await caller.get(path)
        assert (gone.status_code, gone.json()["code"]) == (410, "GONE")


async def forget_key(owner_url: str, of: Guest) -> None:
    """As due work does at the end of an erased customer's retention."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("DELETE FROM sealing_key WHERE customer_id = $1", of.who.id.uuid)
    await owner.close()


async def test_a_page_of_the_desk_links_to_a_document_and_the_staff_s_session_opens_it(acme: Acme) -> None:
    guest, bought = await acme.api.subscriber()
    _, path, _ = await documents(guest, bought)
    browser = await acme.signed_in("staff", "support")
    assert (await browser.send("GET", path)).status_code == 200
    await browser.sign_in("portal", "customer")
    assert (await browser.send("GET", path)).status_code == 404  # as the customer who is signed in here as well
    assert (await browser.send("GET", f"{path}?surface=staff")).status_code == 200
    strange = await browser.send("GET", f"{path}?surface=staff", sec_fetch_site="cross-site")
    assert (strange.status_code, strange.json()["code"]) == (403, "CSRF")


async def test_documents_are_paid_for_in_points_as_queries_are(api: Api) -> None:
    guest = await api.guest()
    answers = [await guest.get("/documents/invoices/x.pdf") for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {404, 429}
    assert refused[0].json()["code"] == "THROTTLED"
    assert int(refused[0].headers["retry-after"]) == refused[0].json()["retryAfterSeconds"] >= 1


async def test_whatever_a_customer_is_called_its_invoice_can_be_printed(api: Api) -> None:
    support = await api.staff()
    subject = fresh("printed")
    made = await support.do(
        CREATE, legalEntity="ACMETEST", reference=subject, currency="EUR", timeZone="Pacific/Apia", locale="de",
        country="WS", name="#panic() $x$ \\ <b> 🦆 شركة \x1b[31m", email="@,,@", address=",,\n#set page()\u202e,",
        clockAt="2027-01-01T00:00:00Z", issuer=api.issuer, subject=subject,
    )  # fmt: skip
    assert made["customer"]
    guest = Caller(api.http, await api.token("portal", subject))
    await guest.do(ADD_METHOD, token="tok_visa")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    invoice = (await guest.data(INVOICE, id=bought["invoice"]["id"]))["viewer"]["customer"]["invoice"]
    for path in (invoice["pdfUrl"], invoice["payments"][0]["receipt"]["pdfUrl"]):
        answer = await guest.get(path)
        assert answer.status_code == 200, answer.text
        assert "#panic() $x$" in Pdf(answer.content).text


CREATE = """mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) {
    customer { id } errors { ... on UserError { code path } } } }"""
