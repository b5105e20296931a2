"""A customer gets out of a failed renewal by itself: it pays, takes its receipt, and corrects whom it is billed as."""

from typing import Any

import pytest

from dev.story.documents import ADD_METHOD, ADVANCE, PAY
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest
from tests.domain.invoices.pdf_text import Pdf

BILLS = """{ viewer { customer { subscriptions { state entitled recovery { invoiceId attemptsLeft } }
    invoices(first: 9, atLeast: "000000017777777777777777") { edges { node { id number state pdfUrl
        payments { state failureCode method { brand } receipt { number pdfUrl } } } } } } } }"""
RECEIPTS = """{ viewer { customer { payments(first: 9, atLeast: "000000017777777777777777") { edges { node {
    state invoiceId receipt { number issuedAt pdfUrl } } } } } } }"""
MOVE = """mutation ($input: ChangeBillingDetailsInput!) { changeBillingDetails(input: $input) {
    customer { billingPerson { name address } } errors { ... on UserError { code path } } } }"""
ADA = {"name": "Ada Lovelace", "email": "ada@example.test", "address": "12 Secret Lane, Hidden Town", "country": "DE"}


async def seen(guest: Guest) -> tuple[Any, list[Any]]:
    """The subscription, and the invoices, newest first."""
    customer = (await guest.data(BILLS))["viewer"]["customer"]
    return customer["subscriptions"][0], [edge["node"] for edge in customer["invoices"]["edges"]]


async def on(api: Api, guest: Guest, to: str) -> None:
    """The guest's clock is there, and all that fell due is done."""
    await guest.do(ADVANCE, to=to)
    await do_now(api.world.house, guest.who.id)


@pytest.mark.row("Y6")
async def test_a_customer_retries_a_failed_renewal_takes_its_receipt_and_corrects_its_details(api: Api) -> None:
    guest, _ = await api.subscriber()
    poor = (await guest.do(ADD_METHOD, token="tok_insufficient_funds"))["paymentMethod"]["id"]
    await on(api, guest, "2027-02-01T03:00:00Z")
    subscription, (failed, first) = await seen(guest)
    assert (subscription["state"], subscription["entitled"]) == ("PAST_DUE", True)
    assert (failed["state"], subscription["recovery"]["invoiceId"]) == ("OPEN", failed["id"])

    again = await guest.do(PAY, invoiceId=failed["id"], methodId=poor)
    assert (again["payment"]["state"], again["payment"]["failureCode"]) == ("FAILED", "insufficient_funds")
    assert again["payment"]["receipt"] is None
    other = next(each for each in await methods(guest) if each["id"] != poor)
    paid = await guest.do(PAY, invoiceId=failed["id"], methodId=other["id"])
    assert (paid["payment"]["state"], paid["invoice"]["state"]) == ("CAPTURED", "PAID")
    await do_now(api.world.house, guest.who.id)
    subscription, (renewed, _) = await seen(guest)
    assert (subscription["state"], subscription["recovery"]) == ("ACTIVE", None)
    assert [each["state"] for each in renewed["payments"]] == ["FAILED", "FAILED", "CAPTURED"]

    listed = (await guest.data(RECEIPTS))["viewer"]["customer"]["payments"]["edges"]
    receipts = [each["node"]["receipt"] for each in listed if each["node"]["invoiceId"] == renewed["id"]]
    (receipt,) = [each for each in receipts if each]
    document = await guest.get(receipt["pdfUrl"])
    assert (document.status_code, document.headers["content-type"]) == (200, "application/pdf")
    printed = Pdf(document.content)
    assert all(printed.says(words) for words in (receipt["number"], renewed["number"], "€10.00"))

    issued = (await guest.get(renewed["pdfUrl"])).content
    moved = await guest.do(MOVE, **ADA)
    assert moved["customer"]["billingPerson"] == {"name": ADA["name"], "address": ADA["address"]}
    assert (await guest.get(renewed["pdfUrl"])).content == issued
    assert (await guest.get(receipt["pdfUrl"])).content == document.content
    await on(api, guest, "2027-03-01T03:00:00Z")
    _, (following, *_) = await seen(guest)
    assert following["number"] not in (renewed["number"], first["number"])
    said = Pdf((await guest.get(following["pdfUrl"])).content).text
    assert ADA["name"] in said and "Secret" in said and ADA["name"] not in Pdf(issued).text


async def methods(guest: Guest) -> list[Any]:
    """The guest's payment methods."""
    found: list[Any] = (await guest.data("{ viewer { customer { paymentMethods { id brand } } } }"))["viewer"][
        "customer"
    ]["paymentMethods"]
    return found
