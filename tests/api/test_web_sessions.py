"""Signing in through a browser: one click gives a session, and nothing but that browser can use it."""

from urllib.parse import urlsplit

import pytest

from tests.web_kit import DESK, FRONTEND, ME, Acme, query_of

SURFACES = ("portal", "staff")


async def test_a_customer_signs_in_by_one_click_and_out_again(acme: Acme) -> None:
    browser, ada = acme.browser(), acme.customers["customer"]
    assert await browser.who() == {"surface": "portal", "signedIn": False, "loginUrl": "/login/portal"}
    assert (await browser.ask(ME)).status_code == 401
    answer = await browser.sign_in("portal", "customer", "?return_to=/bills%3Fopen=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bills?open=1")
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("quittance-portal=")]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert list(browser.jar) == ["quittance-portal"]  # what the sign-in was begun with is gone
    assert "ey" not in browser.jar["quittance-portal"]  # as every token begins
    assert (await browser.data(ME))["viewer"]["customer"]["id"] == str(ada.id)
    told = await browser.who()
    assert (told["subject"], told["customerId"]) == (ada.actor.subject, str(ada.id))
    kept = dict(browser.jar)
    farewell = await browser.log_out("portal")
    assert query_of(farewell)["post_logout_redirect_uri"] == f"{acme.origin}/"
    assert browser.jar == {}
    browser.jar = kept  # a copy of the cookie is worth nothing now
    assert (await browser.ask(ME)).status_code == 401
    assert (await browser.who())["signedIn"] is False
    assert (await acme.api.mint.get(farewell)).headers["location"] == f"{acme.origin}/"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff",
        b'{"returnTo": "/\\ud800"}',
        b'{"returnTo": "//evil.example"}',
        b'{"returnTo": ["/"]}',
        b'["/"]',
    ],
    ids=range(8),
)
async def test_who_signs_out_with_a_body_that_names_no_page_comes_back_to_the_first(acme: Acme, body: bytes) -> None:
    browser = await acme.signed_in("portal", "customer")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    headers = {"host": urlsplit(browser.origin).netloc, "cookie": cookie, "x-quittance-csrf": "portal"}
    answer = await acme.api.http.post("/logout/portal", content=body, headers=headers)
    back = query_of(answer.json()["redirect"])["post_logout_redirect_uri"]
    assert (answer.status_code, back) == (200, f"{acme.origin}/")
    assert (await browser.ask(ME)).status_code == 401


async def test_one_browser_holds_a_customer_and_a_member_of_staff_and_each_request_says_which(acme: Acme) -> None:
    browser = await acme.signed_in("staff", "support")
    await browser.sign_in("portal", "customer")
    assert (await browser.ask(DESK, "staff")).status_code == 200
    assert (await browser.data(ME))["viewer"]["customer"]["id"] == str(acme.customers["customer"].id)
    assert (await browser.ask(ME, "staff")).json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await browser.who("staff"))["roles"] == ["support"]
    await browser.log_out("staff")
    assert (await browser.who("staff"))["signedIn"] is False
    assert (await browser.who("portal"))["signedIn"] is True


async def test_a_cookie_counts_only_where_the_page_meant_it_and_may(acme: Acme) -> None:
    browser = await acme.signed_in("portal", "customer")
    refused = [
        await browser.ask(ME, None),
        await browser.ask(ME, "root"),
        await browser.ask(ME, origin="https://evil.example"),
        await browser.ask(ME, origin="null"),
        await browser.ask(ME, sec_fetch_site="cross-site"),
        await browser.send("POST", "/logout/portal", {}),
        await browser.send("POST", "/logout/portal", {}, x_quittance_csrf="portal", origin="https://evil.example"),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert refused[0].json()["errors"][0]["extensions"]["code"] == "CSRF"
    assert not any("access-control-allow-origin" in answer.headers for answer in refused)
    both = await browser.ask(ME, authorization="Bearer x")
    assert (both.status_code, both.json()["errors"][0]["message"]) == (
        400, "Send a bearer token or a session's cookie, not both.",
    )  # fmt: skip
    for origin in (acme.origin, FRONTEND):
        assert (await browser.ask(ME, origin=origin, sec_fetch_site="same-site")).status_code == 200
    elsewhere = await acme.signed_in("portal", "customer")
    elsewhere.origin = "http://nowhere.example"
    assert (await elsewhere.ask(ME)).status_code == 401


async def test_only_listed_origins_are_told_yes_and_each_by_its_name(acme: Acme) -> None:
    browser = acme.browser()
    asks = {"access_control_request_method": "POST", "access_control_request_headers": "x-quittance-csrf"}
    yes = await browser.send("OPTIONS", "/graphql", origin=FRONTEND, **asks)
    assert (yes.status_code, yes.headers["access-control-allow-origin"]) == (204, FRONTEND)
    assert yes.headers["access-control-allow-credentials"] == "true"
    assert "x-quittance-csrf" in yes.headers["access-control-allow-headers"]
    for origin in ("https://evil.example", "null", "*", f"{FRONTEND}.evil.example"):
        no = await browser.send("OPTIONS", "/graphql", origin=origin, **asks)
        assert not any(name.startswith("access-control-") for name in no.headers), origin
    token = await acme.api.token("portal", acme.customers["customer"].subject)
    answer = await browser.ask(ME, None, authorization=f"Bearer {token}", origin=FRONTEND)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, FRONTEND)
    assert answer.headers["vary"] == "Origin"


async def test_a_sign_in_ends_only_in_the_browser_that_began_it_and_only_once(acme: Acme) -> None:
    victim, thief = acme.browser(), acme.browser()
    address = await thief.pressed("portal", "other-customer")
    refused = await victim.send("GET", address)  # a link that signs the victim in as somebody else
    assert (refused.status_code, victim.jar) == (400, {})
    assert "was not begun in this browser" in refused.text
    pending = dict(thief.jar)
    assert (await thief.send("GET", address)).status_code == 303
    first = thief.jar["quittance-portal"]
    thief.jar |= pending
    assert (await thief.send("GET", address)).status_code == 400  # the code is used up
    for changed in ("code=x", "iss=https://evil.example", "error=login_required"):
        browser = acme.browser()
        other = await browser.pressed("portal", "customer")
        name = changed.partition("=")[0]
        kept = "&".join(part for part in other.partition("?")[2].split("&") if not part.startswith(f"{name}="))
        kept = kept if name != "error" else "&".join(p for p in kept.split("&") if not p.startswith("code="))
        answer = await browser.send("GET", f"/callback/portal?{kept}&{changed}")
        assert (answer.status_code, browser.jar) == (400, {}), changed
    again = await thief.sign_in("portal", "other-customer")
    assert again.status_code == 303
    assert thief.jar["quittance-portal"] != first  # a new session for each sign-in, and the one before is over
    thief.jar["quittance-portal"] = first
    assert (await thief.who())["signedIn"] is False


@pytest.mark.parametrize(
    "query",
    [
        "?return_to=//evil.example", "?return_to=https://evil.example/", "?return_to=/%5Cevil.example",
        f"?return_to={FRONTEND}.evil.example/", "?return_to=javascript:alert(1)", "?max_age=x", "?acr=a%20b",
    ],
)  # fmt: skip
async def test_a_sign_in_leads_nowhere_else(acme: Acme, query: str) -> None:
    answer = await acme.browser().send("GET", f"/login/portal{query}")
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_nobody_signs_in_where_no_door_is(acme: Acme) -> None:
    browser = acme.browser()
    for path in ("/login/partner", "/login/root", "/callback/partner"):
        assert (await browser.send("GET", path)).status_code == 404
    browser.origin = "http://nowhere.example"
    assert (await browser.send("GET", "/login/portal")).status_code == 404
    stranger = acme.browser()
    assert (await stranger.send("GET", "/session/portal", cookie="quittance-portal=1.zz")).json()["signedIn"] is False
