"""What is read of a token: its parts, its header and its claims, each of the exact shape or not at all."""

from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact
from msgspec import Meta

from api.auth.refused import Unauthenticated, Why

MAX_CHARACTERS: Final = 8_192  # what proxies accept as one header; real tokens are below 2,000
_LATEST: Final = 253_402_300_799  # the last second of the year 9999, where datetime ends

# OpenID Connect Core section 2: a subject is at most 255 ASCII characters; issuers and clients have no reason for more.
Name = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,255}\Z")]
# RFC 6749 section 3.3, scope-token; spaces separate them.
Scope = Annotated[str, Meta(pattern=r"\A[\x20-\x7e]*\Z")]
Words = Annotated[list[Name], Meta(max_length=64)]
Audiences = Annotated[list[Name], Meta(min_length=1, max_length=4)]
Second = Annotated[float, Meta(ge=0, le=_LATEST)]
# The audit trail prints it, so no control characters.
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\A[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*\Z")]


class Act(msgspec.Struct, frozen=True):
    """RFC 8693 section 4.1: the party that acts for the subject."""

    sub: Name


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9068 section 2.2, except that ``client_id`` and ``jti`` may be missing, as several providers leave them out.

    ``azp`` is where those say the client instead. A member of another name is ignored (RFC 7519 section 4).
    """

    iss: Name
    aud: Name | Audiences
    sub: Name
    exp: Second
    iat: Second
    nbf: Second | None = None
    client_id: Name | None = None
    azp: Name | None = None
    scope: Scope = ""
    roles: Words = []
    acr: Name | None = None
    auth_time: Second | None = None
    act: Act | None = None
    reason: Reason | None = None
    sid: Name | None = None

    @property
    def audiences(self) -> list[str]:
        return [self.aud] if isinstance(self.aud, str) else self.aud


class Header(msgspec.Struct, frozen=True):
    """RFC 7515 section 4.1; keys that a token brings along (jwk, jku, x5u, x5c) are not even read."""

    alg: Name
    kid: Name
    typ: Name
    crit: object = msgspec.UNSET
    b64: object = msgspec.UNSET

    @property
    def has_extension(self) -> bool:
        """Whether processing is asked for that RFC 7515 section 4.1.11 tells us to refuse: we understand none."""
        return self.crit is not msgspec.UNSET or self.b64 is not msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Reading:
    """A token taken apart; nothing in it is verified."""

    header: Header
    claims: Claims
    signed: CompactSignature


class _Sized(JWSRegistry):
    max_header_length = 2_048  # providers put certificate chains there
    max_payload_length = MAX_CHARACTERS


_LIMITS: Final = _Sized(strict_check_header=False)


H = TypeVar("H")
C = TypeVar("C")


def taken_apart(token: str, header: type[H], claims: type[C]) -> tuple[H, C, CompactSignature]:
    """The parts of any signed token, unverified; Unauthenticated where one is missing or of another shape or size."""
    if len(token) > MAX_CHARACTERS or not token.isascii():
        raise Unauthenticated(Why.MALFORMED)
    try:
        signed = extract_compact(token.encode(), registry=_LIMITS)
        return msgspec.convert(signed.headers(), header), msgspec.json.decode(signed.payload, type=claims), signed
    except Exception:  # whatever a foreign parser makes of hostile bytes, it is no token
        raise Unauthenticated(Why.MALFORMED) from None


def read(token: str) -> Reading:
    """The parts of an access token; Unauthenticated where one is missing, too large or of another shape."""
    return Reading(*taken_apart(token, Header, Claims))
