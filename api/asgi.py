"""The guard in front of every HTTP door: request id, security headers, measures, and bounds on what a caller sends.

One object for each request does all of it: it reads the headers once, and each message passes it once. The time to
send headers is for the server and the proxy in front of it to bound: ASGI begins when they are complete, so their size
is bounded here only before anything looks at them.
"""

import random
import sys
import time
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import Outcome, Rejected, refusal_at, unreadable
from api.watched import door_of, measure
from api.within import within
from domain.correlation import bound, given_by
from domain.tracing import span

MAX_BODY_BYTES: Final = 256 * 1024  # a free text has at most 32 KB; the rest is room for variables
MAX_HEADER_BYTES: Final = 32 * 1024  # proxies stop at 8 to 16 KB; a token with many scopes has 4
RECEIVE_SECONDS: Final = 10.0  # 256 KB in ten seconds is 205 kbit/s, slower than a poor mobile line
ID_BITS: Final = 128  # of an id of ours: as many as a trace's
# The headers of a pure API, for every answer that does not set its own (a page sets its own policy).
LENGTH_DIGITS: Final = 12  # of a declared length that are read: more than any body has bytes
_SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),  # answers hold balances and names
)
_OVER_TLS: Final = (
    *_SECURITY_HEADERS,
    (b"strict-transport-security", b"max-age=31536000"),  # a year, as browsers' preload lists ask for
)


_OF_GUARD: Final = frozenset({b"x-request-id", *(name for name, _ in _OVER_TLS)})
_LOOKED_AT: Final = frozenset({b"x-request-id", b"traceparent", b"content-length"})


class Guard:
    """Puts an id on each request: in ``scope["state"]["request_id"]``, in every log line, in ``X-Request-Id``.

    A caller's own id is kept when it has 8 to 64 letters, digits or ``.`` ``_`` ``-``; without one, that of its trace.
    A request beyond a bound is answered here: 431 for headers longer than any honest ones, before anything reads them;
    413 for a longer body, declared or chunked, after at most one chunk more than the limit; 408 for one that is not
    complete in time, so that a dribbling client cannot hold a connection.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, receive_seconds: float) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.receive_seconds = receive_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        length, declared, named, parent = 0, 0, b"", b""
        for name, value in scope["headers"]:
            length += len(name) + len(value)
            if name in _LOOKED_AT:
                if name == b"x-request-id":
                    named = named or value
                elif name == b"traceparent":
                    parent = parent or value
                else:
                    declared = max(declared, _number(value))
        request_id, called_by = _id(named, parent), parent.decode("latin-1")
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["type"] == "websocket":
            with bound(request_id), span("websocket", "server", called_by):
                await self.app(scope, receive, send)
            return
        door = door_of(scope)
        with bound(request_id), span(f"{scope['method']} /{door}", "server", called_by):
            await _Exchange(self, scope, receive, send, request_id, door).answered(length, declared)


def guard(app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES, receive_seconds: float = RECEIVE_SECONDS) -> ASGIApp:
    """The app behind its guard."""
    return Guard(app, max_body_bytes, receive_seconds)


_bits: Final = random.Random().getrandbits  # no secret: callers may choose their own, and the system is not asked


def _id(named: bytes, parent: bytes) -> str:
    given = given_by(named.decode("latin-1"), parent.decode("latin-1")) if named or parent else None
    return given or f"{_bits(ID_BITS):032x}"


def _number(length: bytes) -> int:
    """How long a body says that it is; a number of thousands of digits is too long without being computed."""
    if not length.isdigit():
        return 0
    return int(length) if len(length) <= LENGTH_DIGITS else sys.maxsize


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_began", "_complete", "_door", "_guard", "_id", "_receive", "_received", "_scope", "_send",
                 "_started")  # fmt: skip

    def __init__(self, of: Guard, scope: Scope, receive: Receive, send: Send, request_id: str, door: str) -> None:
        self._guard, self._scope, self._receive, self._send = of, scope, receive, send
        self._id, self._door = request_id.encode(), door
        self._began = time.monotonic()
        self._received = 0
        self._complete = self._started = False

    async def answered(self, header_bytes: int, declared: int) -> None:
        """Lets the app answer; a Rejected that it lets through becomes the answer, unless one has begun."""
        try:
            self._refuse_long(header_bytes, declared)
            await self._guard.app(self._scope, self.receive, self.send)
        except Rejected as rejection:
            if self._started:
                raise
            accept = Headers(scope=self._scope).get("accept", "")
            await refusal_at(self._scope["path"], rejection, accept)(self._scope, self._receive, self.send)
        finally:
            if not self._started:
                measure(self._door, "none", self._began)

    async def receive(self) -> Message:
        """The next part of the body, in time and within its length."""
        if self._complete:  # now it waits for the client to leave, which may take as long as it likes
            return await self._receive()
        left = self._guard.receive_seconds - (time.monotonic() - self._began)
        try:
            message = await within(left, self._receive())
        except TimeoutError:
            sentence = f"The body was not complete after {self._guard.receive_seconds:g} seconds."
            raise unreadable(sentence, Outcome.TIMED_OUT, Connection="close") from None
        self._complete = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._guard.max_body_bytes:
            raise self._too_long()
        return message

    async def send(self, message: Message) -> None:
        """Passes a part of the answer on, its head with the headers that every one has."""
        if message["type"] == "http.response.start":
            self._started = True
            measure(self._door, f"{message['status'] // 100}xx", self._began)
            said, usual = [*message.get("headers", ())], self._usual()
            if not _OF_GUARD.isdisjoint(names := {name for name, _ in said}):
                said = [pair for pair in said if pair[0] != b"x-request-id"]
                usual = [pair for pair in usual if pair[0] not in names]
            message = {**message, "headers": [*said, *usual, (b"x-request-id", self._id)]}
        await self._send(message)

    def _usual(self) -> Sequence[tuple[bytes, bytes]]:
        return _OVER_TLS if self._scope.get("scheme") == "https" else _SECURITY_HEADERS

    def _refuse_long(self, header_bytes: int, declared: int) -> None:
        if header_bytes > MAX_HEADER_BYTES:
            message = f"The headers are longer than {MAX_HEADER_BYTES} bytes."
            raise unreadable(message, Outcome.HEADERS_TOO_LARGE, Connection="close")
        if declared > self._guard.max_body_bytes:
            raise self._too_long()

    def _too_long(self) -> Rejected:
        message = f"The body is longer than {self._guard.max_body_bytes} bytes."
        return unreadable(message, Outcome.TOO_LARGE, Connection="close")
