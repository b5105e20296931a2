"""The trusted issuers of the database, as the verifier of tokens asks for them."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from api.audience import Audience
from api.auth.issuer import TrustedIssuer
from domain.db import Primary
from domain.tenants.access import trusted_issuer

KEPT_SECONDS: Final = 60.0  # a withdrawn trust is noticed within a minute, as the verifier's own memory promises
KEPT_MAX: Final = 1_000  # rows of trust, real or asked for in vain; callers choose what is looked up


class IssuersInDatabase:
    """Reads a row once a minute, once for all who ask at that moment; what is not there is remembered as well, so that
    forged tokens cost no query each."""

    def __init__(self, db: Primary, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db, self._monotonic = db, monotonic
        self._kept: dict[tuple[str, str], tuple[float, TrustedIssuer | None]] = {}
        self._flights: dict[tuple[str, str], asyncio.Task[TrustedIssuer | None]] = {}

    async def find(self, issuer: str, audience: str) -> TrustedIssuer | None:
        """The row of that issuer and audience."""
        now, kept = self._monotonic(), self._kept.get((issuer, audience))
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        if (flight := self._flights.get((issuer, audience))) is None:
            flight = self._flights[issuer, audience] = asyncio.ensure_future(self._read_anew(issuer, audience, now))
        return await asyncio.shield(flight)  # a caller that goes away does not take the answer from the others

    async def _read_anew(self, issuer: str, audience: str, now: float) -> TrustedIssuer | None:
        try:
            row = await self._read(issuer, audience)
        finally:
            del self._flights[issuer, audience]
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[issuer, audience] = (now, row)
        return row

    async def _read(self, issuer: str, audience: str) -> TrustedIssuer | None:
        row = await trusted_issuer(self._db, issuer, audience)
        if row is None:
            return None
        kind = Audience(row.surface)
        return TrustedIssuer(row.issuer, row.audience, row.tenant, kind, row.jwks_uri, frozenset(row.algorithms))
