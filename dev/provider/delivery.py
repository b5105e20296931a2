"""Sending webhooks: retried until taken, in order per object unless asked."""

import asyncio
import random
import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import httpx2

from dev.provider.events import Event, get_event
from dev.provider.store import Store, moment
from domain.http_client import HttpClient

RETRY_AFTER_S: Final = (1, 2, 5, 10, 30, 60, 300, 1800)
"""A restarted receiver is caught up within seconds; after about 37 minutes only the receiver's own sweep can heal."""

_SEND_LIMIT_S: Final = 10.0  # receivers promise to answer at once and to work later
_AT_ONCE: Final = 64  # deliveries under way: a few receivers that hang must not hold up the others

Order = Literal["created", "reversed", "shuffled"]
Route = tuple[str, str]  # an object and a receiver: within it events keep their order


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery that is to be made; `url` is empty for the default receiver."""

    number: int
    event: Event
    url: str
    tries: int


@dataclass(frozen=True, slots=True)
class Letter:
    """An event as it is sent now; `receiver` is the default one, None where there is none."""

    receiver: str | None
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the receiver said: an HTTP status, or None when nobody answered; `receiver` is None where there is none."""

    event: str
    type: str
    receiver: str | None
    status: int | None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Courier:
    """Sends events to their receivers; `write` gives the letter, whose body is the same bytes at every delivery."""

    def __init__(self, store: Store, write: Callable[[Event], Letter], wake: asyncio.Event) -> None:
        self._store = store
        self._wake = wake
        self._routes: dict[Route, deque[Due]] = defaultdict(deque)
        self._tasks: dict[Route, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._write = write
        self._client = HttpClient(timeout=_SEND_LIMIT_S, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        """Give up what is being sent (the books still have it as due) and close the connections."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._client.aclose()

    def recover(self) -> None:
        """Make due again what a killed process was sending."""
        with self._store.write() as db:
            db.execute("UPDATE deliveries SET state = 'due' WHERE state = 'sending'")

    def dispatch(self) -> None:
        """Start sending every delivery whose time has come; one object's events follow each other to one receiver."""
        for due in self._take_due():
            route = due.event.subject.id, due.url
            self._routes[route].append(due)
            if route not in self._tasks:
                self._tasks[route] = asyncio.create_task(self._along(route))

    async def deliver_now(self, events: Sequence[int], order: Order, seed: int, times: int, url: str) -> list[Sent]:
        """Send these events one after the other in that order, `times` each, and say what the receiver answered."""
        numbers = [number for number in sorted(events, reverse=order == "reversed") for _ in range(times)]
        if order == "shuffled":
            random.Random(seed).shuffle(numbers)
        sent = []
        for number in numbers:
            event = get_event(self._store.db, number)
            sent.append(await self._send(event, url or _url_of(self._store.db, number)))
            if sent[-1].taken:
                self._finish(number)
        return sent

    async def _along(self, route: Route) -> None:
        try:
            while self._routes[route]:
                due = self._routes[route].popleft()
                async with self._gate:
                    sent = await self._send(due.event, due.url)
                self._note(due, sent)
        finally:
            del self._routes[route], self._tasks[route]
            self._wake.set()

    async def _send(self, event: Event, url: str) -> Sent:
        letter = self._write(event)
        receiver, status = url or letter.receiver, None
        if receiver is not None:
            with suppress(httpx2.RequestError, httpx2.InvalidURL):
                answer = await self._client.post(receiver, content=letter.body, headers=letter.headers)
                status = answer.status_code
        return Sent(event.id, event.type, receiver, status)

    def _take_due(self) -> list[Due]:
        with self._store.write() as db:
            rows = db.execute(
                "UPDATE deliveries SET state = 'sending' WHERE state = 'due' AND due_at <= ?"
                " RETURNING number, event, url, tries, due_at",
                (moment().timestamp(),),
            ).fetchall()
            rows.sort(key=lambda row: (row["due_at"], row["number"]))
            return [Due(row["number"], get_event(db, row["event"]), row["url"], row["tries"]) for row in rows]

    def _note(self, due: Due, sent: Sent) -> None:
        over = sent.taken or sent.receiver is None or due.tries >= len(RETRY_AFTER_S)
        again = None if over else RETRY_AFTER_S[due.tries]
        state = "done" if sent.taken else "given_up" if again is None else "due"
        due_at = None if again is None else moment().timestamp() + again
        with self._store.write() as db:
            db.execute(
                "UPDATE deliveries SET state = ?, due_at = ?, tries = tries + 1, last_status = ? WHERE number = ?",
                (state, due_at, sent.status, due.number),
            )

    def _finish(self, event: int) -> None:
        with self._store.write() as db:
            db.execute(
                "UPDATE deliveries SET state = 'done', due_at = NULL WHERE event = ? AND state = 'held'", (event,)
            )


def held_events(db: sqlite3.Connection, method: str | None, token: str | None, subject: str | None) -> list[int]:
    """The events kept for delivery on demand, oldest first, narrowed where asked."""
    rows = db.execute(
        "SELECT DISTINCT e.number FROM deliveries d JOIN events e ON e.number = d.event"
        " LEFT JOIN records m ON m.id = e.method WHERE d.state = 'held' AND (?1 IS NULL OR e.method = ?1)"
        " AND (?2 IS NULL OR m.owner = ?2) AND (?3 IS NULL OR e.object = ?3) ORDER BY e.number",
        (method, token, subject),
    )
    return [row["number"] for row in rows]


def _url_of(db: sqlite3.Connection, event: int) -> str:
    row = db.execute("SELECT url FROM deliveries WHERE event = ? ORDER BY number LIMIT 1", (event,)).fetchone()
    return str(row["url"]) if row else ""
