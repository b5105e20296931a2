"""A desk at which tests hand in webhooks: signed as the provider signs, of events it really has or of made-up ones."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from standardwebhooks import Webhook
from starlette.applications import Starlette

from api.webhooks import routes
from domain.inbox import InboxEvent, find
from domain.reactions.house import House
from domain.reactions.provider_events import apply
from runtime.settings import Settings
from tests.world import ACCOUNT, Someone, fresh

Event = dict[str, Any]


def encoded(event: Event) -> bytes:
    """A body as it travels."""
    return json.dumps(event).encode()


def made_up(
    kind: str = "payment.succeeded", known: Mapping[str, object] | None = None, /, *, sequence: int = 1,
    **of_object: object,
) -> Event:  # fmt: skip
    """An event of the provider's shape about an object that it does not have; nothing of it is ours unless given."""
    prefix = kind.partition(".")[0]
    subject = {
        "id": fresh(prefix),
        "payment": fresh("payment"),
        "reference": fresh("reference"),
        "status": "open",
        "amount_minor": 1000,
        "captured_minor": 1000,
        "currency": "EUR",
        "failure": None,
        "action": None,
        "metadata": {},
        **(known or {}),
        **of_object,
    }
    at = datetime.now(UTC).isoformat()
    return {"id": fresh("event"), "type": kind, "sequence": sequence, "created_at": at, "object": subject}


def key_of(event: Event) -> str:
    """The key under which the inbox keeps the event."""
    return f"{ACCOUNT}:{event['id']}"


@dataclass(frozen=True)
class Desk:
    """The webhook door of a house, the provider behind it, and the secret both share."""

    house: House
    http: httpx2.AsyncClient
    provider: httpx2.AsyncClient
    secret: str

    def signed(self, raw: bytes, id: str, at: datetime | None = None, secret: str | None = None) -> dict[str, str]:
        """The headers of a delivery."""
        now = at or datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(id, now, raw.decode()),
        }

    async def post(self, raw: bytes, headers: dict[str, str], path: str = f"/webhooks/{ACCOUNT}") -> httpx2.Response:
        """One delivery, whatever its answer."""
        return await self.http.post(path, content=raw, headers=headers)

    async def deliver(self, event: Event) -> httpx2.Response:
        """A delivery as the provider makes it."""
        raw = encoded(event)
        return await self.post(raw, self.signed(raw, event["id"]))

    async def take(self, event: Event, house: House | None = None) -> str | None:
        """Delivers the event and does what a worker does with it; the state it has then."""
        assert (await self.deliver(event)).status_code == 200
        return await apply(house or self.house, key_of(event))

    async def kept(self, event: Event) -> InboxEvent | None:
        """What the inbox has of the event."""
        return await find(self.house.db.primary, key_of(event))

    async def state(self, event: Event) -> str:
        """The state of an event that is kept."""
        kept = await self.kept(event)
        assert kept is not None
        return kept.state

    async def events_of(self, provider_ref: str | None) -> list[Event]:
        """The provider's own events about an object, in their order."""
        assert provider_ref is not None
        answer = await self.provider.get("/v1/events", params={"object": provider_ref})
        events: list[Event] = answer.json()["events"]
        return events

    async def books(self, of: Someone) -> Any:
        """What the provider's books say of a customer."""
        return (await self.provider.get("/admin/books", params={"customer": str(of.id)})).json()

    async def admin(self, path: str, **body: object) -> Any:
        """A call to the provider's side door that succeeds."""
        answer = await self.provider.post(f"/admin/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def hold(self, of: Someone) -> None:
        """What a bank has to settle for the customer from now on waits for the side door, however long a test takes."""
        await self.admin("behaviour", method=(await self.books(of))["payments"][0]["method"], held=True)

    async def come(self, action_url: str | None, outcome: str = "complete") -> None:
        """The customer visits the provider's page."""
        assert action_url is not None
        assert (await self.provider.get(action_url, params={"outcome": outcome})).is_success


@asynccontextmanager
async def desk_of(house: House, settings: Settings) -> AsyncIterator[Desk]:
    """A desk whose clients are closed at the end."""
    transport = httpx2.ASGITransport(app=Starlette(routes=list(routes(house, settings))))
    key = {"Authorization": f"Bearer {os.environ['PROVIDER_SECRET']}"}
    # Plain HTTP: reading the machine's certificates would cost each test more than the test itself.
    async with (
        httpx2.AsyncClient(transport=transport, base_url="http://portal.test") as http,
        httpx2.AsyncClient(base_url=os.environ["PROVIDER_URL"], headers=key, trust_env=False, verify=False) as provider,
    ):
        yield Desk(house, http, provider, settings.webhook_secrets("sandbox")[0])
