"""Signing out one browser, or everything that speaks for a person; and the log of what happened at the doors."""

from typing import Any

import asyncpg

from domain.actor import Grant
from domain.ids import CustomerUserId
from tests.api_callers import Api, Caller
from tests.web_kit import ME, Acme, Browser

END = """mutation ($input: EndSessionsInput!) { endSessions(input: $input) {
    count errors { ... on UserError { code path } } operation { id } } }"""
SESSIONS = "{ viewer { sessions { id surface person } } }"
OF = "query ($id: ID!) { staff { sessions(customerId: $id) { id surface person } } }"
LOG = "{ staff { securityEvents(first: 100) { edges { node { kind surface person about cause } } } } }"


async def end(browser: Browser, **given: Any) -> Any:
    """The payload of endSessions, sent by a page of the portal."""
    given.setdefault("idempotencyKey", f"end-{len(given)}-{id(given)}")
    sent = {"query": END, "variables": {"input": given}}
    return (await browser.send("POST", "/graphql", sent, x_quittance_csrf="portal")).json()["data"]["endSessions"]


async def let_in_again(owner_url: str, user: str) -> None:
    """Other tests sign the same persona in, maybe in the second in which this one signed it out."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute(
            "UPDATE customer_user SET tokens_from = NULL WHERE id = $1", CustomerUserId.parse(user).uuid
        )
    finally:
        await owner.close()


async def test_a_customer_signs_out_another_browser_and_then_all_of_them(acme: Acme, owner_url: str) -> None:
    here, there = [await acme.signed_in("portal", "other-customer") for _ in range(2)]
    open_now = (await here.data(SESSIONS))["viewer"]["sessions"]
    assert {each["person"] for each in open_now} == {acme.customers["other-customer"].actor.subject}
    newest = open_now[0]["id"]  # that of `there`, which came last
    other = await acme.signed_in("portal", "customer")
    assert (await end(other, sessionId=newest))["errors"] == [{"code": "NOT_FOUND", "path": ["sessionId"]}]
    assert (await end(here, sessionId=newest))["count"] == 1
    assert ((await there.ask(ME)).status_code, (await here.ask(ME)).status_code) == (401, 200)
    mobile = Caller(acme.api.http, await acme.api.token("portal", acme.customers["other-customer"].subject))
    assert (await mobile.post({"query": ME})).status_code == 200
    await end(here)
    assert (await here.ask(ME)).status_code == 401
    assert (await mobile.post({"query": ME})).status_code == 403  # a token that this process remembers as well
    assert (await other.ask(ME)).status_code == 200
    await let_in_again(owner_url, acme.customers["other-customer"].actor.subject)


async def test_staff_sign_out_a_customer_and_admins_a_colleague(api: Api, elsewhere: Api) -> None:
    guest, support = await api.guest(), await api.staff()
    assert (await support.data(OF, id=guest.id))["staff"]["sessions"] == []
    await support.do(END, customerId=guest.id)
    assert (await guest.post({"query": ME})).status_code == 403
    subject = await api.world.colleague(api.issuer, Grant.LEAD)
    lead = Caller(api.http, await api.token("staff", subject))
    assert (await support.refusal(END, staffSubject=subject))["code"] == "FORBIDDEN"
    stranger = await elsewhere.staff(Grant.ADMIN)
    assert await stranger.refusal(END, staffSubject=subject) == {"code": "NOT_FOUND", "path": ["staffSubject"]}
    assert (await lead.data("{ staff { sessions { id } } }"))["staff"]["sessions"] == []
    await (await api.staff(Grant.ADMIN)).do(END, staffSubject=subject)
    assert (await lead.post({"query": ME})).status_code == 403


async def test_leads_read_in_the_log_who_came_went_failed_and_acted(acme: Acme) -> None:
    browser = await acme.signed_in("staff", "lead", "?acr=aal2")
    ada = str(acme.customers["customer"].id)
    asked = {"customerId": ada, "reason": "Ticket 12."}
    assert (await browser.send("POST", "/acting", asked, x_quittance_csrf="staff")).status_code == 201
    await browser.log_out("acting")
    await browser.send("GET", "/callback/staff?state=x&code=y")
    seen = (await browser.data(LOG, "staff"))["staff"]["securityEvents"]["edges"]
    newest = [each["node"] for each in seen][:4]
    assert [each["kind"] for each in newest] == ["LOGIN_FAILED", "ACTING_ENDED", "ACTING_BEGAN", "STEP_UP"]
    assert (newest[2]["about"], newest[2]["cause"]) == (ada, "Ticket 12.")
    assert newest[3]["person"].startswith("staff:lea@")
    assert "Ada" not in str(seen)
    support = await acme.signed_in("staff", "support")
    refused = (await support.ask(LOG, "staff")).json()["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"
