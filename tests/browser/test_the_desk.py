"""Support and a lead do a day's work in the console, in a real browser, against the product as it is started."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser

from dev.story import documents as say
from dev.story.cast import Cast
from dev.story.client import until
from tests.browser.browsing import Desk, chromium, desk
from tests.story.product import Product, product

SUPPORT, LEAD = "Sam Adeyemi", "Lea Novak"
REASON = "Two machines were broken"


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Product]:
    """The product, as a user starts it."""
    async with product() as found:
        yield found


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all windows."""
    async with chromium() as found:
        yield found


@pytest.fixture(scope="session")
async def cast(running: Product) -> AsyncIterator[Cast]:
    """A customer who paid for more than support gives back alone."""
    async with httpx2.AsyncClient(trust_env=False, verify=False) as http:
        found = await running.cast(http)
        customer = found.story.customer
        await customer.mutate(say.ADD_METHOD, token="tok_visa")
        bought = await customer.mutate(say.START, priceId=_a_year(await customer.query(say.PLANS)), quantity=1)

        async def paid() -> bool | None:
            shown = await customer.query(say.INVOICE, id=bought["invoice"]["id"])
            return shown["viewer"]["customer"]["invoice"]["payments"][0]["state"] == "SUCCEEDED" or None

        await until(paid, "the provider's webhook")
        yield found


def _a_year(listed: Any) -> str:
    """The price of the dearest plan in EUR by the year."""
    (plan,) = (plan for plan in listed["plans"] if plan["code"] == "business")
    return next(
        str(price["id"])
        for price in plan["prices"]
        if price["interval"]["unit"] == "YEAR" and price["amount"]["currency"] == "EUR"
    )


async def _sign_in_again(support: Desk, persona: str) -> None:
    """In a tab of its own, so that what was written stays where it is."""
    async with support.page.context.expect_page() as opened:
        await support.page.get_by_role("link", name="sign in again").click()
    fresh = await opened.value
    await fresh.get_by_role("button", name=persona).click()
    await fresh.get_by_text("You have signed in again").wait_for()
    await fresh.close()


async def _find(support: Desk, cast: Cast) -> str:
    """By address, number and the provider's id: always the same customer; its payment's id."""
    email = f"{cast.reference}@acme.example"
    (found,) = (await support.run("Customer by e-mail", {"E-mail address": email}))["staff"]["customersByEmail"]
    assert (found["id"], found["reference"]) == (cast.story.customer_id, cast.reference)
    await support.shot("1-found")
    timeline = (await support.run("Timeline"))["staff"]
    (payment,) = (edge["node"] for edge in timeline["customer"]["payments"]["edges"])
    (invoice,) = (edge["node"] for edge in timeline["customer"]["invoices"]["edges"])
    assert timeline["auditTrail"]["edges"]
    await support.shot("2-timeline")
    by_number = await support.run("Invoice by its number", {"Number": invoice["number"]})
    assert by_number["staff"]["invoicesByNumber"][0]["customerId"] == found["id"]
    shown = (await support.run("Payment in full", {"Payment": payment["id"]}))["staff"]["payment"]
    by_provider = await support.run(
        "Payment, refund or dispute by the provider's id", {"The provider's id": shown["providerReference"]}
    )
    assert by_provider["staff"]["paymentsByProvider"][0]["payment"]["id"] == payment["id"]
    return str(payment["id"])


async def _ask(support: Desk, customer: str, payment: str) -> str:
    """Asks for more than support gives back alone, which needs a fresh sign-in and then another person."""
    blanks = {
        "Customer": customer, "Payment": payment, "Amount in minor units: 1250 is 12.50": "15000",
        "Currency": "EUR", "Reason, as the customer will see it": REASON,
    }  # fmt: skip
    asked = (await support.run("Give money back", blanks))["refundPayment"]
    assert asked["errors"][0]["code"] == "STEP_UP_REQUIRED"
    await support.shot("3-step-up")
    await _sign_in_again(support, SUPPORT)
    asked = (await support.again())["refundPayment"]
    assert (asked["errors"], asked["refund"]["state"]) == ([], "AWAITING_APPROVAL")
    repeated = (await support.again())["refundPayment"]
    assert (repeated["refund"]["id"], repeated["operation"]["replayed"]) == (asked["refund"]["id"], True)
    await support.shot("4-asked")
    return str(asked["refund"]["id"])


@pytest.mark.row("A8")
async def test_support_finds_a_customer_and_asks_for_a_refund_that_a_lead_lets_be_made(
    running: Product, browser: Browser, cast: Cast
) -> None:
    async with desk(browser, running.api, running.issuer) as support:
        await support.sign_in(SUPPORT)
        payment = await _find(support, cast)
        assert not (await support.run("Payments whose outcome nobody knows"))["staff"]["stuckPayments"]
        assert not (await support.run("Work that failed too often"))["staff"]["deadLetters"]
        refund = await _ask(support, cast.story.customer_id, payment)
        assert await support.offered("Let a refund be made").count() == 0

    async with desk(browser, running.api, running.issuer, scheme="dark") as lead:
        await lead.sign_in(LEAD)
        waiting = (await lead.run("Refunds that wait"))["staff"]["refundRequests"]["edges"]
        assert [edge["node"]["refund"]["id"] for edge in waiting] == [refund]
        blanks = {"Customer": cast.story.customer_id, "Refund": refund, "Why": "Seen on the phone"}
        refused = (await lead.run("Let a refund be made", blanks))["approveRefund"]
        assert refused["errors"][0]["code"] == "STEP_UP_REQUIRED"
        await _sign_in_again(lead, LEAD)
        made = (await lead.again())["approveRefund"]
        assert made["errors"] == [] and made["refund"]["state"] in ("SUBMITTED", "PENDING", "SUCCEEDED")
        await lead.shot("5-approved-dark")


@pytest.mark.row("A8")
async def test_who_acts_for_a_customer_cannot_overlook_it_and_the_browser_keeps_nothing_of_it(
    running: Product, browser: Browser, cast: Cast
) -> None:
    email, why = f"{cast.reference}@acme.example", "The customer sees no invoice"
    async with desk(browser, running.api, running.issuer) as support:
        await support.sign_in(SUPPORT)
        await support.run("Customer by e-mail", {"E-mail address": email})
        page = support.page
        await page.get_by_role("button", name="Act for a customer").click()
        await page.get_by_label("Reason").fill(why)
        assert await page.get_by_role("dialog").get_by_label("Customer").input_value() == cast.story.customer_id
        await support.shot("6-act-for")
        await page.get_by_role("button", name="Begin").click()
        banner = page.locator(".banner")
        await banner.get_by_text(cast.story.customer_id).wait_for()
        said = await banner.inner_text()
        assert why in said and ":" in said
        seen = (await support.run("What the customer sees first"))["viewer"]["customer"]
        assert seen["reference"] == cast.reference
        await support.run("The customer's payments and methods")
        box = await banner.bounding_box()
        assert box and (box["x"], box["y"]) == (0, 0) and box["width"] == 1280 and box["height"] >= 40
        await support.shot("7-acting")
        for secret in (
            cast.story.customer_id,
            email,
            cast.reference,
            why,
            "PortalAccount",
            seen["invoices"]["edges"][0]["node"]["id"],
        ):
            assert secret not in await support.kept()
        await page.reload()
        await banner.get_by_role("button", name="End now").click()
        await banner.wait_for(state="detached")
        assert email not in await support.kept()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("button", name="Sign in").wait_for()
        assert await page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize(("width", "scheme"), [(480, "light"), (480, "dark")])
async def test_the_desk_can_be_used_in_a_narrow_window(
    running: Product, browser: Browser, width: int, scheme: str
) -> None:
    async with desk(browser, running.api, running.issuer, width=width, scheme=scheme) as support:
        await support.sign_in(SUPPORT)
        assert (await support.run("Refunds that wait"))["staff"]["refundRequests"]
        for name in ("Sign out", "Act for a customer", "Run"):
            box = await support.page.get_by_role("button", name=name, exact=True).bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
        await support.shot(f"8-narrow-{scheme}")
