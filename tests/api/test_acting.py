"""A member of staff in a customer's place: with a reason, for half an hour at most, and looking unless let do more."""

import asyncio
from datetime import datetime
from typing import Any

import httpx2
import pytest

from dev.story.documents import CHANGE
from domain.actor import Grant
from tests.api_callers import Api, Caller, key
from tests.lives import caught_up
from tests.web_kit import ME, Acme, Browser

BANNER = "{ viewer { customer { id } actingFor { staff reason until mayWrite } } }"
TRAIL = """query ($id: ID!) { staff { auditTrail(customerId: $id, first: 20) { edges { node {
    actor onBehalfOf reason operation } } } } }"""
ADD = "mutation ($input: AddTaxIdInput!) { addTaxId(input: $input) { errors { ... on UserError { code message } } } }"


async def begin(browser: Browser, customer: str, **more: Any) -> httpx2.Response:
    """Asks to act for a customer, as the console does."""
    asked = {"customerId": customer, "reason": "Ticket 7: the invoice is not understood.", **more}
    return await browser.send("POST", "/acting", asked, x_quittance_csrf="staff")


@pytest.mark.row("X7")
async def test_staff_look_in_a_customer_s_place_from_the_console_and_come_back(acme: Acme) -> None:
    ada = acme.customers["customer"]
    browser = await acme.signed_in("staff", "support")
    begun = await begin(browser, str(ada.id), minutes=5)
    assert begun.status_code == 201, begun.text
    banner = begun.json()["acting"]
    assert (banner["customerId"], banner["staff"], banner["mayWrite"]) == (str(ada.id), "sam", False)
    seen = (await browser.data(BANNER, "acting"))["viewer"]
    assert seen["customer"]["id"] == str(ada.id)
    assert (seen["actingFor"]["reason"], seen["actingFor"]["staff"]) == (banner["reason"], "sam")
    until = datetime.fromisoformat(banner["until"]) - datetime.fromisoformat(begun.json()["signedInAt"])
    assert until.total_seconds() <= 5 * 60 + 60
    assert (await browser.who("acting"))["acting"] == banner
    given = {"country": "DE", "value": "DE136695976", "idempotencyKey": key()}
    sent = {"query": ADD, "variables": {"input": given}}
    answer = await browser.send("POST", "/graphql", sent, x_quittance_csrf="acting")
    (refused,) = answer.json()["data"]["addTaxId"]["errors"]
    assert refused == {"code": "FORBIDDEN", "message": "Acting for a customer is read-only."}
    assert (await browser.ask("{ staff { deadLetters { id } } }", "staff")).status_code == 200
    assert (await browser.log_out("acting")) is None
    assert (await browser.ask(ME, "acting")).status_code == 401
    await begin(browser, str(ada.id))
    kept = browser.jar["quittance-acting"]
    await browser.log_out("staff")
    browser.jar["quittance-acting"] = kept
    await browser.sign_in("staff", "support")  # another sign-in opens nothing that the one before had begun
    assert (await browser.ask(ME, "acting")).status_code == 401


@pytest.mark.parametrize(
    ("persona", "change", "status"),
    [
        ("support", {"reason": "  "}, 400),
        ("support", {"reason": "a\nb"}, 400),
        ("support", {"minutes": 31}, 400),
        ("support", {"write": True}, 403),
        ("support", {"customerId": "customer_0"}, 404),
        ("support", {"customerId": "house"}, 404),
        ("support", {"customerId": "elsewhere"}, 404),
    ],
)
async def test_acting_without_reason_limit_right_or_customer_is_refused(
    acme: Acme, elsewhere: Api, persona: str, change: dict[str, Any], status: int
) -> None:
    browser = await acme.signed_in("staff", persona)
    home = str(acme.api.world.tenant.live_house)
    ids = {"house": home, "elsewhere": (await elsewhere.guest()).id}
    change = {name: ids.get(value, value) if name == "customerId" else value for name, value in change.items()}
    answer = await begin(browser, change.pop("customerId", str(acme.customers["customer"].id)), **change)
    assert (answer.status_code, "quittance-acting" in browser.jar) == (status, False), answer.text


async def test_a_customer_acts_for_nobody(acme: Acme) -> None:
    browser = await acme.signed_in("portal", "customer")
    for csrf in ("portal", "staff"):
        asked = {"customerId": str(acme.customers["other-customer"].id), "reason": "Why not?"}
        answer = await browser.send("POST", "/acting", asked, x_quittance_csrf=csrf)
        assert answer.status_code in (401, 403)


@pytest.mark.row("X7")
async def test_what_is_changed_in_a_customer_s_place_names_who_for_whom_and_why(api: Api) -> None:
    guest, bought = await api.subscriber()
    given = {"subscriptionId": bought["subscription"]["id"], "priceId": str(api.world.prices["team"])}
    support = await api.acting(guest, scopes=["act:write"])  # its role may look only, whatever the token says
    assert (await support.refusal(CHANGE, **given))["code"] == "FORBIDDEN"
    old = await api.acting(guest, Grant.LEAD, scopes=["act:write"], acr="aal1")
    assert (await old.refusal(CHANGE, **given))["code"] == "STEP_UP_REQUIRED"
    lead = await api.acting(guest, Grant.LEAD, scopes=["act:write"], reason="Ticket 9.")
    await lead.do(CHANGE, **given)
    await caught_up(api.world)
    entries = (await (await api.staff()).data(TRAIL, id=guest.id))["staff"]["auditTrail"]["edges"]
    (entry,) = [each["node"] for each in entries if each["node"]["operation"] == "subscriptions.change_plan"]
    assert entry["actor"].startswith("staff:lead-")
    assert (entry["onBehalfOf"], entry["reason"]) == (guest.id, "Ticket 9.")
    stranger = Caller(
        api.http, await api.token("portal", guest.who.subject, act={"sub": "nobody"}, reason="R.", expires_in=600)
    )
    assert (await stranger.post({"query": ME})).status_code == 403
    long = await api.acting(guest, expires_in=3600)
    assert (await long.post({"query": ME})).status_code == 403


async def test_who_acts_for_a_customer_spends_points_of_its_own(api: Api) -> None:
    guest = await api.guest()
    await asyncio.gather(*(guest.data(BANNER) for _ in range(50)))
    seen = (await (await api.acting(guest)).post({"query": BANNER})).json()["extensions"]["cost"]
    throttle = seen["throttleStatus"]
    assert throttle["currentlyAvailable"] == throttle["maximumAvailable"] - seen["actualQueryCost"]
