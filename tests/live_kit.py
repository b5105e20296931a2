"""A client of live streams as a test sees it: it reads events one by one, is cut off, and comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message

from tests.api_callers import PATIENCE_S, Caller

INVOICES = """subscription ($id: ID, $last: String) { invoiceUpdated(id: $id, lastEventId: $last) {
    eventId reason at invoice { id state due { minorUnits } } } }"""
SUBSCRIPTIONS = "subscription ($id: ID) { subscriptionUpdated(id: $id) { eventId reason subscription { id state } } }"
BALANCE = "subscription { balanceChanged { eventId reason balance { through credit { decimal } } } }"
OPERATION = """subscription ($key: IdempotencyKey!) { operationUpdated(idempotencyKey: $key) {
    eventId reason operation { name status objectIds } } }"""


@dataclass(frozen=True)
class Event:
    """One event: its kind, its id and what it carries."""

    kind: str
    id: str
    body: Any

    @property
    def update(self) -> Any:
        """The only field of an answer without errors."""
        assert "errors" not in self.body, self.body["errors"]
        (update,) = self.body["data"].values()
        assert update["eventId"] == self.id
        return update

    @property
    def code(self) -> str:
        """The code of the only error."""
        (error,) = self.body["errors"]
        return str(error["extensions"]["code"])


@dataclass
class Listener:
    """An open stream. ``beats`` counts heartbeats; ``ended`` says that the server ended the response."""

    status: int = 0
    beats: int = 0
    _events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _text: str = ""

    async def next(self) -> Event | None:
        """The next event; None where the response is over."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._events.get()

    async def update(self) -> Any:
        """What the next event tells."""
        event = await self.next()
        assert event is not None
        assert event.kind == "next"
        return event.update

    async def until(self, right: Callable[[Any], bool]) -> list[Any]:
        """The updates up to the first that is right."""
        seen = [await self.update()]
        while not right(seen[-1]):
            seen.append(await self.update())
        return seen

    async def rest(self) -> list[Event]:
        """All events up to the end of the response."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found

    async def receive(self) -> Message:
        """What the server hears after the request: nothing, until the client leaves."""
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """What the server says."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self._text += message["body"].decode()
        while "\r\n\r\n" in self._text:
            raw, _, self._text = self._text.partition("\r\n\r\n")
            self._read(raw)
        if not message.get("more_body", False):
            self._events.put_nowait(None)

    def _read(self, raw: str) -> None:
        fields = dict(line.split(":", 1) for line in raw.split("\r\n"))
        if "" in fields:
            self.beats += 1
        if "event" in fields:
            data = fields["data"].strip()
            id = fields.get("id", "").strip()
            self._events.put_nowait(Event(fields["event"].strip(), id, json.loads(data) if data else None))

    def leave(self) -> None:
        """The client's end of the connection is gone."""
        self._gone.set()


@asynccontextmanager
async def listening(
    http: httpx2.AsyncClient, caller: Caller | dict[str, str], document: str, last: str | None = None, **variables: Any
) -> AsyncIterator[Listener]:
    """A stream of the API behind that client, cut at the end, as a lost connection is.

    The caller has a token, or headers of its own.
    """
    transport = http._transport
    assert isinstance(transport, httpx2.ASGITransport)
    app: ASGIApp = transport.app
    listener = Listener()
    body = json.dumps({"query": document, "variables": variables}).encode()
    names = {
        "accept": "text/event-stream",
        **(caller if isinstance(caller, dict) else {"authorization": f"Bearer {caller.token}"}),
        "content-type": "application/json",
        **({"last-event-id": last} if last else {}),
    }
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return unread.pop() if unread else await listener.receive()

    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in names.items()], "scheme": "http",
        "server": ("portal.test", 80), "client": ("127.0.0.1", 1), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    serving = asyncio.ensure_future(app(scope, receive, listener.send))
    try:
        yield listener
    finally:
        listener.leave()
        async with asyncio.timeout(PATIENCE_S):
            await serving
