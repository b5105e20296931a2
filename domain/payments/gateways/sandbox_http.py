"""One bounded HTTP request to the sandbox provider: a definite reply, or how far the request surely did not get."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import httpx2
import msgspec

from domain import tracing
from domain.correlation import current
from domain.http_client import HttpClient, body_within
from domain.payments.gateway import CredentialsRefused, Unavailable, Unknown
from domain.payments.unsure import TOO_LONG

REQUEST_LIMIT: Final = timedelta(seconds=10)
"""For the whole request: card networks answer within a few seconds, and a caller's own limit must lie above this."""

# For a free connection, and again for connecting: a lost packet is sent again after 1 s, and once more 2 s later.
_CONNECT_LIMIT: Final = timedelta(seconds=3)

_ANSWER_MAX: Final = 256 * 1024  # bytes; the longest answer, a list under one reference, is far below
T = TypeVar("T")

_RETRY_AFTER: Final = re.compile(r"[0-9]{1,5}", re.ASCII)  # seconds; a day has five digits, the date form is not used


class ErrorBody(msgspec.Struct, frozen=True):
    """`acted` is the provider's word on whether the request changed anything; None when it gives none."""

    code: str
    acted: bool | None = None


class _ErrorEnvelope(msgspec.Struct, frozen=True):
    error: ErrorBody


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that is neither a server's failure nor a refusal to serve: status 2xx or 4xx."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def refusal(self) -> ErrorBody | None:
        """The provider's own error, when it says that nothing was done."""
        error = None if self.ok else _error(self.body)
        return error if error and error.acted is False else None

    @property
    def unclear(self) -> Unknown:
        """What to answer when the reply is neither an object nor a clear refusal."""
        error = None if self.ok else _error(self.body)
        if error:
            return Unknown(error.code[:80])
        return Unknown(f"unreadable answer, HTTP {self.status}", heard=False)


def open_client(url: str, secret: str) -> httpx2.AsyncClient:
    """A client for one account of the provider; whoever opens it closes it."""
    patience = _CONNECT_LIMIT.total_seconds()
    return HttpClient(
        base_url=url,
        headers={"Authorization": f"Bearer {secret}"},
        timeout=httpx2.Timeout(None, connect=patience, pool=patience),
        follow_redirects=False,
        trust_env=False,  # a proxy of the environment has no business between us and a provider on this machine
        verify=not url.startswith("http://"),  # reading certificates costs, and plain HTTP has none
    )


async def send(
    client: httpx2.AsyncClient,
    limit: timedelta,
    method: str,
    path: str,
    *,
    key: str | None = None,
    body: Mapping[str, object] | None = None,
    query: Mapping[str, str] | None = None,
) -> Reply | Unknown | Unavailable:
    """Send once, wait at most `limit` in all, and say what is certain; never raises for the network."""
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    if request := current():
        headers["X-Request-Id"] = request
    headers |= tracing.headers()
    content = None if body is None else msgspec.json.encode(body)
    try:
        # The client's own limits are per read: a body that drips would hold us for ever.
        async with (
            asyncio.timeout(limit.total_seconds()),
            client.stream(method, path, headers=headers, content=content, params=query) as response,
        ):
            return _classify(response, await body_within(response, _ANSWER_MAX))
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        return Unavailable(f"no connection: {type(error).__name__}")
    except (TimeoutError, httpx2.TimeoutException):
        return Unknown("timeout", heard=False)
    except httpx2.RequestError as error:
        return Unknown(f"connection lost: {type(error).__name__}", heard=False)


def _classify(response: httpx2.Response, body: bytes | None) -> Reply | Unknown | Unavailable:
    status = response.status_code
    if status == 429:
        return Unavailable("rate limited", _retry_after(response))
    if status in (401, 403):
        return CredentialsRefused()
    if body is None:
        return TOO_LONG
    if 200 <= status < 300 or 400 <= status < 500:
        return Reply(status, body)
    error = _error(body)
    if status == 503 and error and error.acted is False:
        return Unavailable(error.code[:80], _retry_after(response))
    return Unknown(f"HTTP {status}", heard=False)


def _retry_after(response: httpx2.Response) -> timedelta | None:
    text = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(text)) if _RETRY_AFTER.fullmatch(text) else None


def _error(body: bytes) -> ErrorBody | None:
    try:
        return msgspec.json.decode(body, type=_ErrorEnvelope).error
    except (msgspec.MsgspecError, RecursionError):
        return None


def object_of(reply: Reply, shape: type[T]) -> T | None:
    """The object of a good reply, or None for a refusal or an answer that cannot be read."""
    try:
        return msgspec.json.decode(reply.body, type=shape) if reply.ok else None
    except (msgspec.MsgspecError, RecursionError):
        return None
