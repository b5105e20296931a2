"""ID tokens: who signed in, how and when (OpenID Connect Core section 3.1.3.7)."""

from datetime import datetime

import msgspec
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, validate_compact

from api.auth.claims import Audiences, Header, Name, Second, taken_apart
from api.auth.issuer import TrustedIssuer
from api.auth.keys import KeyCache
from api.auth.refused import Unauthenticated
from api.sign_in.failed import SignInFailed


class IdClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of an ID token; ``sid`` names the session at the provider."""

    iss: Name
    aud: Name | Audiences
    sub: Name
    exp: Second
    iat: Second
    nonce: Name | None = None
    azp: Name | None = None
    auth_time: Second | None = None
    acr: Name | None = None
    sid: Name | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the sign-in was begun with, for the ID token to be held against."""

    client_id: str
    nonce: str
    max_age: int | None = None


async def verified(token: str, issuer: TrustedIssuer, keys: KeyCache, asked: Asked, now: datetime) -> IdClaims:
    """The claims of an ID token for that client and nonce; SignInFailed for any other, whatever is wrong with it."""
    try:
        header, claims, signed = taken_apart(token, Header, IdClaims)
        key = await keys.find(issuer.jwks_uri, header.kid)
    except Unauthenticated:
        raise SignInFailed("The identity provider's answer cannot be checked.") from None
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    leeway = issuer.leeway.total_seconds()
    seconds = now.timestamp()
    too_old = asked.max_age is not None and (claims.auth_time or 0) + asked.max_age + leeway < seconds
    good = (
        header.alg in issuer.algorithms
        and not header.has_extension
        and claims.iss == issuer.issuer
        and asked.client_id in audiences
        and (len(audiences) == 1 or claims.azp == asked.client_id)
        and claims.nonce == asked.nonce
        and claims.exp + leeway > seconds
        and claims.iat <= seconds + leeway
    )
    try:
        registry = JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)
        good = good and validate_compact(signed, key, registry=registry)
    except (JoseError, ValueError):
        good = False
    if not good:
        raise SignInFailed("The identity provider's answer is not for this sign-in.")
    if too_old:
        raise SignInFailed("The identity provider did not ask who you are again.", 403)
    return claims
