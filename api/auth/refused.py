"""Why a token was not believed: one answer for the caller, the cause for our log."""

from enum import StrEnum
from typing import Final

TEXT: Final = "The bearer token is missing or not valid."


class Why(StrEnum):
    """The cause of a refusal, for logs and metrics; a caller never sees it."""

    MALFORMED = "malformed"
    EXTENSION = "extension"  # the header asks for processing that nobody here understands
    TYPE = "type"
    ISSUER = "issuer"
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET = "not yet"
    CLAIMS = "claims"
    UNREACHABLE = "unreachable"


class Unauthenticated(Exception):
    """The token proves nothing; its text is the same for every cause."""

    def __init__(self, why: Why) -> None:
        super().__init__(TEXT)
        self.why = why


class IssuerUnreachable(Unauthenticated):
    """The issuer's keys cannot be had, so its tokens prove nothing now; the same token may be good a little later."""

    def __init__(self) -> None:
        super().__init__(Why.UNREACHABLE)
