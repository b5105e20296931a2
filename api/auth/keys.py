"""The issuers' public keys: fetched once for many requests, asked for again rarely, kept while an issuer is down."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import msgspec
import structlog
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from api.auth.refused import IssuerUnreachable, Unauthenticated, Why
from domain.http_client import body_within

_log: Final = structlog.get_logger("api.auth.keys")

Monotonic = Callable[[], float]  # seconds that never go back, whatever happens to the wall clock
PublicKey = RSAKey | ECKey | OKPKey
Keys = Mapping[str, PublicKey]

FRESH_S: Final = 600.0  # a key that its issuer withdrew is believed for ten minutes at most
STALE_S: Final = 86_400.0  # an issuer's bad day must not sign everybody out; beyond one day somebody has seen to it
UNKNOWN_KEY_S: Final = 30.0  # anybody can invent a key id, so inventing them must not become a load on the issuer
AFTER_FAILURE_S: Final = 5.0  # an issuer that comes back is noticed soon, one that is down is not hammered
OUTAGE_S: Final = 30.0  # for so long after a failure nobody waits for the next attempt while keys are held
FETCH_S: Final = 3.0  # a request waits on this; a key set is one small static document
MAX_BYTES: Final = 262_144  # large providers publish a few kilobytes
MAX_KEYS: Final = 64  # the same, in keys


@dataclass(slots=True)
class _Held:
    keys: Keys = field(default_factory=dict)
    fetched_at: float | None = None
    failed_at: float | None = None
    searched_at: float | None = None
    flight: asyncio.Task[None] | None = None


class _Document(msgspec.Struct):
    keys: list[dict[str, Any]]


class KeyCache:
    """Public keys by key set address and key id; `close` when no request needs them any more.

    Each address has one fetch under way at most, which follows no redirect.
    """

    def __init__(self, http: httpx2.AsyncClient, monotonic: Monotonic) -> None:
        self._http = http
        self._monotonic = monotonic
        self._held: dict[str, _Held] = {}

    async def find(self, jwks_uri: str, kid: str) -> PublicKey:
        """The key of that id; IssuerUnreachable when no keys can be had, Unauthenticated when the set lacks it."""
        held = self._held.setdefault(jwks_uri, _Held())
        if self._is_due(held):
            await self._refresh(jwks_uri, held, wait=not self._is_down(held) or self._is_spent(held))
        if self._is_spent(held):
            raise IssuerUnreachable
        if kid not in held.keys and (held.flight or self._older(held.searched_at, UNKNOWN_KEY_S)):
            await self._search(jwks_uri, held)
        key = held.keys.get(kid)
        if key is None:
            raise Unauthenticated(Why.KEY)
        return key

    async def close(self) -> None:
        """Give up what is being fetched."""
        flights = [held.flight for held in self._held.values() if held.flight]
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _older(self, moment: float | None, seconds: float) -> bool:
        return moment is None or self._monotonic() - moment >= seconds

    def _is_due(self, held: _Held) -> bool:
        return self._older(held.fetched_at, FRESH_S) and self._older(held.failed_at, AFTER_FAILURE_S)

    def _is_down(self, held: _Held) -> bool:
        return not self._older(held.failed_at, OUTAGE_S)

    def _is_spent(self, held: _Held) -> bool:
        return self._older(held.fetched_at, STALE_S)

    async def _search(self, uri: str, held: _Held) -> None:
        if held.flight is None:
            held.searched_at = self._monotonic()
        await self._refresh(uri, held, wait=True)

    async def _refresh(self, uri: str, held: _Held, *, wait: bool) -> None:
        if held.flight is None:
            held.flight = asyncio.create_task(self._fetch(uri, held))
        if wait:
            # A caller that goes away must not take the answer from those who wait with it.
            await asyncio.shield(held.flight)

    async def _fetch(self, uri: str, held: _Held) -> None:
        try:
            async with asyncio.timeout(FETCH_S):
                keys = usable_keys(await self._download(uri))
        except Exception as error:  # whatever went wrong out there, the answer is to go on with what is held
            held.failed_at = self._monotonic()
            _log.warning("issuer keys not fetched", jwks_uri=uri, error=repr(error))
        else:
            held.keys, held.fetched_at, held.failed_at = keys, self._monotonic(), None
        finally:
            held.flight = None

    async def _download(self, uri: str) -> bytes:
        async with self._http.stream("GET", uri, follow_redirects=False) as response:
            if response.status_code != httpx2.codes.OK:
                raise ValueError(f"status {response.status_code}")
            body = await body_within(response, MAX_BYTES)
        if body is None:
            raise ValueError("too large")
        return body


def usable_keys(document: bytes) -> Keys:
    """The keys of a JWK Set that can verify a signature, by id; ValueError when there is none.

    RFC 7517 section 5: what is not understood is passed over. Shared secrets and keys for encryption are as well.
    """
    found: dict[str, PublicKey] = {}
    for each in msgspec.json.decode(document, type=_Document).keys[:MAX_KEYS]:
        key = _usable(each)
        if key is not None and key.kid:
            found.setdefault(key.kid, key)
    if not found:
        raise ValueError("no key can verify a signature")
    return found


def _usable(members: dict[str, Any]) -> PublicKey | None:
    if members.get("use", "sig") != "sig" or not isinstance(members.get("kid"), str):
        return None
    try:
        key = import_key(members)
    except Exception:  # a foreign library on a foreign document: one bad key must not hide the good ones
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
