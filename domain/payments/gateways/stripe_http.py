"""Stripe's official client over our own transport: sent once, bounded in time and size, and never raising.

The client's own retries are off: whoever asks a gateway decides about those. It never logs at our level, for its
messages repeat parameters.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec
import stripe

from domain.http_client import HttpClient, body_within
from domain.payments.gateway import CredentialsRefused, Unavailable, Unknown
from domain.payments.gateways.stripe_wire import WireError
from domain.payments.unsure import TOO_LONG

API_VERSION: Final = "2026-10-28.endive"  # the one that the locked client was made for; another is another contract
REQUEST_LIMIT: Final = timedelta(seconds=25)
"""For the whole request: Stripe waits for banks, which its documentation lets take more than ten seconds."""

_CONNECT_SECONDS: Final = 3  # a lost packet is sent again after 1 s, and once more 2 s later
_ANSWER_MAX: Final = 2 * 1024 * 1024  # bytes; a hundred balance lines with their payments are some 700 KiB
_RETRY_AFTER: Final = re.compile(r"[0-9]{1,5}", re.ASCII)  # seconds; a day has five digits
_SLOW_DOWN: Final = timedelta(seconds=2)  # limits are counted by the second; who comes at once is turned away again
_REPLAYED: Final = "idempotent-replayed"
_NEARBY: Final = ("127.0.0.1", "::1", "localhost")
_IDEMPOTENCY: Final = "idempotency_error"

T = TypeVar("T")


class _NotSent(stripe.APIConnectionError):  # type: ignore[misc]  # mypy does not read the client: it is very large
    """No connection: nothing can have been done."""


class _Lost(stripe.APIConnectionError):  # type: ignore[misc]  # mypy does not read the client
    """The request left us, and what became of it is not known."""


class _TooLong(_Lost):
    """Its answer is not read to its end."""


class Transport(stripe.HTTPClient):  # type: ignore[misc]  # mypy does not read the client
    """What carries the client's requests."""

    name = "httpx2"

    def __init__(self, url: str, limit: timedelta) -> None:
        super().__init__()
        self._limit = limit.total_seconds()
        near = urlsplit(url).hostname in _NEARBY
        self._client = HttpClient(
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=not near,  # a proxy of the environment has no business between us and this machine
            verify=not url.startswith("http://"),  # reading certificates costs, and plain HTTP has none
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            # The client's own limits are per read: a body that drips would hold us for ever.
            async with (
                asyncio.timeout(self._limit),
                self._client.stream(method.upper(), url, headers=dict(headers), content=post_data) as response,
            ):
                return await _read(response), response.status_code, response.headers
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise _NotSent(f"no connection: {type(error).__name__}") from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise _Lost("timeout") from error
        except httpx2.RequestError as error:
            raise _Lost(f"connection lost: {type(error).__name__}") from error

    async def close_async(self) -> None:
        await self._client.aclose()


async def _read(response: httpx2.Response) -> bytes:
    body = await body_within(response, _ANSWER_MAX)
    if body is None:
        raise _TooLong(TOO_LONG.reason)
    return body


def open_client(url: str, secret: str, limit: timedelta) -> tuple[Any, Transport]:
    """The client of one account, and the transport that whoever opens it closes."""
    logging.getLogger("stripe").setLevel(logging.CRITICAL)
    stripe.enable_telemetry = False
    transport = Transport(url, limit)
    client = stripe.StripeClient(
        secret,
        http_client=transport,
        stripe_version=API_VERSION,
        base_addresses={"api": url},
        max_network_retries=0,
    )
    return client.v1, transport


@dataclass(frozen=True, slots=True)
class Heard:
    """An object of Stripe's; `replayed` says that it is the first answer under the key, as it was then."""

    data: object
    replayed: bool

    def read(self, shape: type[T]) -> T | Unknown:
        """The object in that shape."""
        try:
            return msgspec.convert(self.data, shape)
        except (msgspec.ValidationError, RecursionError):
            return Unknown("unreadable answer", heard=False)


@dataclass(frozen=True, slots=True)
class Turned:
    """Stripe's word that nothing was done (`missing`: since there is no such object), or that a card was declined."""

    error: WireError
    missing: bool = False

    @property
    def code(self) -> str:
        """Why, in one word."""
        return (self.error.decline_code or self.error.code or self.error.type or "invalid_request")[:80]


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The key was used for another request."""


Answer = Heard | Turned | KeyTaken | Unknown | Unavailable


async def ask(call: Awaitable[Any]) -> Answer:
    """What is certain after one request."""
    try:
        answer = (await call).last_response
    except stripe.RateLimitError as error:
        return Unavailable("rate limited", _retry_after(error.headers) or _SLOW_DOWN)
    except (stripe.AuthenticationError, stripe.PermissionError):
        return CredentialsRefused()
    except stripe.IdempotencyError:
        return KeyTaken()
    except stripe.CardError as error:
        return _turned(error)
    except stripe.InvalidRequestError as error:
        return _turned(error)
    except _NotSent as error:
        return Unavailable(str(error.user_message))
    except _TooLong:
        return TOO_LONG
    except _Lost as error:
        return Unknown(str(error.user_message), heard=False)
    except stripe.StripeError as error:
        return Unknown(f"HTTP {error.http_status}", heard=(error.http_status or 500) < 500)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        # The client reads an answer of another shape without looking.
        return Unknown("unreadable answer", heard=False)
    return Heard(answer.data, answer.headers.get(_REPLAYED) == "true")


def _turned(error: Any) -> Turned | KeyTaken | Unknown:
    body = error.json_body
    try:
        said = msgspec.convert(body["error"], WireError)
    except (msgspec.ValidationError, RecursionError, KeyError, TypeError):
        return Unknown(f"unreadable answer, HTTP {error.http_status}", heard=False)
    if said.type == _IDEMPOTENCY:
        return KeyTaken()
    return Turned(said, missing=said.code == "resource_missing")


def _retry_after(headers: Mapping[str, str] | None) -> timedelta | None:
    text = (headers or {}).get("retry-after", "")
    return timedelta(seconds=int(text)) if _RETRY_AFTER.fullmatch(text) else None
