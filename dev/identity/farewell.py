"""Telling clients that somebody signed out: OpenID Connect Back-Channel Logout 1.0, each client at its own origin."""

import logging
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx2

from dev.identity.memory import Visit
from dev.identity.tokens import Minter
from domain.http_client import HttpClient

_SECONDS: Final = 3.0  # a client on this machine answers at once, or it does not run
_PATH: Final = "/logout/backchannel"
_LOG: Final = logging.getLogger("dev.identity")

Http = Callable[[], httpx2.AsyncClient]


def on_this_machine() -> httpx2.AsyncClient:
    """A client for what runs here; no proxy of the environment is asked."""
    return HttpClient(timeout=_SECONDS, trust_env=False)


def origin_of(redirect_uri: str) -> str:
    """Where the client's pages live: the origin that it wanted people to come back to."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"


async def say_farewell(visits: Sequence[Visit], minter: Minter, http: Http) -> list[int]:
    """The status with which each client took it; 0 for one that is not there, which is nobody's trouble."""
    answers = []
    async with http() as client:
        for visit in visits:
            token = minter.logout_token(visit.client_id, visit.subject, visit.session)
            try:
                answer = await client.post(f"{visit.origin}{_PATH}", data={"logout_token": token})
            except httpx2.HTTPError as error:
                _LOG.info("%s was not told of a sign-out: %r", visit.origin, error)
                answers.append(0)
            else:
                answers.append(answer.status_code)
    return answers
