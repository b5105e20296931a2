"""Trust for tests of tokens: the issuers that a verifier is told of when it is made."""

from collections.abc import Iterable

from api.auth.issuer import TrustedIssuer


class FixedIssuers:
    """The rows of trust are those given, for as long as it lives."""

    def __init__(self, issuers: Iterable[TrustedIssuer]) -> None:
        self._rows = {(row.issuer, row.audience): row for row in issuers}

    async def find(self, issuer: str, audience: str) -> TrustedIssuer | None:
        """The row of that issuer and audience."""
        return self._rows.get((issuer, audience))
