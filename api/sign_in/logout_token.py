"""Logout tokens: an identity provider says who has signed out (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, validate_compact

from api.auth.claims import Audiences, Header, Name, Second, taken_apart
from api.auth.issuer import IssuerSource, TrustedIssuer
from api.auth.keys import KeyCache
from api.auth.refused import Unauthenticated
from domain.tenants.web_door import WebDoor

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
# Section 2.4 recommends the first; providers of before say JWT or nothing. Access tokens name a type of their own.
_TYPES: Final = ("logout+jwt", "application/logout+jwt", "jwt", "")
# Section 4 has it end after two minutes; how long its jti is remembered here must be longer than any is taken.
OLDEST: Final = timedelta(hours=1)


class BadLogout(Exception):
    """The token ends nothing: a sentence for whoever runs the provider."""


class _Header(Header, frozen=True, kw_only=True):
    typ: Name = ""


class LogoutClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of it; ``sid`` names one session at the provider, without it all of ``sub`` end."""

    iss: Name
    aud: Name | Audiences
    iat: Second
    exp: Second
    jti: Name
    events: dict[str, object]
    sub: Name | None = None
    sid: Name | None = None
    nonce: object = msgspec.UNSET

    @property
    def audiences(self) -> list[str]:
        """Whom it is for."""
        return [self.aud] if isinstance(self.aud, str) else self.aud


async def verified(
    token: str, doors: list[WebDoor], issuers: IssuerSource, keys: KeyCache, now: datetime
) -> tuple[WebDoor, LogoutClaims]:
    """The claims, and the one of these doors whose client it is for; BadLogout for any other token."""
    try:
        header, claims, signed = taken_apart(token, _Header, LogoutClaims)
    except Unauthenticated:
        raise BadLogout("That is no logout token.") from None
    door = next((door for door in doors if door.issuer == claims.iss and door.client_id in claims.audiences), None)
    issuer = await issuers.find(door.issuer, door.audience) if door else None
    if door is None or issuer is None:
        raise BadLogout("It is not of an issuer, or not for a client, that is known here.")
    await _check_signature(header, signed, issuer, keys)
    _check_claims(claims, now, issuer.leeway)
    return door, claims


async def _check_signature(header: _Header, signed: CompactSignature, issuer: TrustedIssuer, keys: KeyCache) -> None:
    if header.typ.lower() not in _TYPES or header.alg not in issuer.algorithms or header.has_extension:
        raise BadLogout("Its header is not that of a logout token.")
    try:
        key = await keys.find(issuer.jwks_uri, header.kid)
        registry = JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)
        good = validate_compact(signed, key, registry=registry)
    except (Unauthenticated, JoseError, ValueError):
        good = False
    if not good:
        raise BadLogout("Its signature cannot be verified.")


def _check_claims(claims: LogoutClaims, now: datetime, leeway: timedelta) -> None:
    seconds, slack = now.timestamp(), leeway.total_seconds()
    if claims.exp + slack <= seconds or claims.iat > seconds + slack or claims.iat + OLDEST.total_seconds() < seconds:
        raise BadLogout("It is over, or not valid yet.")
    if claims.nonce is not msgspec.UNSET:  # so that no ID token is taken for one
        raise BadLogout("A logout token has no nonce.")
    if not isinstance(claims.events.get(EVENT), dict):
        raise BadLogout("Its events do not name a logout.")
    if claims.sub is None and claims.sid is None:
        raise BadLogout("It names neither sub nor sid.")
