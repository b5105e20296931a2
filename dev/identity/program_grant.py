"""Partners' programs: client credentials proved by a signed assertion (RFC 7523, private_key_jwt)."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc.jwk import ECKey

from dev.identity.clients import Client
from dev.identity.server import Parts

METHOD = "private_key_jwt"


class ProgramGrant(ClientCredentialsGrant):  # type: ignore[misc]  # authlib has no types
    """A token for the client itself, with the scopes it asks for among its own, or with all of them."""

    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)

    def validate_token_request(self) -> None:
        """Refuses a scope that is not the client's."""
        super().validate_token_request()
        client: Client = self.request.client
        asked = (self.request.payload.scope or " ".join(client.scopes)).split()
        if not all(client.may_ask(scope) for scope in asked):
            raise InvalidScopeError
        self._scope = " ".join(asked)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        return 200, self.generate_token(scope=self._scope), self.TOKEN_RESPONSE_HEADER


class SignedAssertion(JWTBearerClientAssertion):  # type: ignore[misc]  # authlib has no types
    """An assertion counts once, for this provider, until it expires."""

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, parts: Parts, audiences: tuple[str, ...]) -> None:
        super().__init__()
        self._parts = parts
        self._audiences = audiences

    def get_audiences(self) -> list[str]:
        return [*self._audiences]

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            header, claims = super().extract_assertion(assertion)
        except (RecursionError, AttributeError, TypeError):  # JSON that is deep, or no object where one is expected
            raise InvalidClientError(description="Invalid JWT assertion.") from None
        return header, claims

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        name = (claims["sub"], jti)
        if name in self._parts.memory.assertions:
            return False
        self._parts.memory.assertions.add(name, claims["exp"] + self.leeway)
        return True

    def resolve_client_public_key(self, client: Client) -> ECKey:
        if client.key is None:
            raise InvalidClientError(description="The client has no key.")
        return client.key
