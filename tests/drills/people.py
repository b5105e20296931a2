"""Customers of a drill: each takes seat after seat over HTTP, one key for each, and keeps what it was answered."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2

from dev.story import documents as say
from dev.story.client import until
from tests.api_callers import START, Guest, key

# Longer than any bound of the product's: what takes longer did not answer.
PATIENCE_SECONDS = 30.0
# A client that is told to come back does so after a moment; without a pause it would only measure itself.
PAUSE_SECONDS = 0.2
DONE, AGAIN, PENDING = "done", "again", "pending"
# What is heard while something is broken; nothing else may ever be.
EXPECTED = {DONE, AGAIN, PENDING, "no connection"}
RETRYABLE = {"UNAVAILABLE", "HISTORY_UNAVAILABLE", "THROTTLED"}


@dataclass(frozen=True)
class Heard:
    """How a call ended: ``word`` is done, again (to be sent once more), or what it should never be."""

    word: str
    data: Any = None
    status: int = 0
    seconds: float = 0
    headers: Any = None


async def ask(http: httpx2.AsyncClient, token: str, document: str, variables: dict[str, Any]) -> Heard:
    """One call, whatever its answer."""
    began, body = time.monotonic(), {"query": document, "variables": variables}
    try:
        answer = await http.post(
            "/graphql", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS
        )
        told = answer.json()
    except httpx2.ConnectError:
        return Heard("no connection", seconds=time.monotonic() - began)
    except (httpx2.HTTPError, ValueError) as error:
        return Heard(type(error).__name__, seconds=time.monotonic() - began)
    return Heard(_word(answer.status_code, told), told.get("data"), answer.status_code, time.monotonic() - began,
                 answer.headers)  # fmt: skip


def _word(status: int, told: dict[str, Any]) -> str:
    if errors := told.get("errors"):
        codes = {each.get("extensions", {}).get("code") for each in errors}
        return AGAIN if codes <= RETRYABLE else f"{status} {sorted(map(str, codes))}"
    payload = next(iter(told["data"].values()))
    refused = payload.get("errors", ()) if isinstance(payload, dict) else ()
    if not refused:
        return DONE
    found = {each["code"] for each in refused}
    if found == {"CHANGE_PENDING"}:  # the change before it is not paid yet
        return PENDING
    return AGAIN if all(each.get("retryable") for each in refused) else str(sorted(found))


@dataclass
class Intent:
    """Something to be done once."""

    document: str
    given: dict[str, Any]
    operation: str = ""


@dataclass
class Buyer:
    """A customer with a subscription; ``heard`` counts how its calls ended, ``worst_seconds`` is the longest."""

    guest: Guest
    http: httpx2.AsyncClient
    subscription: str = ""
    seats: int = 1
    done: list[Intent] = field(default_factory=list)
    left: Intent | None = None
    heard: Counter[str] = field(default_factory=Counter)
    worst_seconds: float = 0.0
    token: str = ""
    last_invoice: str = ""
    pause_seconds: float = PAUSE_SECONDS

    async def begin(self, price: str) -> None:
        """Buys one seat."""
        given = {"input": {"priceId": price, "quantity": 1, "idempotencyKey": key()}}
        heard = await self._told(START, given)
        self.subscription = heard.data["startSubscription"]["subscription"]["id"]

    async def live(self, ended: asyncio.Event) -> None:
        """Takes one seat more again and again until the event; what is not answered by then is left over."""
        while not ended.is_set():
            self.left = self.left or self._next()
            if not await self.once(self.left):
                await pause(ended, self.pause_seconds)

    async def changes_once(self) -> str:
        """Takes one seat more; the token of that."""
        self.left = self._next()
        await self.finish()
        return self.token

    async def finish(self) -> None:
        """Sends what is left over until it is done."""
        while self.left and not await self.once(self.left):
            assert set(self.heard) <= EXPECTED, self.heard
            await asyncio.sleep(PAUSE_SECONDS)

    async def once(self, intent: Intent) -> bool:
        """Sends it; whether it is acknowledged."""
        heard = await ask(self.http, self.guest.token, intent.document, {"input": intent.given})
        self.heard[heard.word] += 1
        self.worst_seconds = max(self.worst_seconds, heard.seconds)
        if heard.word != DONE:
            return False
        (payload,) = heard.data.values()
        intent.operation, self.token = payload["operation"]["id"], payload["operation"]["consistencyToken"]
        self.last_invoice = (payload["invoice"] or {}).get("number", self.last_invoice)
        self.seats = intent.given["quantity"]
        self.done.append(intent)
        self.left = None
        return True

    async def lost(self) -> list[str]:
        """What was acknowledged and, asked for again under its key, is not the same; empty where all of it is."""
        found = []
        for intent in self.done:
            heard = await self._told(intent.document, {"input": intent.given})
            told = next(iter(heard.data.values()))["operation"] if heard.word == DONE else {"id": heard.word}
            if told["id"] != intent.operation or not told["replayed"]:
                found.append(f"{intent.given['idempotencyKey']}: {told}")
        return found

    async def _told(self, document: str, variables: dict[str, Any]) -> Heard:
        """The answer that is not to come again."""
        while True:
            heard = await ask(self.http, self.guest.token, document, variables)
            if heard.word != AGAIN:
                return heard
            await asyncio.sleep(PAUSE_SECONDS)

    def _next(self) -> Intent:
        given = {"subscriptionId": self.subscription, "quantity": self.seats + 1, "idempotencyKey": key()}
        return Intent(say.SEATS, given)


@dataclass
class Reader:
    """Asks one query again and again; ``heard`` and ``worst_seconds`` as of a buyer."""

    guest: Guest
    http: httpx2.AsyncClient
    document: str
    heard: Counter[str] = field(default_factory=Counter)
    worst_seconds: float = 0.0

    async def live(self, ended: asyncio.Event) -> None:
        """Asks until the event."""
        while not ended.is_set():
            heard = await ask(self.http, self.guest.token, self.document, {})
            self.heard[heard.word] += 1
            self.worst_seconds = max(self.worst_seconds, heard.seconds)
            await pause(ended)


async def pause(ended: asyncio.Event, seconds: float = PAUSE_SECONDS) -> None:
    """A moment, or less where it is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()


class Lives(Protocol):
    """Whoever does something until an event."""

    async def live(self, ended: asyncio.Event) -> None: ...


@asynccontextmanager
async def at_work(*people: Lives) -> AsyncIterator[None]:
    """All of them live while the block runs, and have ended after it, however it ends."""
    ended = asyncio.Event()
    living = [asyncio.create_task(each.live(ended)) for each in people]
    try:
        yield
    finally:
        ended.set()
        await asyncio.gather(*living)


async def somebody_goes_on(buyers: Sequence[Buyer]) -> float:
    """Seconds until another change is acknowledged, a minute at most."""
    began, then = time.monotonic(), [len(each.done) for each in buyers]

    async def goes_on() -> bool | None:
        return None if [len(each.done) for each in buyers] == then else True

    await until(goes_on, "another change", 2 * PATIENCE_SECONDS)
    return time.monotonic() - began


def total(people: Sequence[Buyer | Reader]) -> Counter[str]:
    """How all calls of all of them ended."""
    found: Counter[str] = Counter()
    for each in people:
        found.update(each.heard)
    return found
