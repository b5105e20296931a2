"""A GraphQL client as a frontend would have one: bearer token, keys minted before the call, the same key on a retry."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

T = TypeVar("T")

REQUEST_SECONDS = 20.0  # above the door's own limits, so that its answer is what is seen
PATIENCE_SECONDS = 60.0  # a stack that recovers from a kill is back within ten; six times that is a fault
PAUSE_SECONDS = 0.05  # between two looks at something that another process brings about
PAUSE_SECONDS_MAX = 2.0  # between two tries of a call: a server that comes back is not to be held down by who waits


AWAY = {"UNAVAILABLE", "HISTORY_UNAVAILABLE", "THROTTLED"}  # codes that say: the same call again, a little later


class Failed(Exception):
    """The API refused what the story asked for, or did not do it in time."""


@dataclass
class Client:
    """Speaks to one API as one caller."""

    http: httpx2.AsyncClient
    url: str
    token: str = field(repr=False)
    retried: int = 0
    patience: float = PATIENCE_SECONDS

    async def query(self, document: str, **variables: object) -> Any:
        """The data of a query; Failed with the errors where there are any."""
        return await self._send(document, variables)

    async def mutate(self, document: str, **given: object) -> Any:
        """The payload of the document's only mutation, under a key minted here; Failed where it carries errors."""
        given.setdefault("idempotencyKey", f"story-{secrets.token_hex(12)}")
        data = await self._send(document, {"input": given})
        payload = next(iter(data.values()))
        if payload["errors"]:
            raise Failed(f"{payload['errors'][0]['code']}: {payload['errors'][0]['message']}")
        return payload

    async def _send(self, document: str, variables: Mapping[str, object]) -> Any:
        return await self._again(lambda: self._once(document, variables))

    async def _again(self, call: Callable[[], Awaitable[tuple[Any, bool]]]) -> Any:
        """Calls until the answer is not one to try again: the API, or a server behind it, may be away for a while."""
        deadline, pause = time.monotonic() + self.patience, PAUSE_SECONDS * 4
        while True:
            body, again = await call()
            if not again:
                return body
            self.retried += 1
            if time.monotonic() > deadline:
                raise Failed(f"no answer within {self.patience:.0f} s; the last one was {body}")
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # or all who were cut off come back at once
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def _once(self, document: str, variables: Mapping[str, object]) -> tuple[Any, bool]:
        try:
            answer = await self.http.post(
                f"{self.url}/graphql",
                json={"query": document, "variables": variables},
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=REQUEST_SECONDS,
            )
            body = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            return f"{type(error).__name__}", True
        if errors := body.get("errors"):
            codes = {each.get("extensions", {}).get("code") for each in errors}
            if codes <= AWAY or answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                return errors, True
            raise Failed(str(errors))
        refusals = [
            each for value in body["data"].values() if isinstance(value, dict) for each in value.get("errors", ())
        ]
        return (refusals, True) if any(each.get("retryable") for each in refusals) else (body["data"], False)

    async def get(self, path: str) -> bytes:
        """The bytes of a document."""

        async def once() -> tuple[Any, bool]:
            try:
                answer = await self.http.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {self.token}"})
            except httpx2.HTTPError as error:
                return type(error).__name__, True
            if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                return answer.text, True
            if answer.status_code != httpx2.codes.OK:
                raise Failed(f"{path} answered {answer.status_code}")
            return answer.content, False

        content: bytes = await self._again(once)
        return content


async def until(
    look: Callable[[], Awaitable[T | None]], what: str, patience: float = PATIENCE_SECONDS, pause: float = PAUSE_SECONDS
) -> T:
    """What the look finds, as soon as it finds something; Failed where it does not within so many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(pause)
    raise Failed(f"{what} did not happen within {patience:.0f} s")


async def mint(http: httpx2.AsyncClient, issuer: str, **claims: object) -> str:
    """A bearer token from the dev identity provider."""
    answer = await http.post(f"{issuer}/dev/token", json=claims)
    if answer.status_code != httpx2.codes.OK:
        raise Failed(f"the identity provider at {issuer} answered {answer.status_code}")
    return str(answer.json()["access_token"])
