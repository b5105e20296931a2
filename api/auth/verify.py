"""From a bearer token to a Principal, by the rules of RFC 9068 section 4."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, validate_compact

from api.audience import Audience
from api.auth.claims import Claims, Reading, read
from api.auth.issuer import IssuerSource, TrustedIssuer
from api.auth.keys import KeyCache, PublicKey
from api.auth.principal import Principal
from api.auth.refused import Unauthenticated, Why
from domain.clock import Clock

# RFC 9068 section 4: an ID token or any other JWT of the same issuer is no access token.
TOKEN_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})

REMEMBERED_S: Final = 60.0  # saves the signature on a page's burst of calls; a withdrawn trust is noticed in a minute
REMEMBERED: Final = 4_096  # callers seen within that minute; a few megabytes


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    issuer: TrustedIssuer
    expires: datetime
    until: float


class Verifier:
    """Verifies bearer tokens; what it needs to know the time and the keys by is handed in.

    The clock is compared with a token's times, the monotonic seconds only age what is remembered.
    """

    def __init__(self, issuers: IssuerSource, keys: KeyCache, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._issuers = issuers
        self._keys = keys
        self._clock = clock
        self._monotonic = monotonic
        self._known: OrderedDict[bytes, _Remembered] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Who the token speaks for; Unauthenticated, with one text for every cause, when it cannot be believed."""
        digest = _digest(token)
        known = self._recall(digest)
        if known is not None and await self._is_trusted_still(known.issuer):
            return known.principal
        reading = read(token)
        issuer = await self._trusted(reading.claims)
        _check_header(reading, issuer)
        key = await self._keys.find(issuer.jwks_uri, reading.header.kid)
        _check_signature(reading, key, issuer)
        _check_times(reading.claims, self._clock.now(), issuer.leeway)
        principal = _principal(reading.claims, issuer)
        self._remember(digest, principal, issuer, _moment(reading.claims.exp))
        return principal

    def forget(self, token: str) -> None:
        """Verifies the token again, should it be shown again."""
        self._known.pop(_digest(token), None)

    async def _is_trusted_still(self, row: TrustedIssuer) -> bool:
        """What the source remembers and what is remembered of a token shall not add up."""
        return await self._issuers.find(row.issuer, row.audience) == row

    async def _trusted(self, claims: Claims) -> TrustedIssuer:
        # Unverified, they choose a row of ours and nothing else. Of two rows the caller could choose which door opens.
        found = [(name, await self._issuers.find(claims.iss, name)) for name in dict.fromkeys(claims.audiences)]
        # RFC 9068 section 4: an exact match, whatever the source thinks equal.
        trusted = [row for name, row in found if row and (row.issuer, row.audience) == (claims.iss, name)]
        if len(trusted) != 1:
            raise Unauthenticated(Why.ISSUER)
        return trusted[0]

    def _recall(self, digest: bytes) -> _Remembered | None:
        known = self._known.get(digest)
        if known is None:
            return None
        if self._monotonic() >= known.until or self._clock.now() >= known.expires:
            del self._known[digest]
            return None
        self._known.move_to_end(digest)
        return known

    def _remember(self, digest: bytes, principal: Principal, issuer: TrustedIssuer, expires: datetime) -> None:
        self._known[digest] = _Remembered(principal, issuer, expires, self._monotonic() + REMEMBERED_S)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _check_header(reading: Reading, issuer: TrustedIssuer) -> None:
    header = reading.header
    if header.has_extension:
        raise Unauthenticated(Why.EXTENSION)
    if header.typ.lower() not in TOKEN_TYPES:
        raise Unauthenticated(Why.TYPE)
    if header.alg not in issuer.algorithms:
        raise Unauthenticated(Why.ALGORITHM)


def _check_signature(reading: Reading, key: PublicKey, issuer: TrustedIssuer) -> None:
    registry = JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)
    try:
        believed = validate_compact(reading.signed, key, registry=registry)
    except (JoseError, ValueError):
        believed = False
    if not believed:
        raise Unauthenticated(Why.SIGNATURE)


def _check_times(claims: Claims, now: datetime, leeway: timedelta) -> None:
    if _moment(claims.exp) + leeway <= now:
        raise Unauthenticated(Why.EXPIRED)
    # An auth_time to come would stay recent for ever.
    starts = (claims.iat, claims.nbf, claims.auth_time)
    if any(start is not None and _moment(start) > now + leeway for start in starts):
        raise Unauthenticated(Why.NOT_YET)


def _principal(claims: Claims, issuer: TrustedIssuer) -> Principal:
    client = claims.client_id or claims.azp
    if issuer.kind is Audience.PARTNER and client is None:
        raise Unauthenticated(Why.CLAIMS)
    # Acting for somebody is for staff at a customer's door, and never without a reason (RFC 8693 has none of its own).
    if claims.act is not None and (issuer.kind is not Audience.PORTAL or claims.reason is None):
        raise Unauthenticated(Why.CLAIMS)
    return Principal(
        kind=issuer.kind,
        tenant=issuer.tenant,
        issuer=issuer.issuer,
        audience=issuer.audience,
        subject=claims.sub,
        client_id=client,
        scopes=frozenset(claims.scope.split()),
        roles=frozenset(claims.roles if issuer.kind is Audience.STAFF else ()),
        acr=claims.acr,
        auth_time=None if claims.auth_time is None else _moment(claims.auth_time),
        acting_staff=claims.act.sub if claims.act else None,
        reason=claims.reason if claims.act else None,
        issued_at=_moment(claims.iat),
        sign_in=claims.sid,
        until=_moment(claims.exp),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
