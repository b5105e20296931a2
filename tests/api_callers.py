"""Callers of the API as a test sees them: each with a bearer token of the stack's identity provider."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx2
from starlette.types import ASGIApp, Message

from dev.story.client import until as seen
from domain.actor import Grant
from domain.money import Currency
from tests.input_paths import has_paths_of_its_input
from tests.world import EUR, NEW_YEAR, Someone, World, fresh

PATIENCE_S = 60.0
"""How long a test waits for what must come; only a broken API uses it up."""
PAUSE_S = 0.02

T = TypeVar("T")


def key() -> str:
    """A key that nobody used before."""
    return f"test-{secrets.token_hex(12)}"


@dataclass
class Caller:
    """Somebody with a token."""

    http: httpx2.AsyncClient
    token: str

    async def post(self, body: dict[str, Any]) -> httpx2.Response:
        """One GraphQL request, whatever its answer."""
        return await self.http.post("/graphql", json=body, headers=self._signed())

    async def ask(self, document: str, **variables: Any) -> Any:
        """The body of the answer: data, errors, extensions."""
        return (await self.post({"query": document, "variables": variables})).json()

    async def data(self, document: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        body = await self.ask(document, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, document: str, **variables: Any) -> Any:
        """The only error of an answer: its message, path and extensions."""
        (error,) = (await self.ask(document, **variables))["errors"]
        return error

    async def call(self, document: str, **given: Any) -> Any:
        """The payload of a mutation under a key of its own, refused or not."""
        given.setdefault("idempotencyKey", key())
        (payload,) = (await self.data(document, input=given)).values()
        assert has_paths_of_its_input(document, payload), payload["errors"]
        return payload

    async def do(self, document: str, **given: Any) -> Any:
        """The payload of a mutation that is not refused."""
        payload = await self.call(document, **given)
        assert payload["errors"] == [], payload["errors"]
        return payload

    async def refusal(self, document: str, **given: Any) -> Any:
        """The only error of a mutation that is refused."""
        (error,) = (await self.call(document, **given))["errors"]
        return error

    async def get(self, path: str) -> httpx2.Response:
        """Another door, with the same token."""
        return await self.http.get(path, headers=self._signed())

    def _signed(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass
class Guest(Caller):
    """A portal user, and the customer it belongs to."""

    who: Someone

    @property
    def id(self) -> str:
        """The customer's id."""
        return str(self.who.id)


@dataclass
class Api:
    """The API of this process in front of one tenant."""

    http: httpx2.AsyncClient
    world: World
    issuer: str
    mint: httpx2.AsyncClient

    async def token(self, surface: str, subject: str, **claims: Any) -> str:
        """A token for that door of the tenant."""
        if surface == "staff":  # signed in just now, with two factors
            claims = {"acr": "aal2", "auth_time_ago": 0, **claims}
        body = {"audience": self.world.audience(surface), "subject": subject, **claims}
        answer = await self.mint.post(f"{self.issuer}/dev/token", json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["access_token"])

    async def guest(
        self, card: str | None = None, *, clock_at: datetime | None = NEW_YEAR, currency: Currency = EUR
    ) -> Guest:
        """A new customer's user; with a card if a test token is given."""
        who = await self.world.customer(clock_at=clock_at, currency=currency, issuer=self.issuer)
        if card:
            await self.world.card(who, card)
        return Guest(self.http, await self.token("portal", who.subject), who)

    async def subscriber(self, plan: str = "starter", card: str = "tok_visa") -> tuple[Guest, Any]:
        """A customer that just bought a plan, and the payload of that."""
        guest = await self.guest(card)
        return guest, await guest.do(START, priceId=str(self.world.prices[plan]))

    async def staff(self, role: Grant = Grant.SUPPORT) -> Caller:
        """A new member of the tenant's staff."""
        return Caller(self.http, await self.token("staff", await self.world.colleague(self.issuer, role)))

    async def acting(self, guest: "Guest", role: Grant = Grant.SUPPORT, **claims: Any) -> Caller:
        """A new member of the tenant's staff who acts for the guest's customer."""
        claims = {"act": {"sub": await self.world.colleague(self.issuer, role)}, "expires_in": 1500, **claims}
        reason = claims.pop("reason", "The customer asked by phone.")
        signed_in = {"acr": "aal2", "auth_time_ago": 0, "reason": reason}
        return Caller(self.http, await self.token("portal", guest.who.subject, **signed_in | claims))

    async def partner(self) -> Caller:
        """A new partner's program."""
        token = await self.token("partner", await self.world.partner(), scopes=["documents"])
        return Caller(self.http, token)

    async def stranger(self, surface: str) -> Caller:
        """Somebody whose token is good and whom nobody registered."""
        return Caller(self.http, await self.token(surface, fresh("stranger")))


START = """mutation ($input: StartSubscriptionInput!) { startSubscription(input: $input) {
    subscription { id state entitled } invoice { id number state total { minorUnits currency decimal }
        payments { id state actionUrl failureCode } }
    operation { id replayed status consistencyToken }
    errors { __typename ... on UserError { code message path retryable } } } }"""


async def until(look: Callable[[], Awaitable[T | None]]) -> T:
    """What the look finds, as soon as it finds something; what brings it about has the processor between two looks."""
    return await seen(look, "what the test waits for", PATIENCE_S, PAUSE_S)


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[httpx2.AsyncClient]:
    """The application between the two ends of its lifespan, and a client that speaks to it without a network."""
    heard: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, heard.get, said.put))
    await heard.put({"type": "lifespan.startup"})
    began = await said.get()
    assert began["type"] == "lifespan.startup.complete", began
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://portal.test") as http:
        yield http
    await heard.put({"type": "lifespan.shutdown"})
    await life
