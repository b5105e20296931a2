"""The answer of the GraphQL door, as it goes over the wire."""

from collections.abc import Mapping
from functools import cache

from starlette.types import Receive, Scope, Send


class Answered:
    """A body of a media type, with headers of its own."""

    __slots__ = ("_body", "_headers", "status_code")

    def __init__(self, body: bytes, status_code: int, media_type: str, headers: Mapping[str, str]) -> None:
        self._body, self.status_code = body, status_code
        self._headers = [
            (b"content-length", b"%d" % len(body)), (b"content-type", _content_type(media_type)), *raw(headers)
        ]  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


@cache  # of two
def _content_type(media_type: str) -> bytes:
    return f"{media_type}; charset=utf-8".encode()
