"""A customer says how it wants to be billed: it holds from the next invoice on, and what was issued stays."""

import pytest

from domain.customers.billing_contact import MAX_CONTACTS
from domain.member_role import MemberRole
from tests.api.test_members import as_guest
from tests.api_callers import Api
from tests.bad_input_stage import mutation
from tests.domain.invoices.pdf_text import Pdf
from tests.lives import day, until
from tests.notice_kit import post_office

PROFILE = """{ viewer { account { billingContacts { id name email topics }
    invoicePreferences { language purchaseOrder email } billingTerms { chargedAutomatically netDays purchaseOrder } }
    customer { locale invoices(first: 5, atLeast: "000000017777777777777777") { edges { node { pdfUrl } } } } } }"""


@pytest.mark.row("Y6")
async def test_the_next_invoice_is_as_the_customer_wants_it_and_goes_to_whom_it_names(api: Api) -> None:
    guest, _ = await api.subscriber()
    bea = await as_guest(api, guest, MemberRole.BILLING)
    (first,) = (await guest.data(PROFILE))["viewer"]["customer"]["invoices"]["edges"]
    issued = (await guest.get(first["node"]["pdfUrl"])).content
    wishes = {"language": "de", "purchaseOrder": "PO-77", "email": "bills@example.test"}
    await bea.do(mutation("setInvoicePreferences"), **wishes)
    dunned = {"name": "Dan", "email": "dan@example.test", "topics": ["DUNNING"]}
    for contact in ({"name": "Ina", "email": "ina@example.test", "topics": ["INVOICES"]}, dunned):
        await bea.do(mutation("saveBillingContact"), **contact)
    again = await bea.refusal(mutation("saveBillingContact"), **dunned | {"email": "INA@example.test"})
    assert (again["__typename"], again["code"]) == ("ConflictError", "ALREADY_EXISTS")
    seen = (await guest.data(PROFILE))["viewer"]["account"]
    assert seen["invoicePreferences"] == wishes
    assert seen["billingTerms"] == {"chargedAutomatically": True, "netDays": 0, "purchaseOrder": "PO-77"}
    ina, dan = seen["billingContacts"]
    assert {**dan, "id": ""} == {**dunned, "id": ""}
    both = {"contactId": dan["id"], "topics": ["INVOICES", "DUNNING"]}
    await bea.do(mutation("saveBillingContact"), **dunned | both)

    async with post_office(api.world) as office:
        office.clerk.moods["dan@example.test"] = "550 5.1.1 unknown"  # who loses nobody else's letter
        await until(office.world, guest.who, day(2, 1, 3))
        mails = office.mails()
    told = {(mail.message["To"], mail.message["Cc"]) for mail in mails}
    assert told == {("bills@example.test", "ina@example.test, dan@example.test")}
    assert all("Rechnung" in mail.subject for mail in mails) and len(mails) == 2
    seen = (await guest.data(PROFILE))["viewer"]["customer"]
    following, old = [(await guest.get(each["node"]["pdfUrl"])).content for each in seen["invoices"]["edges"]]
    assert (old, seen["locale"]) == (issued, "de")
    said = Pdf(following).text
    assert "Rechnung" in said and "PO-77" in said and "PO-77" not in Pdf(issued).text
    left = await bea.data(
        """mutation ($input: RemoveBillingContactInput!) { removeBillingContact(input: $input) {
            contacts { email } } }""", input={"contactId": ina["id"], "idempotencyKey": "remove-ina"},
    )  # fmt: skip
    assert left["removeBillingContact"]["contacts"] == [{"email": "dan@example.test"}]


async def test_contacts_are_bounded(api: Api) -> None:
    guest = await api.guest()
    for number in range(MAX_CONTACTS):
        address = f"c{number}@example.test"
        await guest.do(mutation("saveBillingContact"), name="C", email=address, topics=["INVOICES"])
    more = {"name": "C", "email": "more@example.test", "topics": ["INVOICES"]}
    assert (await guest.refusal(mutation("saveBillingContact"), **more))["code"] == "STATE_CONFLICT"
