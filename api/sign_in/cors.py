"""Cross-origin calls: only pages of the origins on a door's list, each named, never all of them."""

from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.sign_in.doors import Doors
from domain.refusals import Refused

_CALLED: Final = ("/graphql", "/documents/", "/session/", "/logout/", "/acting")
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": (
        "authorization, consistency-token, content-type, last-event-id, traceparent, x-quittance-csrf, x-request-id"
    ),
    "Access-Control-Max-Age": "600",  # ten minutes, after which a changed list is asked for again
}
_EXPOSED: Final = "Consistency-Token, X-Request-Id, Retry-After, Deprecation, Sunset"


class Cors:
    """Answers preflights and marks answers for admitted origins; for every other origin it adds nothing.

    What a page of another origin may not read it also may not send with a session: that is the session's own rule.
    """

    def __init__(self, app: ASGIApp, doors: Callable[[], Doors]) -> None:
        self.app, self._doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_origin(scope) or not scope["path"].startswith(_CALLED):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers["origin"]
        admitted = await self._admits(scope, origin)
        if admitted and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            answer = Response(status_code=204, headers=_PREFLIGHT | _allowed(origin))
            answer.headers.add_vary_header("Origin")
            await answer(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = MutableHeaders(scope=message)
                said.add_vary_header("Origin")
                if admitted:
                    said.update(_allowed(origin) | {"Access-Control-Expose-Headers": _EXPOSED})
            await send(message)

        await self.app(scope, receive, marked)

    async def _admits(self, scope: Scope, origin: str) -> bool:
        """Not while nobody can look; the door behind says so in its own words."""
        try:
            return any(door.admits(origin) for door in await self._doors().at(HTTPConnection(scope)))
        except Refused:
            return False


def _has_origin(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"origin":
            return bool(value)
    return False


def _allowed(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
