"""ASGI wrappers around every HTTP door: request id, security headers, and bounds on a request's body in size and time.

The time to send headers is for the server and the proxy in front of it to bound: ASGI begins when they are complete, so
their size is bounded here only before anything looks at them.
"""

import asyncio
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import Outcome, Rejected, refusal_at, unreadable
from api.watched import Watched, door_of
from domain.correlation import given_by, under
from domain.tracing import span

MAX_BODY_BYTES: Final = 256 * 1024  # a free text has at most 32 KB; the rest is room for variables
MAX_HEADER_BYTES: Final = 32 * 1024  # proxies stop at 8 to 16 KB; a token with many scopes has 4
RECEIVE_SECONDS: Final = 10.0  # 256 KB in ten seconds is 205 kbit/s, slower than a poor mobile line
_SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # answers hold balances and names
}
_HSTS: Final = "max-age=31536000"  # a year, as browsers' preload lists ask for


def guard(app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES, receive_seconds: float = RECEIVE_SECONDS) -> ASGIApp:
    """The app behind all wrappers of this file, in their right order."""
    return RequestId(
        Watched(SecurityHeaders(HeaderLimit(ReceiveTimeout(BodyLimit(app, max_body_bytes), receive_seconds))))
    )


class RequestId:
    """Puts an id on each request: in ``scope["state"]["request_id"]``, in every log line, in ``X-Request-Id``.

    A caller's own id is kept when it has 8 to 64 letters, digits or ``.`` ``_`` ``-``; without one, that of its trace.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = given_by(headers.get("x-request-id", ""), headers.get("traceparent", "")) or uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        name = f"{scope['method']} /{door_of(scope)}" if scope["type"] == "http" else "websocket"
        with under(request_id), span(name, "server", headers.get("traceparent", "")):
            await self.app(scope, receive, send_with_id)


class SecurityHeaders:
    """Adds the headers of a pure API to every response that does not set its own (a page sets its own policy)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":
                    headers.setdefault("Strict-Transport-Security", _HSTS)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class HeaderLimit:
    """Answers 431 to headers that are longer than any honest ones, before anything reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = sum(len(name) + len(value) for name, value in scope.get("headers", ()))
        if scope["type"] == "http" and length > MAX_HEADER_BYTES:
            message = f"The headers are longer than {MAX_HEADER_BYTES} bytes."
            refused = unreadable(message, Outcome.HEADERS_TOO_LARGE, Connection="close")
            return await _refuse(refused, scope, receive, send)
        return await self.app(scope, receive, send)


class BodyLimit:
    """Answers 413 to a longer body, declared or chunked, after reading at most one chunk more than the limit."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and (len(declared) > len(str(self.max_bytes)) or int(declared) > self.max_bytes):
            return await _refuse(self._too_large(), scope, receive, send)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise self._too_large()
            return message

        return await _run(self.app, scope, counted, send)

    def _too_large(self) -> Rejected:
        message = f"The body is longer than {self.max_bytes} bytes."
        return unreadable(message, Outcome.TOO_LARGE, Connection="close")


class ReceiveTimeout:
    """Answers 408 when a body is not complete in time, so that a dribbling client cannot hold a connection."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        deadline = asyncio.get_running_loop().time() + self.seconds
        complete = False

        async def timed() -> Message:
            nonlocal complete
            if complete:  # now it waits for the client to leave, which may take as long as it likes
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                sentence = f"The body was not complete after {self.seconds:g} seconds."
                raise unreadable(sentence, Outcome.TIMED_OUT, Connection="close") from None
            complete = not message.get("more_body", False)
            return message

        return await _run(self.app, scope, timed, send)


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Runs the app; a Rejected that it lets through becomes the answer, unless one has begun."""
    started = False

    async def watched(message: Message) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await app(scope, receive, watched)
    except Rejected as rejection:
        if started:
            raise
        await _refuse(rejection, scope, receive, send)


async def _refuse(rejection: Rejected, scope: Scope, receive: Receive, send: Send) -> None:
    answer = refusal_at(scope["path"], rejection, Headers(scope=scope).get("accept", ""))
    await answer(scope, receive, send)
