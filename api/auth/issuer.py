"""Whose tokens are believed, for which tenant and door."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from api.audience import Audience
from domain.ids import TenantId

ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"}
)
"""Algorithms whose verifying key can be public; a shared secret or no signature at all is never among them."""

LEEWAY: Final = timedelta(seconds=30)  # clocks kept by NTP differ by far less; more would only prolong tokens


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """One row of trust: tokens of ``issuer`` for ``audience`` open the door ``kind`` of ``tenant``.

    An empty set of algorithms or one with a name outside ASYMMETRIC is a ValueError.
    """

    issuer: str
    audience: str
    tenant: TenantId
    kind: Audience
    jwks_uri: str
    algorithms: frozenset[str]
    leeway: timedelta = LEEWAY

    def __post_init__(self) -> None:
        if not self.algorithms or not self.algorithms <= ASYMMETRIC:
            raise ValueError(f"{self.issuer} names algorithms that are not allowed: {sorted(self.algorithms)}")


class IssuerSource(Protocol):
    """Finds the row of trust of an issuer and an audience, both exactly as written; None where there is none.

    Both are unverified when they are asked for: at most 255 visible ASCII characters, chosen by the caller.
    """

    async def find(self, issuer: str, audience: str) -> TrustedIssuer | None: ...
