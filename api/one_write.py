"""Answers that are known as a whole go to the network in one piece: head and body by one call of the system.

uvicorn writes the head when it is told and the body when that is told, and the network is asked each time, which is
among the dearest things that a small answer does. Streams and whatever else is out of the ordinary go uvicorn's way.
"""

from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_OWN_WAY: Final = frozenset({b"connection", b"transfer-encoding"})  # headers that mean something to uvicorn itself
_START, _BODY = "http.response.start", "http.response.body"


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose exchanges answer in one piece where they can."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        whole: Any = _Whole(cycle, app)  # uvicorn and starlette have types of their own for the same application
        super()._start_asgi_task(cycle, whole)


class _Whole:
    """The application, seen by one exchange; holds the head of its answer back until the body is told."""

    __slots__ = ("_app", "_cycle", "_head", "_length", "_send")

    def __init__(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:
        self._cycle, self._app = cycle, app
        self._head: Message | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        await self._app(scope, receive, self._told)

    async def _told(self, message: Message) -> None:
        head = self._head
        if head is not None:
            self._head = None
            if self._written(head, message):
                return
            await self._send(head)
        elif message["type"] == _START and (length := _length(message)) is not None:
            self._head, self._length = message, length
            return
        await self._send(message)

    def _written(self, head: Message, message: Message) -> bool:
        """Whether the answer was all there and nothing else had to be done about it."""
        cycle, body = self._cycle, message.get("body", b"")
        if message["type"] != _BODY or message.get("more_body") or len(body) != self._length:
            return False
        if cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive or cycle.access_log:
            return False
        if cycle.response_started or cycle.scope["method"] == "HEAD":
            return False
        lines = [STATUS_LINE[head["status"]]]
        for name, value in (*cycle.default_headers, *head["headers"]):
            if name in _OWN_WAY:
                return False
            lines.append(b"%b: %b\r\n" % (name, value))
        text = b"".join(lines)
        if text.count(b"\n") != len(lines) or text.count(b"\r") != len(lines) or b"\0" in text:
            return False  # uvicorn says which value no header can have
        cycle.transport.write(b"%b\r\n%b" % (text, body))
        # What uvicorn notes of an answer that is over, see RequestResponseCycle.send.
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        cycle.on_response()
        return True


def _length(head: Message) -> int | None:
    """How long the body is that the head announces."""
    for name, value in head.get("headers", ()):
        if name == b"content-length":
            return int(value)
    return None
