"""The doors beside GraphQL's: whatever comes, and while the database is away, a sentence and no error of ours."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import HTTPConnection

from api.app import build_app
from api.sign_in.doors import KEPT_SECONDS, Doors
from domain.perform import perform
from domain.privacy.data_export import AskExport, ask_export, data_exports, download_text
from domain.refusals import Refused
from runtime.house import open_house
from runtime.settings import Settings
from tests.api_callers import Api, running
from tests.server_gate import gate_before
from tests.web_kit import FRONTEND, ME, Acme, Browser

ODD = (
    "",
    "\x00",
    "é",
    "\ud7ff",
    "x" * 5000,
    "//evil",
    "/\\evil",
    "null",
    "{}",
    "a\r\nb",
    "-1",
    "9" * 400,
    "ey.ey.ey",
    "😀",
)
SEGMENTS = ("portal", "staff", "acting", "%00", "%ff", "%F0%9F%98%80", "..%2f..", "x" * 3000, "a%0d%0ab", "invoice_zzz")
NAMES = ("return_to", "code", "state", "iss", "error", "surface", "invitation", "max_age", "acr")
BODIES = (
    b"", b"{", b"[" * 100_000, b"\xff\xfe", b"a=b&a=c", b"logout_token=%00", b"logout_token=a&logout_token=b",
    b'--b\r\nContent-Disposition: form-data; name="logout_token"; filename="x"\r\n\r\nabc\r\n--b--\r\n',
    b"--b\r\nbroken", b'{"type":"x","id":"\\ud800"}', b"x" * 70_000, b"null", b'{"id":' + b"9" * 5000 + b"}",
    *(json.dumps({"invitation": each, "customerId": each, "reason": each, "minutes": 5, "write": True}).encode()
      for each in ODD),
)  # fmt: skip
TYPES = (
    b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=b",
    b"multipart/form-data", b"multipart/form-data; boundary=" + b"x" * 300, b"", b"application/json; charset=\xff",
)  # fmt: skip
BYTES = (b"\xff", b"", b"1", b"v1,x", b"t=1,v1=x", b"t=" + b"9" * 400 + b",v1=x", b"-1", b"9" * 400, b"\xb2")
HEADERS = {
    b"host": (b"evil", b"", b"\xff", b"a b", b"x:99999"),
    b"cookie": (b"quittance-portal=\xff\xfe", b"=;;;=", b"quittance-portal=" + b"x" * 4000, b"quittance-portal=abc"),
    b"x-quittance-csrf": (b"portal", b"staff", b"acting", b"\xff"),
    b"authorization": (b"Bearer ", b"Bearer \xff", b"bearer a.b.c", b"Basic x", b"Bearer " + b"[" * 3000),
    b"origin": (b"null", b"\xff", b"http://["),
    b"accept-language": (b"de;q=x", b"\xff", b"," * 3000),
    b"if-none-match": (b"*", b"\xff"),
    b"range": (b"bytes=5-1", b"x"),
    b"x-request-id": (b"\xff", b"x" * 5000),
    **dict.fromkeys((b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"stripe-signature"), BYTES),
}
PATHS = (
    "/login/{}", "/callback/{}", "/session/{}", "/logout/{}", "/acting", "/invitations/accept", "/logout/backchannel",
    "/webhooks/sandbox/main", "/webhooks/{}/main", "/documents/invoices/{}.pdf", "/documents/receipts/{}.pdf",
    "/documents/credit-notes/{}.xml", "/exports/{}.jsonl", "/console/{}", "/console/assets/{}", "/healthz", "/readyz",
)  # fmt: skip
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Any request to one of them, most of it odd."""
    chosen = draw(st.lists(st.sampled_from(sorted(HEADERS)), unique=True, max_size=6))
    headers = [(name, draw(st.sampled_from(HEADERS[name]))) for name in chosen]
    method = draw(st.sampled_from(["GET", "POST", "POST", "PUT", "OPTIONS"]))
    return {
        "method": method,
        "url": draw(st.sampled_from(PATHS)).format(draw(st.sampled_from(SEGMENTS))),
        "params": draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ODD)), max_size=4)),
        "content": draw(st.sampled_from(BODIES)) if method == "POST" else b"",
        "headers": [*headers, (b"content-type", draw(st.sampled_from(TYPES)))],
    }


def is_sound(answer: httpx2.Response) -> bool:
    """Whether nothing of ours went wrong."""
    return answer.status_code < 500 and "INTERNAL" not in answer.text and "Traceback" not in answer.text


@MANY
@given(requests(), st.booleans())
async def test_whatever_is_sent_to_any_door_gets_a_sound_answer(
    acme: Acme, visitor: Browser, asked: dict[str, Any], signed_in: bool
) -> None:
    given_names = {name for name, _ in asked["headers"]}
    own = [(b"host", urlsplit(acme.origin).netloc.encode())] * (b"host" not in given_names)
    if signed_in and b"cookie" not in given_names:
        own.append((b"cookie", "; ".join(f"{name}={value}" for name, value in visitor.jar.items()).encode()))
    answer = await acme.api.http.request(**{**asked, "headers": [*asked["headers"], *own]})
    assert is_sound(answer), (answer.status_code, answer.text[:200])


@pytest.fixture
async def visitor(acme: Acme) -> Browser:
    """Somebody who is signed in to both surfaces."""
    browser = await acme.signed_in("portal", "customer")
    await browser.sign_in("staff", "support")
    return browser


async def test_a_token_beside_a_cookie_is_a_mistake_of_the_caller_at_the_door_of_documents(visitor: Browser) -> None:
    answer = await visitor.send("GET", "/documents/invoices/invoice_zzz.pdf", authorization="Bearer x")
    assert (answer.status_code, answer.json()) == (
        400, {"code": "BAD_INPUT", "message": "Send a bearer token or a session's cookie, not both."})  # fmt: skip


@asynccontextmanager
async def without_a_database(acme: Acme, given: Settings, *, warm: bool = False) -> AsyncIterator[Api]:
    """A process whose database went away, before or after it was first asked."""
    async with (
        gate_before(given.database_url.get_secret_value()) as (gate, url),
        running(build_app(given.model_copy(update={"database_url": SecretStr(url)}))) as http,
    ):
        if warm:
            await http.get("/login/portal", headers={"host": urlsplit(acme.origin).netloc})
        await gate.shut()
        yield Api(http, acme.api.world, acme.api.issuer, acme.api.mint)


@pytest.mark.row("F4")
@pytest.mark.parametrize("origin", ["", FRONTEND])
@pytest.mark.parametrize("warm", [False, True])
async def test_while_the_database_is_away_every_door_says_that_it_cannot_be_done_now(
    acme: Acme, visitor: Browser, process_settings: Settings, caplog: pytest.LogCaptureFixture, origin: str, warm: bool
) -> None:
    bearer = {"authorization": f"Bearer {await acme.api.token('portal', acme.customers['customer'].subject)}"}
    export = f"/exports/{await link_of_an_export(acme)}.jsonl"
    asked_from = {"origin": origin} if origin else {}
    async with without_a_database(acme, process_settings, warm=warm) as api:
        browser, nobody = Browser(api, visitor.origin, visitor.jar), Browser(api, visitor.origin, {})
        caplog.clear()
        came_back = await browser.send("GET", "/callback/portal?state=x&code=y", **asked_from)
        answers = [
            await browser.send("GET", "/session/portal", x_quittance_csrf="portal", **asked_from),
            await browser.send("POST", "/logout/portal", {}, x_quittance_csrf="portal", **asked_from),
            await browser.send("POST", "/acting", {}, x_quittance_csrf="staff", **asked_from),
            await nobody.send("GET", "/documents/invoices/invoice_zzz.pdf", **bearer, **asked_from),
            await nobody.send("POST", "/invitations/accept", {"invitation": "x"}, **bearer, **asked_from),
            await nobody.send("GET", export, **asked_from),
        ]
        graphql = await browser.ask(ME, **asked_from)
    assert (came_back.status_code in {400, 503}, "Not signed in" in came_back.text) == (True, True)
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "UNAVAILABLE")] * 6
    assert (graphql.status_code, graphql.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
    if origin and warm:  # a page may read only what says so
        assert graphql.headers["access-control-allow-origin"] == origin
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_host_that_was_known_stays_known_for_as_long_as_the_database_is_away(
    acme: Acme, process_settings: Settings
) -> None:
    def to(host: str) -> HTTPConnection:
        return HTTPConnection({"type": "http", "headers": [(b"host", host.encode())]})

    ours, elapsed = to(urlsplit(acme.origin).netloc), [0.0]
    async with gate_before(process_settings.database_url.get_secret_value()) as (gate, url):
        given = process_settings.model_copy(update={"database_url": SecretStr(url)})
        async with open_house(given, "quittance-doors") as house:
            doors = Doors(house.db.primary, lambda: elapsed[0])
            known = await doors.at(ours)
            await gate.shut()
            elapsed[0] = KEPT_SECONDS
            assert known and await doors.at(ours) == known
            with pytest.raises(Refused):
                await doors.at(to("elsewhere.example"))


async def link_of_an_export(acme: Acme) -> str:
    """The text of a good link to a customer's data."""
    who, db = acme.customers["customer"], acme.house.db
    await perform(db, ask_export, who.actor, who.id, AskExport(with_events=False), "a link")
    (newest, *_) = await data_exports(db.primary, who.id)
    return download_text(db.vault, newest, db.clock.now())
