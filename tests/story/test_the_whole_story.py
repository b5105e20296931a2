"""The main story through the published schema, on the product as a user starts it, up to a suspension."""

import httpx2
import pytest

from dev.story import documents as say
from dev.story.bills import bills
from dev.story.cast import DANISH
from dev.story.client import Client, mint
from dev.story.steps import Step, whole
from tests.domain.invoices.pdf_text import Pdf
from tests.scraping import scrape
from tests.story.product import product

REGISTER = """mutation ($input: RegisterStaffInput!) { registerStaff(input: $input) { subject
    errors { ... on UserError { code } } } }"""


@pytest.mark.row("Z")
@pytest.mark.row("Y3")
async def test_a_customer_s_whole_story_through_the_schema() -> None:
    async with product() as running, httpx2.AsyncClient(trust_env=False, verify=False) as http:
        await at_the_door(Client(http, running.api, await mint(http, running.issuer, persona="customer")))
        await at_the_desk(Client(http, running.api, await mint(http, running.issuer, persona="admin")))
        cast = await running.cast(http)
        steps = [step async for step in whole(cast.story)]
        told = {step.title: step for step in steps}
        purchase(told)
        upgrade_and_refund(told)
        renewal_and_dunning(told)
        danish = await running.cast(http, DANISH)
        bill_by_bill({step.title: step async for step in bills(danish.story)})
        mails(await http.get(running.mailroom))
        worker = await scrape(http, running.worker)
        assert worker.value('moves_total{machine="payment",to="succeeded"}') > 0
        assert await running.findings() == []


async def at_the_door(visitor: Client) -> None:
    """Who looks around first, as the first customer of the demo, finds a plan and a bill of it."""
    (bought,) = (await visitor.query(say.SUBSCRIPTIONS))["viewer"]["customer"]["subscriptions"]
    owed = (await visitor.query(say.BALANCE))["viewer"]["customer"]["balance"]["receivable"]
    assert (bought["state"], bought["plan"]["name"], owed["decimal"]) == ("ACTIVE", "Team", "20.00")


async def at_the_desk(admin: Client) -> None:
    """Who looks around as an admin does what admins alone may, such as saying who else works here."""
    given = {
        "issuer": "https://issuer.example",
        "subject": "new",
        "role": "SUPPORT",
        "idempotencyKey": "first-colleague",
    }
    made = (await admin.query(REGISTER, input=given))["registerStaff"]
    assert (made["subject"], made["errors"]) == ("new", [])


def purchase(told: dict[str, Step]) -> None:
    bought = told["starts a subscription, which is charged and confirmed"]
    invoice = bought.data["invoice"]
    assert (invoice["number"], invoice["state"], invoice["total"]["minorUnits"]) == ("ACMETEST-000002", "PAID", "1000")
    assert [payment["state"] for payment in invoice["payments"]] == ["SUCCEEDED"]
    assert bought.owed == "0.00 EUR"
    receipt = told["downloads the receipt"].data
    text = Pdf(receipt["pdf"]).text
    assert receipt["payment"]["receipt"]["number"] == "ACMETEST-R-000001"
    assert "ACMETEST-R-000001" in text
    assert "Edda Lindqvist" in text
    assert "€10.00" in text
    history = told["reads the history with the token of the purchase"].data["history"]
    assert [edge["node"]["number"] for edge in history["edges"]] == ["ACMETEST-000002"]
    assert history["source"] in ("REPLICA", "PRIMARY")
    assert history["asOf"]


def upgrade_and_refund(told: dict[str, Step]) -> None:
    changed = told["changes to the dearer plan on day 11 at 18:00"].data["changed"]
    prorated = {name: changed["change"][name]["minorUnits"] for name in ("credit", "charge", "due")}
    assert prorated == {"credit": "653", "charge": "1306", "due": "653"}
    amounts = [line["amount"]["minorUnits"] for line in changed["invoice"]["lines"]]
    assert amounts == ["-653", "1306"]
    given_back = told["gets 3.00 back"].data["refund"]
    assert given_back["refund"]["amount"]["minorUnits"] == "300"
    entries = [edge["node"] for edge in told["reads the statement"].data["statement"]]
    assert [entry["cause"] for entry in entries] == [
        "refund.succeeded",
        "refund.requested",
        "credit_note.issued",
        "payment.captured",
        "invoice.finalized",
        "payment.captured",
        "invoice.finalized",
    ]
    assert [entry["receivable"]["minorUnits"] for entry in entries] == ["0", "0", "0", "0", "653", "0", "1000"]


def renewal_and_dunning(told: dict[str, Step]) -> None:
    renewed = told["is renewed by the worker a month on"].data["invoice"]
    assert (renewed["number"], renewed["total"]["minorUnits"]) == ("ACMETEST-000004", "2000")
    late = told["has a card that declines, and keeps access in dunning"]
    assert (late.data["subscription"]["state"], late.data["subscription"]["entitled"]) == ("PAST_DUE", True)
    assert late.owed == "20.00 EUR"
    back = told["adds another card and is back at once"]
    assert (back.data["subscription"]["state"], back.owed) == ("ACTIVE", "0.00 EUR")
    still = told["declines again; on day 9 access is still on"].data["subscription"]
    assert (still["state"], still["entitled"]) == ("PAST_DUE", True)
    ended = told["is suspended once the last retry has failed"].data["subscription"]
    assert (ended["state"], ended["entitled"]) == ("SUSPENDED", False)


def mails(page: httpx2.Response) -> None:
    """What the customer was told on the way, each once."""
    for subject in (
        "Receipt ACMETEST-R-000001 for invoice ACMETEST-000002",
        "Your refund of €3.00",
        "Thank you: invoice ACMETEST-000005 is paid",
        "Your access is suspended: invoice ACMETEST-000006 is not paid",
        "Receipt GLOBEXTEST-R-000001 for invoice GLOBEXTEST-000001",
    ):
        assert page.text.count(subject) == 1, subject


def bill_by_bill(told: dict[str, Step]) -> None:
    assert all(step.owed == "0.00 EUR" for step in told.values())
    first = told["starts the Starter plan from Denmark, with VAT on top"].data["invoice"]
    assert [first[name]["minorUnits"] for name in ("subtotal", "tax", "total")] == ["1000", "250", "1250"]
    quote = told["is quoted the change to Team"].data["quote"]
    assert [quote[name]["minorUnits"] for name in ("credit", "charge", "total")] == ["653", "1306", "816"]
    assert told["changes plan by that quote, to the cent"].data["invoice"]["total"]["decimal"] == "8.16"
    preview = told["redeems a coupon and sees it on the next invoice"].data
    totals = [preview[name]["total"]["minorUnits"] for name in ("before", "after")]
    assert totals == ["7500", "6000"]  # 3 seats at 20.00, with VAT of 25 %, and 20 % off
    renewed = told["reads the renewal line by line"].data["invoice"]
    (line,) = renewed["lines"]
    assert (line["net"]["minorUnits"], line["tax"]["minorUnits"], renewed["total"]["minorUnits"]) == (
        "4800", "1200", "6000",
    )  # fmt: skip
    assert line["explanation"]["taxes"][0]["basis"]["minorUnits"] == line["net"]["minorUnits"]
    again = told["cancels to the period's end and thinks better of it"].data
    assert [again[name]["subscription"]["state"] for name in ("left", "back")] == ["PENDING_CANCELLATION", "ACTIVE"]
    found = told["asks why the bill is higher than the first one"].data["comparison"]
    assert found["difference"]["minorUnits"] == "4750"
    assert {reason["kind"] for reason in found["reasons"]} == {"PRICE", "QUANTITY", "DISCOUNT_STARTED"}
    assert sum(int(reason["amount"]["minorUnits"]) for reason in found["reasons"]) == 4750
    foreseen = told["looks three months ahead: the coupon runs out"].data["foreseen"]
    came = told["lets three months pass, and they come as foreseen"].data["came"]
    assert [each["total"]["minorUnits"] for each in foreseen] == ["6000", "6000", "7500"]
    assert [each["total"]["minorUnits"] for each in came] == ["6000", "6000", "7500"]
