"""The web doors of the database, by host, as each request with a cookie or from another origin asks for them."""

import time
from collections.abc import Callable
from typing import Final

from starlette.requests import HTTPConnection

from domain.db import Primary
from domain.refusals import Refused
from domain.tenants.web_door import WebDoor, web_doors

KEPT_SECONDS: Final = 30.0  # a door that was changed is noticed within half a minute
KEPT_MAX: Final = 1_000  # hosts, real or asked for in vain; callers choose what is looked up
MAX_HOST: Final = 261  # a name of the domain system and a port


class Doors:
    """Reads a host's doors twice a minute; hosts that have none are remembered as well."""

    def __init__(self, db: Primary, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db, self._monotonic = db, monotonic
        self._kept: dict[str, tuple[float, list[WebDoor]]] = {}

    async def at(self, request: HTTPConnection) -> list[WebDoor]:
        """All doors of the host that the request came to."""
        host = request.headers.get("host", "").lower()
        if not host or len(host) > MAX_HOST or not host.isascii() or not host.isprintable():
            return []
        now, kept = self._monotonic(), self._kept.get(host)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            found = await web_doors(self._db, host)
        except Refused:
            if kept is None:
                raise
            return kept[1]  # a page of another origin could not read that the database is away
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[host] = (now, found)
        return found

    async def door(self, request: HTTPConnection, surface: str) -> WebDoor | None:
        """The door of a surface at the request's host."""
        return next((door for door in await self.at(request) if door.surface == surface), None)
