"""Staying signed in: refresh tokens that count once (RFC 6749 section 6, RFC 9700 section 4.14)."""

from authlib.oauth2.rfc6749.grants import RefreshTokenGrant

from dev.identity.memory import Renewal
from dev.identity.server import Parts
from dev.identity.tokens import Login


class Renew(RefreshTokenGrant):  # type: ignore[misc]  # authlib has no types
    """New tokens for a session that has not ended; the refresh token is replaced each time."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Renewal | None:
        parts: Parts = self.server.parts
        found = parts.memory.renewals.get(refresh_token)
        return found if found and found.login.session not in parts.memory.ended else None

    def authenticate_user(self, refresh_token: Renewal) -> Login:
        return refresh_token.login

    def revoke_old_credential(self, refresh_token: Renewal) -> None:
        self.server.parts.memory.renewals.pop(refresh_token.token, None)
