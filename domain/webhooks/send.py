"""Sending: one signed request to a public address, within ten seconds, whatever the endpoint does."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from typing import Final

import httpx2
from standardwebhooks import Webhook

from domain.http_client import HttpClient
from domain.refusals import Refused
from domain.webhooks.address import Target, is_public, target

LIMIT_SECONDS: Final = 10  # for all of it, the look-up of the name too: below the lease of a delivery
_ANSWER_MAX: Final = 4096  # nothing is read of an answer but its status; so much is taken to end it in order
_AGENT: Final = "Quittance-Webhooks/1"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name, as texts; OSError where it has none."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The endpoint's HTTP status."""

    status: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is none: a kind of error, in words that hold nothing of the endpoint."""

    cause: str


# A name server that is silent holds a thread for as long as it likes: these are nobody else's.
_LOOK_UPS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="webhook-names")


async def resolve(host: str, port: int) -> Sequence[str]:
    """By the resolver of this machine."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOK_UPS, look_up)
    return [str(each[4][0]) for each in found]


class Sender:
    """Sends to public addresses; ``anywhere`` is for a laptop, where endpoints are on this machine and speak http.

    The name is resolved once, and the request goes to that very address: a name that points elsewhere a moment later
    changes nothing. A name with one address that is not public is not called at all. No redirect is followed.
    """

    def __init__(
        self, *, anywhere: bool = False, resolve: Resolve = resolve, trust: ssl.SSLContext | None = None
    ) -> None:
        self.anywhere = anywhere
        self._resolve = resolve
        self._trust = trust

    async def send(self, url: str, id: str, body: str, secrets: Sequence[str], now: datetime) -> Answered | Unanswered:
        """Signs with every secret (Standard Webhooks 1.0.0) and says what came of it; never raises for the network."""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                to = target(url, anywhere=self.anywhere)
                address = await self._address(to)
                if address is None:
                    return Unanswered("the address is not a public one")
                return await self._post(to, address, _headers(to, id, body, secrets, now), body)
        except (TimeoutError, httpx2.TimeoutException):
            return Unanswered("timeout")
        except (socket.gaierror, UnicodeError):  # UnicodeError: a name that no resolver could be asked for
            return Unanswered("the name has no address")
        except Refused:  # it was taken under other rules
            return Unanswered("the URL is not one to send to")
        except (httpx2.RequestError, httpx2.InvalidURL, OSError) as error:
            return Unanswered(f"no connection: {type(error).__name__}")

    async def _address(self, to: Target) -> str | None:
        addresses = await self._resolve(to.host, to.port)
        if not addresses:
            raise socket.gaierror
        if not self.anywhere and not all(is_public(ip_address(each.partition("%")[0])) for each in addresses):
            return None
        return addresses[0]

    async def _post(self, to: Target, address: str, headers: dict[str, str], body: str) -> Answered:
        if self._trust is None:
            self._trust = ssl.create_default_context()  # once: reading the certificates takes tens of milliseconds
        host = f"[{address}]" if ":" in address else address
        async with (
            HttpClient(
                verify=self._trust, timeout=LIMIT_SECONDS, follow_redirects=False, trust_env=False
            ) as client,
            client.stream(
                "POST", f"{to.scheme}://{host}:{to.port}{to.path}", headers=headers, content=body.encode(),
                extensions={"sni_hostname": to.host},
            ) as answer,
        ):  # fmt: skip
            read = 0
            async for chunk in answer.aiter_raw():
                read += len(chunk)
                if read > _ANSWER_MAX:
                    break
            return Answered(answer.status_code)


def _headers(to: Target, id: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    return {
        "Host": to.authority,
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(id, now, body) for secret in secrets),
    }
