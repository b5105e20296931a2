"""Whoever signs out at the identity provider is signed out here: sessions, acting, and bearer tokens of the sign-in."""

from typing import Any

import httpx2

from domain.tenants import session as sessions
from tests.api.test_signing_out import let_in_again
from tests.api_callers import Caller
from tests.dev.identity_kit import part
from tests.web_kit import DESK, ME, Acme, Browser

LOG = "{ staff { securityEvents(first: 20) { edges { node { kind surface person about } } } } }"


async def told(acme: Acme, **named: str) -> httpx2.Response:
    """The provider says that somebody signed out."""
    return await tell(acme, await token(acme, **named))


async def token(acme: Acme, **named: str) -> str:
    """The logout token that says so."""
    answer = await acme.api.mint.post(f"{acme.api.issuer}/dev/logout-token", json=named)
    return str(answer.json()["logout_token"])


async def tell(acme: Acme, logout_token: str, host: str = "127.0.0.1:4100") -> httpx2.Response:
    """The token at the door of that host."""
    answer = await acme.api.http.post(
        "/logout/backchannel", data={"logout_token": logout_token}, headers={"host": host}
    )
    assert answer.headers["cache-control"] == "no-store"
    return answer


async def sign_in_of(acme: Acme, browser: Browser, surface: str) -> str:
    """The provider's name of the sign-in that the browser's session came from."""
    found = await sessions.find(acme.house.db, browser.jar[f"quittance-{surface}"], surface)
    assert found is not None
    return str(part(found.tokens.access, 1)["sid"])


async def mobile(acme: Acme, persona: str) -> tuple[Caller, str]:
    """An app with a token of its own sign-in, and the provider's name of that."""
    answer = await acme.api.mint.post(f"{acme.api.issuer}/dev/token", json={"persona": persona})
    given = str(answer.json()["access_token"])
    return Caller(acme.api.http, given), str(part(given, 1)["sid"])


async def statuses(*asking: Any) -> list[int]:
    return [(await each).status_code for each in asking]


async def test_a_sign_in_that_its_provider_ended_opens_nothing_and_all_others_go_on(acme: Acme) -> None:
    gone, other = [await acme.signed_in("portal", "customer") for _ in range(2)]
    app, name = await mobile(acme, "customer")
    assert await statuses(gone.ask(ME), other.ask(ME), app.post({"query": ME})) == [200, 200, 200]
    said = await token(acme, client_id="acme-portal", session=await sign_in_of(acme, gone, "portal"))
    assert (await tell(acme, said)).status_code == 200
    assert await statuses(gone.ask(ME), other.ask(ME), app.post({"query": ME})) == [401, 200, 200]
    assert (await told(acme, client_id="acme-portal", session=name, subject="ada")).status_code == 200
    assert await statuses(gone.ask(ME), other.ask(ME), app.post({"query": ME})) == [401, 200, 401]
    joining = await app.http.post("/invitations/accept", json={"invitation": "x"}, headers=app._signed())
    assert (joining.status_code, joining.json()["code"]) == (401, "UNAUTHENTICATED")  # nor into an account
    again = await tell(acme, said)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    for bad in ("", "x", said[:-3]):
        assert (await tell(acme, bad)).status_code == 400
    other_name = await sign_in_of(acme, other, "portal")
    elsewhere = await token(acme, client_id="acme-portal", session=other_name)
    assert (await tell(acme, elsewhere, "localhost:4100")).status_code == 400  # not of that host's tenant
    assert (await acme.api.http.post("/logout/backchannel", json={"logout_token": elsewhere})).status_code == 400
    assert await statuses(other.ask(ME)) == [200]


async def test_staff_who_signed_out_elsewhere_act_for_nobody_and_leads_read_of_it(acme: Acme) -> None:
    lead, watching = [await acme.signed_in("staff", "lead", "?acr=aal2") for _ in range(2)]
    ada = str(acme.customers["customer"].id)
    asked = {"customerId": ada, "reason": "Ticket 13."}
    assert (await lead.send("POST", "/acting", asked, x_quittance_csrf="staff")).status_code == 201
    kept = await sessions.find(acme.house.db, lead.jar["quittance-acting"], "acting")
    assert kept is not None
    bearer = Caller(acme.api.http, kept.tokens.access)
    assert await statuses(lead.ask(DESK, "staff"), lead.ask(ME, "acting"), bearer.post({"query": ME})) == [200] * 3
    named = await sign_in_of(acme, lead, "staff")
    assert (await told(acme, client_id="acme-staff", session=named)).status_code == 200
    assert await statuses(lead.ask(DESK, "staff"), lead.ask(ME, "acting"), bearer.post({"query": ME})) == [401] * 3
    seen = (await watching.data(LOG, "staff"))["staff"]["securityEvents"]["edges"]
    ended = [each["node"] for each in seen if each["node"]["kind"] == "PROVIDER_LOGOUT"][:2]
    assert {each["surface"] for each in ended} == {"staff", "acting"}
    assert all(each["person"].startswith("staff:lea@") and each["about"] for each in ended)


async def test_a_person_who_signed_out_of_everything_is_out_everywhere(acme: Acme, owner_url: str) -> None:
    user = acme.customers["other-customer"].actor.subject
    here, (app, _) = await acme.signed_in("portal", "other-customer"), await mobile(acme, "other-customer")
    other = await acme.signed_in("portal", "customer")
    said = await token(acme, client_id="acme-portal", subject=acme.customers["other-customer"].subject)
    assert (await tell(acme, said)).status_code == 200
    assert await statuses(here.ask(ME), app.post({"query": ME}), other.ask(ME)) == [401, 403, 200]
    await let_in_again(owner_url, user)
    assert (await tell(acme, said)).status_code == 400
    assert (await app.post({"query": ME})).status_code == 200  # what came before ends nothing again
    for unknown in ("acme-portal", "acme-staff"):
        assert (await told(acme, client_id=unknown, subject="nobody")).status_code == 200
