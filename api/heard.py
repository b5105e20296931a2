"""A request whose headers are read once: a door asks for some twenty of them, most of which are not there."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

NAMES: Final = 100  # of headers, as our code spells them


@lru_cache(NAMES)
def _raw(name: str) -> bytes:
    return name.lower().encode("latin-1")


class HeardHeaders(Headers):
    """Headers by name; RFC 9110 section 5.1: names in any case are the same, and ASGI gives them in lower case."""

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._list = list(raw)
        self._first = dict(reversed(self._list))

    def __getitem__(self, key: str) -> str:
        return self._first[_raw(key)].decode("latin-1")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _raw(key) in self._first

    def get(self, key: str, default: Any = None) -> Any:
        """The first of that name, else the default."""
        found = self._first.get(_raw(key))
        return default if found is None else found.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        """All of that name, in their order."""
        name = _raw(key)
        if name not in self._first:
            return []
        if len(self._first) == len(self._list):
            return [self._first[name].decode("latin-1")]
        return [value.decode("latin-1") for each, value in self._list if each == name]


class Heard(Request):
    """A request at a door."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._headers = HeardHeaders(scope["headers"])
        self.accept = ",".join(self._headers.getlist("accept"))

    @property
    def headers(self) -> Headers:
        """The headers."""
        return self._headers

    async def whole(self) -> bytes:
        """The body; ClientDisconnect where the client left before its end."""
        parts: list[bytes] = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)
