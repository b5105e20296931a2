"""How faults look on the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dev.provider.faults import Fault
from dev.provider.http.views import View

_HOLD_S: Final = 60.0  # longer than any sensible client waits; then the connection is dropped
_DRIP_S: Final = 0.2  # one byte each: every single read is in time, and the whole never ends
_RETRY_AFTER_S: Final = 1
_GARBAGE: Final = b"<html><body><h1>Bad gateway</h1></body></html>"


class Json(Response):
    """JSON of a view; times in ISO 8601."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return msgspec.json.encode(content)


class HangUp(Response):
    """Announces an answer and drops the connection instead of giving it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id": "', "more_body": True})


def error(status: int, code: str, message: str, *, acted: bool | None, headers: dict[str, str] | None = None) -> Json:
    """An error body; `acted` false promises that nothing was done, and is left out where that is not certain."""
    said: View = {"code": code, "message": message}
    return Json({"error": said if acted is None else {**said, "acted": acted}}, status, headers)


async def client_gone(request: Request) -> None:
    """Wait until the client has closed its connection, or _HOLD_S."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_HOLD_S):
            while (await request.receive())["type"] != "http.disconnect":
                pass


async def play(fault: Fault, request: Request, view: View, status: int) -> Response:
    """Answer as the fault says; `view` is what an honest answer would hold (empty when nothing was done)."""
    match fault:
        case Fault.TIMEOUT_BEFORE | Fault.TIMEOUT_AFTER | Fault.TIMEOUT_LATE:
            await client_gone(request)
            return HangUp()
        case Fault.HANGUP_BEFORE | Fault.HANGUP_AFTER:
            return HangUp()
        case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
            return error(500, "internal", "something went wrong", acted=None)
        case Fault.UNAVAILABLE:
            return error(503, "unavailable", "nothing was done", acted=False, headers=_retry_header())
        case Fault.RATE_LIMITED:
            return error(429, "rate_limited", "too many requests", acted=False, headers=_retry_header())
        case Fault.GARBAGE_BEFORE | Fault.GARBAGE_AFTER:
            return Response(_GARBAGE, 200, media_type="text/html")
        case Fault.DRIP_AFTER:
            return StreamingResponse(_drip(), media_type="application/json")
        case Fault.WRONG_AMOUNT | Fault.WRONG_CURRENCY:
            return Json(_falsified(view, fault), status)


def _retry_header() -> dict[str, str]:
    return {"Retry-After": str(_RETRY_AFTER_S)}


async def _drip() -> AsyncIterator[bytes]:
    for _ in range(int(_HOLD_S / _DRIP_S)):
        yield b" "
        await asyncio.sleep(_DRIP_S)


def _falsified(view: View, fault: Fault) -> View:
    """The same object, or list of objects, with other money in it."""
    return {name: _lie(name, value, fault) for name, value in view.items()}


def _lie(name: str, value: object, fault: Fault) -> object:
    if isinstance(value, list):
        return [_falsified(one, fault) for one in value]
    if fault is Fault.WRONG_AMOUNT and name.endswith("_minor") and isinstance(value, int):
        return value + 1
    if fault is Fault.WRONG_CURRENCY and name == "currency":
        return "USD" if value == "EUR" else "EUR"
    return value
