"""An ASGI wrapper that measures how long each door takes to begin its answer."""

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.measures import REQUESTS

DOORS: Final = frozenset(
    {"graphql", "webhooks", "documents", "console", "login", "callback", "session", "logout"}
    | {"healthz", "readyz", "metrics"}
)
"""First parts of paths that are told apart; everything else, also what somebody made up, is "other"."""


class Watched:
    """Measures from the headers of a request to those of its answer; a stream may go on for long after them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                _measure(scope, f"{status // 100}xx", began)
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        finally:
            if not status:
                _measure(scope, "none", began)


def door_of(scope: Scope) -> str:
    """The door that a request knocks at, one of a closed list of words."""
    first = scope["path"].split("/", 2)[1:2]
    return first[0] if first and first[0] in DOORS else "other"


def _measure(scope: Scope, status: str, began: float) -> None:
    REQUESTS.labels(door_of(scope), status).observe(time.monotonic() - began)
