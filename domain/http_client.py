"""The client of every request that we make over HTTP."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2


class HttpClient(httpx2.AsyncClient):
    """A client whose errors of the network are all httpx2's, and that keeps no cookies.

    A connection that the other side closes as soon as it has taken it is a ConnectError. On uvloop's loop anyio 4.16
    asks the socket that is gone for its address and raises AttributeError; nothing was sent by then.
    """

    def __init__(self, **how: Any) -> None:
        # One that is not ASCII would make every later request fail, and nobody has any business to know us again.
        super().__init__(cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())), **how)

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        try:
            return await super().send(request, **how)
        except AttributeError as error:
            if error.name != "getpeername":
                raise
            raise httpx2.ConnectError("closed as soon as it was open", request=request) from error


async def body_within(response: httpx2.Response, most: int) -> bytes | None:
    """The body of a streamed answer; None where it is longer than so many bytes, of which no more is read."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
