"""Drafts and replacements at the staff's door: what waits to be issued, what stands in the place of what."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.manual_line import ManualLine
from tests.api_callers import START, Api, Caller, Guest
from tests.bad_input_stage import CREATE_INVOICE, FINALIZE, amount, mutation
from tests.domain.invoices.bills import eur
from tests.draft_stage import refused_drafts
from tests.erasure_kit import as_before, erased
from tests.lives import by_finance, day, until

DRAFT = """id customerId subscriptionId byStaff reason period { start } total { decimal } purchaseOrder
    refusal { ... on UserError { code message } } replaces { id number }
    lines { description quantity unitAmount { decimal } amount { decimal } }"""
DRAFTS = f"query ($of: ID) {{ staff {{ invoiceDrafts(customerId: $of) {{ {DRAFT} }} }} }}"
ONE = f"query ($of: ID!, $id: ID!) {{ staff {{ invoiceDraft(customerId: $of, id: $id) {{ {DRAFT} }} }} }}"
VOID = """mutation ($input: VoidInvoiceInput!) { voidInvoice(input: $input) {
    invoice { id state replacement { id } } replacement { id replaces { id } }
    errors { ... on UserError { code } } } }"""
REPLACED = """query ($id: ID!) { viewer { customer { invoice(id: $id) {
    number state replacement { id number state replaces { id } } replaces { id } } } } }"""
REMOVE = """mutation ($input: RemoveInvoiceLineInput!) { removeInvoiceLine(input: $input) {
    draft { refusal { ... on UserError { code } } lines { amount { decimal } } } errors { ... on UserError { code } }
    } }"""
LINE = {"description": "Work", "unitAmount": amount(500)}


async def drafts(caller: Caller, of: Guest | None = None) -> list[dict[str, Any]]:
    """What waits, of a customer or of all."""
    found: list[dict[str, Any]] = (await caller.data(DRAFTS, of=of.id if of else None))["staff"]["invoiceDrafts"]
    return found


@pytest.mark.row("E8")
async def test_staff_finds_a_draft_again_edits_it_and_throws_it_away(api: Api) -> None:
    guest, finance = await api.guest(), await api.staff(Grant.FINANCE)
    made = await finance.do(CREATE_INVOICE, customerId=guest.id, lines=[LINE, LINE], purchaseOrder="PO 1")
    id = made["draft"]["id"]
    (found,) = await drafts(finance, guest)
    assert (found["id"], found["customerId"], found["byStaff"]) == (id, guest.id, True)
    assert (found["total"]["decimal"], found["purchaseOrder"], found["replaces"]) == ("10.00", "PO 1", None)
    assert id in [each["id"] for each in await drafts(finance)]
    line = {"description": "More work", "quantity": 2, "unitAmount": amount(700)}
    await finance.do(mutation("editInvoiceLine"), customerId=guest.id, draftId=id, position=2, line=line)
    shown = (await finance.data(ONE, of=guest.id, id=id))["staff"]["invoiceDraft"]
    assert [(each["description"], each["amount"]["decimal"]) for each in shown["lines"]] == [
        ("Work", "5.00"),
        ("More work", "14.00"),
    ]
    await finance.do(mutation("deleteInvoiceDraft"), customerId=guest.id, draftId=id)
    assert await drafts(finance, guest) == []
    assert id not in [each["id"] for each in await drafts(finance)]
    gone = await finance.error(ONE, of=guest.id, id=id)
    assert gone["extensions"]["code"] == "NOT_FOUND"


async def test_a_renewal_in_its_hour_is_a_draft_of_its_customer_that_does_not_wait_for_staff(api: Api) -> None:
    (guest, bought), support = await api.subscriber(), await api.staff()
    await until(api.world, guest.who, day(2, 1, 1))
    (found,) = await drafts(support, guest)
    assert (found["byStaff"], found["reason"], found["subscriptionId"], found["period"]["start"]) == (
        False, "renewal", bought["subscription"]["id"], "2027-02-01T00:00:00Z",
    )  # fmt: skip
    assert found["id"] not in [each["id"] for each in await drafts(support)]
    finance, of = await api.staff(Grant.FINANCE), {"customerId": guest.id, "draftId": found["id"]}
    kept = await finance.refusal(mutation("deleteInvoiceDraft"), **of)
    assert (kept["code"], kept["path"]) == ("STATE_CONFLICT", ["draftId"])


async def test_drafts_are_for_the_staff_of_their_tenant_alone(api: Api, elsewhere: Api) -> None:
    guest, other, finance = await api.guest(), await api.guest(), await api.staff(Grant.FINANCE)
    id = (await finance.do(CREATE_INVOICE, customerId=guest.id, lines=[LINE]))["draft"]["id"]
    assert (await guest.error(DRAFTS, of=guest.id))["extensions"]["code"] == "FORBIDDEN"
    stranger = await elsewhere.staff(Grant.FINANCE)
    assert (await stranger.error(DRAFTS, of=guest.id))["extensions"]["code"] == "NOT_FOUND"
    assert id not in [each["id"] for each in await drafts(stranger)]
    for caller, of in ((stranger, guest), (finance, other)):
        assert (await caller.error(ONE, of=of.id, id=id))["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.row("E9")
async def test_a_void_invoice_and_its_replacement_name_each_other(api: Api) -> None:
    guest, finance = await api.guest("tok_insufficient_funds"), await api.staff(Grant.FINANCE)
    draft = (await finance.do(CREATE_INVOICE, customerId=guest.id, lines=[LINE]))["draft"]["id"]
    old = (await finance.do(FINALIZE, customerId=guest.id, draftId=draft))["invoice"]["id"]
    done = await finance.do(VOID, customerId=guest.id, invoiceId=old, reason="Wrong.", replace=True)
    new = done["replacement"]["id"]
    assert done["invoice"] == {"id": old, "state": "VOID", "replacement": None}  # the customer sees no draft
    assert done["replacement"]["replaces"] == {"id": old}
    (found,) = await drafts(finance, guest)
    assert (found["id"], found["replaces"]["id"]) == (new, old)
    await finance.do(FINALIZE, customerId=guest.id, draftId=new)
    seen = (await guest.data(REPLACED, id=old))["viewer"]["customer"]["invoice"]
    assert (seen["replacement"]["id"], seen["replacement"]["state"]) == (new, "OPEN")
    assert (seen["replacement"]["replaces"], seen["replaces"]) == ({"id": old}, None)


async def test_an_invoice_that_replaces_nothing_says_so(api: Api) -> None:
    guest = await api.guest("tok_visa")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    seen = (await guest.data(REPLACED, id=bought["invoice"]["id"]))["viewer"]["customer"]["invoice"]
    assert (seen["replacement"], seen["replaces"]) == (None, None)


def amounts(draft: dict[str, Any]) -> list[str]:
    """What its lines come to."""
    return [each["amount"]["decimal"] for each in draft["lines"]]


@pytest.mark.row("E9")
async def test_a_draft_that_is_not_issued_as_it_stands_says_why_hides_no_other_and_is_put_right(api: Api) -> None:
    (twice, alone), finance = [await api.guest("tok_visa") for _ in range(2)], await api.staff(Grant.FINANCE)
    made = await refused_drafts(api.world, twice, alone)
    (empty,) = [await finance.do(CREATE_INVOICE, customerId=twice.id, lines=[])]
    shown = {each["id"]: each for each in await drafts(finance)}
    again, credit = shown[made["given back again"]], shown[made["credit alone"]]
    assert (amounts(again), again["total"]["decimal"]) == (["-10.00", "20.00"], "10.00")
    assert again["refusal"] == {
        "code": "EXCEEDS_INVOICED", "message": "At most 0.00 EUR of Starter are left to give back.",
    }  # fmt: skip
    assert (amounts(credit), credit["refusal"]["code"]) == (["-10.00"], "INVALID_AMOUNT")
    lacking = shown[empty["draft"]["id"]]
    assert lacking["refusal"]["code"] == "STATE_CONFLICT"
    for guest, draft, path in ((twice, again, []), (alone, credit, []), (twice, lacking, ["draftId"])):
        refusal = await finance.refusal(mutation("finalizeInvoice"), customerId=guest.id, draftId=draft["id"])
        assert (refusal["code"], refusal["path"]) == (draft["refusal"]["code"], path)
    right = await finance.do(REMOVE, customerId=twice.id, draftId=again["id"], position=1)
    assert (amounts(right["draft"]), right["draft"]["refusal"]) == (["20.00"], None)
    await finance.do(FINALIZE, customerId=twice.id, draftId=again["id"])


async def test_a_draft_of_a_customer_that_was_erased_is_not_issued_and_says_so(api: Api) -> None:
    guest, finance = await api.guest(), await api.staff(Grant.FINANCE)
    await erased(api.world, guest.who)
    assert (await finance.refusal(CREATE_INVOICE, customerId=guest.id, lines=[LINE]))["code"] == "STATE_CONFLICT"
    with as_before(create_invoice) as creating:
        await by_finance(api.world, guest.who, creating, CreateInvoice((ManualLine("Work", 1, eur(500)),), None, None))
    (found,) = await drafts(finance, guest)
    assert found["refusal"] == {
        "code": "STATE_CONFLICT", "message": "This customer was erased and cannot be invoiced.",
    }  # fmt: skip
    assert found["total"]["decimal"] == "5.00"
    refusal = await finance.refusal(FINALIZE, customerId=guest.id, draftId=found["id"])
    assert refusal["code"] == found["refusal"]["code"]
    await finance.do(mutation("deleteInvoiceDraft"), customerId=guest.id, draftId=found["id"])
