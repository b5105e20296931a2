"""Signing out: OpenID Connect RP-Initiated Logout 1.0; whom it leaves to be told stands in ``told_next``."""

from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc.jwk import KeySet

from dev.identity.clients import Client
from dev.identity.keys import ALGORITHM, SigningKeys
from dev.identity.memory import Visit


class Logout(EndSessionEndpoint):  # type: ignore[misc]  # authlib has no types
    """Ends the session that an ID token names; redirects to the client's own address only."""

    def __init__(self, keys: SigningKeys) -> None:
        super().__init__()
        self._keys = keys
        self.told_next: list[Visit] = []

    def get_server_jwks(self) -> KeySet:
        return self._keys.every

    def get_algorithms(self) -> list[str]:
        return [ALGORITHM]

    def end_session(self, end_session_request: Any) -> None:
        session = (end_session_request.id_token_claims or {}).get("sid")
        if session:
            self.told_next += self.server.parts.memory.end(session)

    def _is_valid_post_logout_redirect_uri(self, client: Client, post_logout_redirect_uri: str) -> bool:
        return client.check_redirect_uri(post_logout_redirect_uri) and not urlsplit(post_logout_redirect_uri).query
