"""Access tokens: JWTs of the profile of RFC 9068."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from dev.identity.keys import ALGORITHM, SigningKeys

ONE_FACTOR: Final = "aal1"  # authenticator assurance levels of NIST SP 800-63
TWO_FACTORS: Final = "aal2"
LIFETIME_S: Final = 3_600  # a portal session
ACTING_S: Final = 1_800  # as long as Quittance lets anybody act for a customer
LOGOUT_S: Final = 120  # OpenID Connect Back-Channel Logout 1.0 section 4: two minutes at the most
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Login:
    """Who a token speaks for, how that was proved, and who acts; ``session`` ends with a log-out."""

    subject: str
    audience: str
    roles: tuple[str, ...] = ()
    acr: str | None = None
    auth_time: int | None = None
    session: str | None = None
    act: Mapping[str, str] | None = None
    reason: str | None = None


class Minter:
    """Signs tokens of one issuer with its current key."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self.issuer = issuer
        self._keys = keys

    def access_token(self, login: Login, client_id: str, scope: str, expires_in: int) -> str:
        """A token that lasts `expires_in` seconds from now; negative for one that is already over."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": login.audience,
            "sub": login.subject,
            "client_id": client_id,
            "iat": min(now, now + expires_in),
            "exp": now + expires_in,
            "jti": str(uuid4()),
            "scope": scope or None,
            "roles": list(login.roles) or None,
            "acr": login.acr,
            "auth_time": login.auth_time,
            "sid": login.session,
            "act": login.act,
            "reason": login.reason,
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._keys.current.kid}
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, said, self._keys.current, [ALGORITHM])

    def logout_token(self, client_id: str, subject: str | None, session: str | None) -> str:
        """Tells that client that the subject's session is over; without a session, that all of them are."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": client_id,
            "iat": now,
            "exp": now + LOGOUT_S,
            "jti": str(uuid4()),
            "events": {LOGOUT_EVENT: {}},
            **({"sub": subject} if subject else {}),
            **({"sid": session} if session else {}),
        }
        header = {"alg": ALGORITHM, "typ": "logout+jwt", "kid": self._keys.current.kid}
        return jwt.encode(header, claims, self._keys.current, [ALGORITHM])

    def read(self, token: str) -> dict[str, Any] | None:
        """The claims of an access token that this issuer signed and that is not over; None for anything else."""
        rules = jwt.JWTClaimsRegistry(iss={"essential": True, "value": self.issuer}, exp={"essential": True})
        try:
            decoded = jwt.decode(token, self._keys.every, [ALGORITHM])
            rules.validate(decoded.claims)
        except (JoseError, ValueError, RecursionError):
            return None
        return decoded.claims if decoded.header.get("typ") == "at+jwt" else None
