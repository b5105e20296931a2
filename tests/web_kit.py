"""A browser before the web doors of the demo's first tenant: cookies, redirects, and a click on a persona."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from api.audience import Audience
from dev.identity.personas import PERSONAS, audience_of, client_id_of
from domain.actor import Grant
from domain.perform import perform
from domain.reactions.house import House
from domain.tenants.register import RegisterStaff, register_staff
from domain.tenants.web_door import OpenWebDoor, open_web_door
from tests.api_callers import Api
from tests.world import Someone, fresh, make_world

FRONTEND = "http://127.0.0.1:5173"
ME = "{ viewer { customer { id } } }"
DESK = "{ staff { deadLetters { id } } }"


@dataclass
class Browser:
    """Keeps cookies and follows nothing by itself; ``origin`` is the address of the pages it visits."""

    api: Api
    origin: str
    jar: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """One request with the cookies of the jar; names of headers have _ for -."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"host": urlsplit(self.origin).netloc, **({"cookie": cookies} if cookies else {}), **named}
        answer = await self.api.http.request(method, path, json=body, headers=sent)
        self.api.http.cookies.clear()  # the client is everybody's, and would bring them along for everybody
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value and "Max-Age=0" not in rest:
                self.jar[name] = value
            else:
                self.jar.pop(name, None)
        return answer

    async def ask(self, document: str, csrf: str | None = "portal", **headers: str) -> httpx2.Response:
        """A GraphQL request as a page sends it."""
        named = {"x_quittance_csrf": csrf} if csrf else {}
        return await self.send("POST", "/graphql", {"query": document}, **named, **headers)

    async def data(self, document: str, csrf: str = "portal") -> Any:
        """The data of an answer without errors."""
        body = (await self.ask(document, csrf)).json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def who(self, surface: str = "portal") -> dict[str, Any]:
        """What the page is told about its session."""
        answer = await self.send("GET", f"/session/{surface}")
        assert answer.status_code == 200
        return dict(answer.json())

    async def pressed(self, surface: str, persona: str, query: str = "") -> str:
        """The address at which the browser comes back from the identity provider."""
        begun = await self.send("GET", f"/login/{surface}{query}")
        assert begun.status_code == 303, begun.text
        chosen = await self.api.mint.post(begun.headers["location"], data={"persona": persona})
        assert chosen.status_code == 302, chosen.text
        address = str(chosen.headers["location"])
        assert address.startswith(f"{self.origin}/callback/{surface}?")
        return address.removeprefix(self.origin)

    async def sign_in(self, surface: str, persona: str, query: str = "") -> httpx2.Response:
        """The whole of it; the answer is the one that the callback gives."""
        return await self.send("GET", await self.pressed(surface, persona, query))

    async def log_out(self, surface: str) -> Any:
        """Ends the session and returns where the page goes then."""
        answer = await self.send("POST", f"/logout/{surface}", {}, x_quittance_csrf=surface)
        assert answer.status_code == 200, answer.text
        return answer.json()["redirect"]


@dataclass
class Acme:
    """The tenant whose personas can be clicked on, and its customers by persona."""

    api: Api
    house: House
    origin: str
    customers: dict[str, Someone]

    def browser(self) -> Browser:
        """One that has never been here."""
        return Browser(self.api, self.origin)

    async def signed_in(self, surface: str, persona: str, query: str = "") -> Browser:
        """One that has just signed in."""
        browser = self.browser()
        answer = await browser.sign_in(surface, persona, query)
        assert answer.status_code == 303, answer.text
        return browser


async def make_acme(house: House, http: httpx2.AsyncClient, issuer: str, mint: httpx2.AsyncClient) -> Acme:
    """The tenant with its doors, its personas and no more."""
    world = await make_world(house, slug="acme")
    await world.trust(issuer)
    home, origin = world.tenant.live_house, "http://127.0.0.1:4100"
    for surface in (Audience.PORTAL, Audience.STAFF):
        names = audience_of("acme", surface), client_id_of("acme", surface)
        door = OpenWebDoor(surface.value, origin, issuer, *names, (FRONTEND,))
        await perform(house.db, open_web_door, house.actor, home, door, fresh("door"))
    customers = {}
    for persona in PERSONAS.values():
        if persona.tenant == "acme" and persona.surface is Audience.STAFF:
            command = RegisterStaff(issuer, persona.subject, Grant(persona.roles[0]))
            await perform(house.db, register_staff, house.actor, home, command, fresh("staff"))
        if persona.tenant == "acme" and persona.surface is Audience.PORTAL and not persona.member:
            customers[persona.name] = await world.customer(issuer=issuer, subject=persona.subject)
    return Acme(Api(http, world, issuer, mint), house, origin, customers)


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address; each stands there once."""
    return {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
