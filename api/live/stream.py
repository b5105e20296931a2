"""A stream of answers as Server-Sent Events: GraphQL over SSE in its distinct connections mode.

Each answer is ``event: next`` with the id that a client may resume from; ``event: complete`` says that nothing more
will come. A stream that ends without it was cut: the client connects again and says the last id that it saw.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.answers import unexpected
from api.errors import Code, code_of
from api.json_body import encode
from api.measures import LIVE_EVENTS

HEARTBEAT_SECONDS: Final = 15.0  # proxies cut what is silent for 30 to 60 seconds
SEND_SECONDS: Final = 30.0  # a reader that takes nothing for so long has gone, or is too slow to be kept
LOOKS: Final = 4  # heartbeats between two looks at an idle caller's rights: a minute
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
)
_DONE: Final = object()
_RENEWAL: Final = "quittance_renewal"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a stream: its body, and the id to resume after, if it has one."""

    body: dict[str, Any]
    id: str = ""

    def event(self) -> bytes:
        """The answer as an event."""
        id = f"id: {self.id}\r\n".encode() if self.id else b""
        return id + b"event: next\r\ndata: " + encode(self.body) + b"\r\n\r\n"


@dataclass
class EventStream:
    """The response: answers one after the other, none made before the one before it was taken by the connection.

    ``renew`` raises where the caller may no longer have this; it is asked before every answer but the first, and
    now and then while nothing happens. ``pay`` waits until the caller can pay for one more. ``ended`` says that the
    process is to stop, and ``leave`` is called once at the end.
    """

    answers: AsyncIterator[Answer]
    renew: Callable[[], Awaitable[None]]
    pay: Callable[[], Awaitable[None]]
    ended: Callable[[], bool]
    leave: Callable[[], None]
    headers: Sequence[tuple[bytes, bytes]] = ()
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    send_seconds: float = SEND_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            async with asyncio.timeout(self.send_seconds):
                await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *self.headers]})
            await self._flow(send, gone)
            await self._send(send, b"", more=False)
        except TimeoutError:  # the reader is too slow: its connection is left to the server to close
            pass
        finally:
            gone.cancel()
            self.leave()

    async def _flow(self, send: Send, gone: "asyncio.Task[None]") -> None:
        first, idle = True, 0
        upcoming: asyncio.Task[Any] | None = None
        try:
            while not gone.done():
                upcoming = upcoming or asyncio.ensure_future(_next(self.answers))
                await asyncio.wait(
                    (upcoming, gone), timeout=self.heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if not upcoming.done():
                    idle += 1
                    if gone.done() or not await self._may_stay(send, idle % LOOKS == 0):
                        return
                    await self._send(send, b":\r\n\r\n")
                    continue
                answer, upcoming = upcoming.result(), None
                if answer is _DONE:
                    if not self.ended():
                        await self._send(send, b"event: complete\r\ndata: \r\n\r\n")
                    return
                if not first and not await self._may_stay(send, True):
                    return
                if not first:
                    await self.pay()
                await self._send(send, answer.event())
                LIVE_EVENTS.inc()
                first, idle = False, 0
        finally:
            await _closed(self.answers, upcoming)

    async def _may_stay(self, send: Send, look: bool) -> bool:
        """Whether the stream goes on; who lost the right to it is told so, and who cannot be judged comes back."""
        try:
            if look:
                await self.renew()
        except Exception as error:
            (fault,) = unexpected(error).errors
            if code_of(fault) != Code.UNAVAILABLE:
                await self._send(send, Answer({"data": None, "errors": [fault.formatted]}).event())
                await self._send(send, b"event: complete\r\ndata: \r\n\r\n")
            return False
        return True

    async def _send(self, send: Send, body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self.send_seconds):
            await send({"type": "http.response.body", "body": body, "more_body": more})


async def _next(answers: AsyncIterator[Answer]) -> Any:
    return await anext(answers, _DONE)


async def _closed(answers: AsyncIterator[Answer], upcoming: "asyncio.Task[Any] | None") -> None:
    """Ends the making of answers, wherever it waits."""
    if upcoming is not None:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
    close = getattr(answers, "aclose", None)
    if close is not None:
        await close()


def renewal_of(request: Request) -> Request:
    """The request by which a stream was opened, sent once more to see whether it would still be answered."""
    scope = {**request.scope, "state": {**request.scope.get("state", {}), _RENEWAL: True}}
    return Request(scope)


def is_renewal(request: Request) -> bool:
    """Whether nobody sent this request now: a stream asks on behalf of who opened it."""
    return bool(request.scope.get("state", {}).get(_RENEWAL))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
